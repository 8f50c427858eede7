import type { Child } from 'hono/jsx'
import type { JsonRow } from '../../../infra/lake/session.js'

export interface Column<Row> {
  readonly name: string
  /** Numbers stand right and are never broken. */
  readonly kind?: 'number' | 'time' | 'text'
  /** Left out where the screen is narrow. */
  readonly minor?: boolean
  /** The cell that names the row. */
  readonly heading?: boolean
  readonly cell: (row: Row) => Child
}

interface DataTableProps<Row> {
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  /** What is said where there are no rows. */
  readonly empty: string
  readonly live?: string
}

const classes = ({ kind, minor }: Pick<Column<never>, 'kind' | 'minor'>): string | undefined =>
  [kind === 'number' ? 'n' : kind === 'time' ? 't' : undefined, minor === true ? 'minor' : undefined]
    .filter((each) => each !== undefined)
    .join(' ') || undefined

/** A table that a keyboard can scroll and a screen reader can name. */
export const DataTable = <Row = JsonRow>({ caption, columns, rows, empty, live }: DataTableProps<Row>) =>
  rows.length === 0 && live === undefined ? (
    <p class="empty">{empty}</p>
  ) : (
    <section class="scroll" tabindex={0} aria-label={caption}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" class={classes(column)}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody data-live={live}>
          {rows.map((row) => (
            <TableRow columns={columns} row={row} />
          ))}
        </tbody>
      </table>
    </section>
  )

export const TableRow = <Row,>({ columns, row }: { columns: readonly Column<Row>[]; row: Row }) => (
  <tr>
    {columns.map((column) =>
      column.heading === true ? (
        <th scope="row" class={classes(column)}>
          {column.cell(row)}
        </th>
      ) : (
        <td class={classes(column)}>{column.cell(row)}</td>
      ),
    )}
  </tr>
)
