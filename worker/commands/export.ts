import { type ExportRequest, exportTables } from '../../activities/lake/export_table.js'
import type { Config } from '../../infra/config.js'
import { InvalidInput } from '../../infra/errors.js'
import type { Stage } from '../../schemas/table.js'
import { count } from '../format.js'
import { readLake } from '../lake_command.js'
import type { Output } from '../output.js'

/** Writes one table, or with `all` every one, as they were at a snapshot, into files. */
export const runExport = async (
  config: Config,
  output: Output,
  log: (line: string) => void,
  stages: readonly Stage[],
  { all, ...request }: ExportRequest & { readonly all: boolean },
): Promise<void> => {
  if (all === (request.table !== undefined)) throw new InvalidInput('name one table, or give --all')
  const tables = stages.flatMap((stage) => stage.tables)
  const result = await readLake(config, log, (lake) => exportTables(lake, tables, request))
  output.document({ ...result }, () => {
    output.rows(result.tables.map((each) => ({ ...each, rows: count(each.rows), bytes: count(each.bytes) })))
    output.line(`as of snapshot ${result.snapshotId}`)
  })
}
