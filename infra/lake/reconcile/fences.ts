import type { Stage } from '../../../schemas/table.js'
import { inLake, quotedLiteral } from '../identifier.js'
import type { Session } from '../session.js'

/** Rows of the fence and meta tables stay in the catalog up to this many between flushes: a commit then adds no small file. */
const inlinedRowLimit = 10_000

const metaFence = inLake('meta._fence')

/** Another process reconciled first: the catalog is to be read again. */
export class Overtaken extends Error {}

/** Gives the meta schema its option, before its tables so that no row of theirs becomes a file, and its fence. Resolves to its version. */
export const openMeta = async (session: Session): Promise<bigint> => {
  const there = await session.all(
    `SELECT 1 FROM duckdb_tables() WHERE database_name = 'lake' AND schema_name = 'meta' AND table_name = '_fence'`,
  )
  if (there.length === 0) {
    await session.transaction(async () => {
      await session.run('CREATE SCHEMA IF NOT EXISTS lake.meta')
      await sign(session)
    })
    if (!(await inlinedScopes(session)).has('meta')) await session.run(inlineLimit(`schema => 'meta'`))
    // With its row in one transaction: of two processes that create the table, one fails.
    await session.transaction(async () => {
      await session.run(`CREATE TABLE ${metaFence} (version BIGINT)`)
      await session.run(`INSERT INTO ${metaFence} VALUES (0)`)
      await sign(session)
    })
  }
  return BigInt(String((await session.one(`SELECT version FROM ${metaFence}`))['version']))
}

/** In a transaction: the later of two overlapping ones fails. */
export const raiseMetaFence = async (session: Session, version: bigint): Promise<void> => {
  const changed = await session.run(`UPDATE ${metaFence} SET version = version + 1 WHERE version = $version`, {
    version,
  })
  if (changed !== 1) throw new Overtaken('another process brought the lake to its definitions first')
}

export const raiseFence = async (session: Session, stage: string): Promise<void> => {
  await session.run(`UPDATE ${inLake(`${stage}._fence`)} SET version = version + 1`)
}

/** Gives each stage's fence its option and its one row. */
export const fillFences = async (session: Session, stages: readonly Stage[]): Promise<void> => {
  const entries = await inlinedScopes(session)
  for (const { name } of stages) {
    if (entries.has(`${name}._fence`)) continue
    await session.run(inlineLimit(`schema => ${quotedLiteral(name)}, table_name => '_fence'`))
  }
  const empty: string[] = []
  for (const { name } of stages) {
    const { n } = await session.one(`SELECT count(*) AS n FROM ${inLake(`${name}._fence`)}`)
    if (Number(n) === 0) empty.push(name)
  }
  if (empty.length === 0) return
  const version = await openMeta(session)
  await session.transaction(async () => {
    await raiseMetaFence(session, version)
    for (const name of empty) {
      const fence = inLake(`${name}._fence`)
      await session.run(`INSERT INTO ${fence} SELECT 0 WHERE NOT EXISTS (FROM ${fence})`)
    }
    await sign(session)
  })
}

const sign = (session: Session): Promise<number> =>
  session.run(`CALL lake.set_commit_message('tributary/reconcile', 'set up the fences')`)

const inlinedScopes = async (session: Session): Promise<Set<string>> => {
  const held = await session.all(`SELECT scope_entry FROM lake.options() WHERE option_name = 'data_inlining_row_limit'`)
  return new Set(held.map(({ scope_entry }) => String(scope_entry)))
}

const inlineLimit = (scope: string): string =>
  `CALL lake.set_option('data_inlining_row_limit', ${inlinedRowLimit}, ${scope})`
