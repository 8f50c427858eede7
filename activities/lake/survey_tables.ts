import type { Lake } from '../../infra/lake/lake.js'
import { measureTables, type TableFiles } from '../../infra/lake/table_files.js'
import { meta } from '../../schemas/meta/index.js'
import { type MaintenancePolicy, type Stage, usualMaintenance } from '../../schemas/table.js'

/** What a table's policy asks for, given its files. */
export interface Work {
  readonly table: string
  readonly step: 'flush' | 'merge' | 'rewrite'
}

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
  const measured = await lake.session(measureTables)
  const policies = new Map([meta, ...stages].flatMap(({ tables }) => tables).map((table) => [table.name, table]))
  const work = measured.flatMap((each) => {
    const table = policies.get(each.table)
    return wanted(each, table?.maintenance ?? usualMaintenance, flushRows)
  })
  const files = measured.reduce((sum, each) => sum + each.files, 0)
  const bytes = measured.reduce((sum, each) => sum + each.bytes, 0)
  return {
    tables: measured.map(({ table, files, bytes }) => ({ table, files, bytes })),
    work,
    note: `${measured.length} tables, ${files} files, ${bytes} bytes`,
  }
}

const wanted = (files: TableFiles, policy: MaintenancePolicy, flushRows: number): Work[] => {
  const { table } = files
  return [
    ...(files.inlinedRows >= flushRows ? [{ table, step: 'flush' } as const] : []),
    ...(files.deletedShare >= policy.rewriteDeletedShare ? [{ table, step: 'rewrite' } as const] : []),
    ...(files.smallFiles >= policy.mergeFiles ? [{ table, step: 'merge' } as const] : []),
  ]
}
