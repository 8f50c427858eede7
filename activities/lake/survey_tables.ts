import type { Lake } from '../../infra/lake/lake.js'
import type { Session } from '../../infra/lake/session.js'
import { measureTables, type TableFiles } from '../../infra/lake/table_files.js'
import { meta } from '../../schemas/meta/index.js'
import { type Stage, type Table, usualMaintenance } from '../../schemas/table.js'
import { partsToCluster } from './clustering.js'

/** What a table's policy asks for, given its files. */
export interface Work {
  readonly table: string
  readonly step: 'flush' | 'merge' | 'rewrite' | 'cluster'
  /** Of a table that is clustered. */
  readonly partition?: string
}

/** A run does so many partitions of a table; the next one goes on. What an activity returns has to stay small. */
const partsAtOnce = 50

interface Survey {
  readonly tables: readonly Pick<TableFiles, 'table' | 'files' | 'bytes'>[]
  readonly work: readonly Work[]
  readonly note: string
}

/** The files of every table as they are now, fences and the lake's own among them, and what is to be done with them. */
export const surveyTables = async (
  lake: Lake,
  stages: readonly Stage[],
  { flushRows }: { readonly flushRows: number },
): Promise<Survey> => {
  const tables = new Map([meta, ...stages].flatMap(({ tables }) => tables).map((table) => [table.name, table]))
  const { measured, work } = await lake.session(async (session) => {
    const measured = await measureTables(session)
    const work: Work[] = []
    for (const each of measured) work.push(...(await wanted(session, each, tables.get(each.table), flushRows)))
    return { measured, work }
  })
  const files = measured.reduce((sum, each) => sum + each.files, 0)
  const bytes = measured.reduce((sum, each) => sum + each.bytes, 0)
  return {
    tables: measured.map(({ table, files, bytes }) => ({ table, files, bytes })),
    work,
    note: `${measured.length} tables, ${files} files, ${bytes} bytes`,
  }
}

const wanted = async (
  session: Session,
  files: TableFiles,
  definition: Table | undefined,
  flushRows: number,
): Promise<Work[]> => {
  const { table } = files
  const policy = definition?.maintenance ?? usualMaintenance
  const flush: Work[] = files.inlinedRows >= flushRows ? [{ table, step: 'flush' }] : []
  // Merging and rewriting would put a clustered table's rows out of their order again.
  if (definition !== undefined && definition.clusteredBy.length > 0 && files.bytes >= policy.clusterMinBytes) {
    const parts = await partsToCluster(session, definition)
    const cluster = parts.slice(0, partsAtOnce).map(({ partition }) => ({ table, step: 'cluster', partition }) as const)
    return [...flush, ...cluster]
  }
  return [
    ...flush,
    ...(files.deletedShare >= policy.rewriteDeletedShare ? [{ table, step: 'rewrite' } as const] : []),
    ...(files.smallFiles >= policy.mergeFiles ? [{ table, step: 'merge' } as const] : []),
  ]
}
