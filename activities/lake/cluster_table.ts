import { CommitConflict } from '../../infra/errors.js'
import { fenceVersion } from '../../infra/lake/fence_version.js'
import { atSnapshot, inLake, quotedIdentifier, quotedLiteral } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import { contentOf } from '../../infra/lake/table_version.js'
import { currentSnapshotId } from '../../infra/lake/version.js'
import type { Table } from '../../schemas/table.js'
import { commit, type Preparation } from '../commit.js'
import { commitKey } from '../commit_key.js'
import { currentProvenance } from '../provenance.js'
import type { Receipt } from '../receipt.js'
import { clusterParts, clusterStep } from './clustering.js'
import type { LakeDependencies } from './dependencies.js'
import { alongZOrder } from './z_order.js'

export interface ClusterRequest {
  readonly asOf: string
  /** `<domain>_<layer>.<table>` */
  readonly table: string
  /** Of `ClusterPart`. */
  readonly partition: string
}

interface Clustered {
  readonly receipt: Receipt
  readonly note: string
}

/** A query on one key then skips most files, and one that reads a file reads a piece of it. */
export const fileSizes = { target_file_size: '8MB', parquet_row_group_size: '20480' } as const

/**
 * Writes one partition of a table anew along its curve, as one commit through the stage's fence: same rows, other files. Throws
 * CommitConflict where the stage was committed to meanwhile.
 */
export const clusterTable = async (
  { lake, codeVersion, stages }: LakeDependencies,
  { asOf, table: name, partition }: ClusterRequest,
): Promise<Clustered> => {
  const stage = stages.find(({ tables }) => tables.some((table) => table.name === name))
  const table = stage?.tables.find((each) => each.name === name)
  if (stage === undefined || table === undefined || table.clusteredBy.length === 0)
    throw new Error(`${name} is not a table that is clusteredBy anything`)
  await lake.session((session) => setFileSizes(session, table))
  const part = partition === '' ? '' : ` in ${partition}`
  const receipt = await commit(lake, {
    stage,
    key: commitKey({
      pipeline: 'lake',
      logicalRun: asOf,
      step: clusterStep,
      decidedBy: [name, partition, table.clusteredBy, codeVersion],
    }),
    name: clusterStep,
    message: `cluster ${name}${part} by ${table.clusteredBy.join(', ')}`,
    provenance: currentProvenance('lake', asOf, codeVersion),
    prepare: (session) => prepare(session, table, partition),
  })
  return { receipt, note: `${name}${part}` }
}

const prepare = async (session: Session, table: Table, partition: string): Promise<Preparation> => {
  const snapshotId = await currentSnapshotId(session)
  const fence = await fenceVersion(session, table.schema, snapshotId)
  const all = await clusterParts(session, table)
  const names = all.find((each) => each.partition === partition)?.fileNames ?? []
  const columns = Object.keys(table.columns).map(quotedIdentifier).join(', ')
  const chosen = `parse_filename(filename) IN (${names.map(quotedLiteral).join(', ')})`
  const ordered = quotedIdentifier(`clustered ${table.name}`)
  const source = atSnapshot(table.name, snapshotId)
  await session.run(`
    CREATE OR REPLACE TEMP TABLE ${ordered} AS
    SELECT ${columns} FROM (${alongZOrder(`(SELECT ${columns} FROM ${source} WHERE ${chosen})`, table.clusteredBy)}) ORDER BY curve`)
  const before = await contentOf(session, table, `FROM ${source}`)
  return {
    writes: [],
    inputs: {},
    basis: new Map([[table.schema, fence]]),
    finish: async (write) => {
      const deleted = await write.run(`DELETE FROM ${inLake(table.name)} WHERE ${chosen}`)
      const inserted = await write.run(
        `INSERT INTO ${inLake(table.name)} (${columns}) SELECT ${columns} FROM ${ordered}`,
      )
      const after = await contentOf(write, table, `FROM ${inLake(table.name)}`)
      if (deleted !== inserted || before.rows !== after.rows || before.hash !== after.hash)
        throw new CommitConflict(
          `clustering ${table.name} would have changed its rows (${deleted} out, ${inserted} in)`,
        )
    },
  }
}

/** Options are not part of a transaction; each is set once. */
const setFileSizes = async (session: Session, table: Table): Promise<void> => {
  const [schema = '', name = ''] = table.name.split('.')
  const held = await session.all(
    `SELECT 1 FROM lake.options() WHERE option_name = 'parquet_row_group_size' AND scope_entry = $table`,
    { table: table.name },
  )
  if (held.length > 0) return
  const scope = `schema => ${quotedLiteral(schema)}, table_name => ${quotedLiteral(name)}`
  for (const [option, value] of Object.entries(fileSizes))
    await session.run(`CALL lake.set_option('${option}', '${value}', ${scope})`)
}
