import type { Json } from '@duckdb/node-api'

export type Cells = Readonly<Record<string, Json | undefined>>

/** What every command prints with: rows for people as aligned columns, for programs (`--json`) as one JSON document. */
export interface Output {
  readonly json: boolean
  line(text?: string): void
  /** Prints rows, under the names of the first one's fields. */
  rows(rows: readonly Cells[], empty?: string): void
  /** Prints the document in JSON mode, or runs `text` for people. */
  document(value: unknown, text: () => void): void
}

export const createOutput = (stream: NodeJS.WritableStream, json: boolean): Output => {
  const line = (text = '') => {
    stream.write(`${text}\n`)
  }
  const document = (value: unknown, text: () => void) => {
    if (json) line(JSON.stringify(value, null, 2))
    else text()
  }
  return {
    json,
    line,
    document,
    rows: (rows, empty = 'nothing there') =>
      document(rows, () => {
        for (const text of rows.length === 0 ? [empty] : alignedColumns(rows)) line(text)
      }),
  }
}

/** A header, a rule and a line per row; numbers stand right, all else left. */
export const alignedColumns = (rows: readonly Cells[]): string[] => {
  const names = Object.keys(rows[0] ?? {})
  const columns = names.map((name) => {
    const cells = rows.map((row) => cellText(row[name]))
    const isNumber = cells.every((cell) => cell === '' || /^[-+]?[\d,]+(\.\d+)?( ?%)?$/.test(cell))
    const width = Math.max(name.length, ...cells.map((cell) => cell.length))
    const pad = (text: string) => (isNumber ? text.padStart(width) : text.padEnd(width))
    return { header: pad(name), rule: '─'.repeat(width), cells: cells.map(pad) }
  })
  const joined = (parts: readonly string[]) => parts.join('  ').trimEnd()
  return [
    joined(columns.map(({ header }) => header)),
    joined(columns.map(({ rule }) => rule)),
    ...rows.map((_, index) => joined(columns.map(({ cells }) => cells[index] ?? ''))),
  ]
}

const cellText = (value: Json | undefined): string => {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
