import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInput } from '../../infra/errors.js'
import { quotedIdentifier, quotedLiteral } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import type { Table } from '../../schemas/table.js'
import { contentOf, type FileContent } from './file_content.js'

/** A table of a DuckDB database that is attached to the instance, read-only. */
interface DatabaseSource {
  readonly relation: string
  readonly content: FileContent
  readonly close: () => Promise<void>
}

/** Attaches the database and finds the table in it. Throws InvalidInput that lists the tables where it is not clear which. */
export const openDatabaseTable = async (
  session: Session,
  from: string,
  table: Table,
  wanted: string | undefined,
): Promise<DatabaseSource> => {
  const wal = `${from}.wal`
  const files = (await stat(wal).catch(() => undefined)) === undefined ? [from] : [from, wal]
  const content = await contentOf(files, (file) => path.basename(file).replace(path.basename(from), ''))
  const alias = quotedIdentifier(`import ${content.fingerprint}`)
  await session.run(`ATTACH IF NOT EXISTS ${quotedLiteral(from)} AS ${alias} (READ_ONLY)`).catch((cause: Error) => {
    throw new InvalidInput(`--from ${from}: cannot be opened; end what has it open: ${cause.message.split('\n')[0]}`, {
      cause,
    })
  })
  const close = async () => {
    await session.run(`DETACH DATABASE IF EXISTS ${alias}`)
  }
  try {
    const found = await session.all(
      `SELECT table_schema AS schema, table_name AS name FROM information_schema.tables WHERE table_catalog = $catalog`,
      { catalog: `import ${content.fingerprint}` },
    )
    const tables = found.map(({ schema, name }) => ({ schema: String(schema), name: String(name) }))
    const { schema, name } = pickTable(tables, table, wanted)
    const relation = [alias, quotedIdentifier(schema), quotedIdentifier(name)].join('.')
    const fingerprint = createHash('sha256').update(`${content.fingerprint} ${schema}.${name}`).digest('hex')
    return { relation, content: { ...content, fingerprint }, close }
  } catch (error) {
    await close()
    throw error
  }
}

interface DatabaseTable {
  readonly schema: string
  readonly name: string
}

/** The one that was named; else the one of the table's own name; else the only one. */
const pickTable = (tables: readonly DatabaseTable[], table: Table, wanted: string | undefined): DatabaseTable => {
  const full = (each: DatabaseTable) => `${each.schema}.${each.name}`
  const by = (text: string) =>
    tables.find((each) => full(each) === text) ?? tables.find(({ schema, name }) => schema === 'main' && name === text)
  const picked =
    wanted === undefined
      ? (by(table.name) ?? by(table.name.split('.')[1] ?? '') ?? (tables.length === 1 ? tables[0] : undefined))
      : by(wanted)
  if (picked !== undefined) return picked
  const names = tables.map(full).join(', ') || 'no table'
  throw new InvalidInput(
    wanted === undefined
      ? `--source-table is needed: the database holds ${names}`
      : `--source-table ${wanted}: the database holds ${names}`,
  )
}
