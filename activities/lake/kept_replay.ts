import { createHash } from 'node:crypto'
import { inLake, quotedIdentifier } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import type { Replay } from './replay.js'
import type { Run } from './run_commits.js'

/**
 * Stores the replayed tables in a schema of the lake where they are wanted; resolves to its name. One schema a run, so that a later replay of it replaces what an earlier one kept, and one that keeps nothing removes it.
 */
export const keep = async (
  session: Session,
  run: Run,
  { replayed }: Replay,
  wanted: boolean,
): Promise<string | undefined> => {
  const id = createHash('sha256').update(`${run.pipeline}/${run.logicalRun}`).digest('hex').slice(0, 8)
  const schema = `${run.pipeline}_replay_${id}`
  const [kept] = await session.all(
    `SELECT schema_name FROM duckdb_schemas() WHERE database_name = 'lake' AND schema_name = $schema`,
    { schema },
  )
  if (kept === undefined && !wanted) return undefined
  const names = replayed.map(({ table }) => nameOf(table.name))
  await session.transaction(async () => {
    await session.run(`DROP SCHEMA IF EXISTS lake.${quotedIdentifier(schema)} CASCADE`)
    if (wanted) {
      await session.run(`CREATE SCHEMA lake.${quotedIdentifier(schema)}`)
      for (const { table, select } of replayed) {
        const bare = nameOf(table.name)
        // Two layers may have a table of the same name.
        const name = names.indexOf(bare) === names.lastIndexOf(bare) ? bare : table.name.replace('.', '_')
        await session.run(`CREATE TABLE ${inLake(`${schema}.${name}`)} AS ${select}`)
      }
    }
    await session.run(`CALL lake.set_commit_message('tributary/lake', $message)`, {
      message: `${wanted ? 'keep' : 'drop'} the replay of ${run.pipeline}/${run.logicalRun}`,
    })
  })
  return wanted ? schema : undefined
}

const nameOf = (table: string): string => table.slice(table.indexOf('.') + 1)
