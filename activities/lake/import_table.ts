import { InvalidInput } from '../../infra/errors.js'
import { quotedIdentifier } from '../../infra/lake/identifier.js'
import type { Lake } from '../../infra/lake/lake.js'
import type { Session } from '../../infra/lake/session.js'
import type { Stage, Table } from '../../schemas/table.js'
import { commit } from '../commit.js'
import { commitKey } from '../commit_key.js'
import type { Receipt } from '../receipt.js'
import { assertExact, type SourceCounts } from './import_inspection.js'
import { type Mapping, mapColumns } from './import_mapping.js'
import { type ImportSource, openSource, type SourceKind, type SourceRequest } from './import_source.js'

export interface ImportRequest extends SourceRequest {
  /** `<domain>_<layer>.<table>` */
  readonly table: string
  /** The table's columns by the source's, where the names differ. */
  readonly map?: Readonly<Record<string, string>>
  /** All rows of the table make way; by default only rows whose key is new are added. */
  readonly replace?: boolean
  /** The same source under another name is another import. */
  readonly run?: string
}

/** What an import would do. */
export interface ImportPlan extends SourceCounts {
  readonly table: string
  readonly kind: SourceKind
  readonly mapping: Mapping
}

export interface ImportResult extends ImportPlan {
  readonly receipt: Receipt
  /** Whether an earlier import had committed the same; nothing was written then. */
  readonly repeated: boolean
}

/** Says what `importTable` would do: the mapping and the counts. Writes nothing. Throws as it does. */
export const planImport = (lake: Lake, stages: readonly Stage[], request: ImportRequest): Promise<ImportPlan> =>
  opened(lake, stages, request, async (session, { table, source, mapping }) => ({
    table: table.name,
    kind: source.kind,
    mapping,
    ...(await assertExact(session, table, source.relation, mapping)),
  }))

/**
 * Brings a source's rows into a table of the definitions, as one commit under a key of its content: the same import again commits
 * nothing. Throws InvalidInput where a column cannot be mapped or a value would not be kept exactly, SourceChanged where a file
 * changes meanwhile, and what `commit` throws.
 */
export const importTable = (
  lake: Lake,
  stages: readonly Stage[],
  codeVersion: string,
  request: ImportRequest,
): Promise<ImportResult> =>
  opened(lake, stages, request, async (inspecting, { stage, table, source, mapping }) => {
    const { replace = false, run = 'once' } = request
    const counts = await assertExact(inspecting, table, source.relation, mapping)
    const told = mapping.columns.map(({ column, source: from }) => [column, from?.name ?? null])
    const key = commitKey({
      pipeline: 'import',
      logicalRun: run,
      step: table.name,
      decidedBy: [source.fingerprint, told, replace],
    })
    let repeated = true
    const receipt = await commit(lake, {
      stage,
      key,
      name: 'import',
      message: `import of ${counts.rows} rows from ${source.kind} into ${table.name}${replace ? ', in place of all rows' : ''}`,
      provenance: { pipeline: 'import', logicalRun: run, attempt: 1, codeVersion },
      prepare: async (session) => {
        repeated = false
        const staged = await stageSource(session, table, source.relation, mapping)
        await source.assertUnchanged()
        return { writes: [{ table, staged, replaces: { kind: replace ? 'everything' : 'nothing' } }], inputs: {} }
      },
    })
    return { table: table.name, kind: source.kind, mapping, ...counts, receipt, repeated }
  })

interface Opened {
  readonly stage: Stage
  readonly table: Table
  readonly source: ImportSource
  readonly mapping: Mapping
}

const opened = <T>(
  lake: Lake,
  stages: readonly Stage[],
  request: ImportRequest,
  work: (session: Session, opened: Opened) => Promise<T>,
): Promise<T> =>
  lake.session(async (session) => {
    const { stage, table } = importableTable(stages, request.table)
    const source = await openSource(session, table, request)
    try {
      return await work(session, { stage, table, source, mapping: mapColumns(table, source.columns, request.map) })
    } finally {
      await source.close()
    }
  })

const importableTable = (stages: readonly Stage[], name: string): { stage: Stage; table: Table } => {
  const all = stages.flatMap((stage) => stage.tables.map((table) => ({ stage, table })))
  const found = all.find(({ table }) => table.name === name)
  const names = all.flatMap(({ table }) => (table.derive === undefined ? [table.name] : [])).join(', ')
  if (found === undefined) throw new InvalidInput(`${name} is not a table of the definitions; import into ${names}`)
  if (found.table.derive === undefined) return found
  const sources = Object.values(found.table.derive.from).map((source) => source.name)
  throw new InvalidInput(
    `${name} is derived from ${sources.join(', ')}, and the next run would write over it; import into ${names}`,
  )
}

const stageSource = async (session: Session, table: Table, relation: string, mapping: Mapping): Promise<string> => {
  const staged = quotedIdentifier(`import ${table.name}`)
  const types = mapping.columns.map(({ column, type }) => `${quotedIdentifier(column)} ${type}`)
  const values = mapping.columns.map(({ column, cast }) => `${cast.value} AS ${quotedIdentifier(column)}`)
  await session.run(`CREATE OR REPLACE TEMP TABLE ${staged} (${types.join(', ')})`)
  await session.run(`INSERT INTO ${staged} BY NAME SELECT ${values.join(', ')} FROM ${relation}`)
  return staged
}
