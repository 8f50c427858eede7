import { sourceKind } from '../../activities/lake/import_source.js'
import type { ImportPlan, ImportRequest } from '../../activities/lake/import_table.js'
import { importTable, planImport } from '../../activities/lake/import_table.js'
import type { Config } from '../../infra/config.js'
import { reconcile } from '../../infra/lake/reconcile.js'
import { provisionExtensions } from '../../infra/provision/provision.js'
import type { Stage } from '../../schemas/table.js'
import { codeVersion } from '../code_version.js'
import { count } from '../format.js'
import { readLake, writeLake } from '../lake_command.js'
import type { Output } from '../output.js'

/** Brings the rows of a Parquet source, a DuckDB database or a Delta table into a table; with `dryRun` only says what it would do. */
export const runImport = async (
  config: Config,
  output: Output,
  log: (line: string) => void,
  stages: readonly Stage[],
  { dryRun, ...request }: ImportRequest & { readonly dryRun: boolean },
): Promise<void> => {
  const kind = await sourceKind(request.from)
  if (kind === 'delta')
    await provisionExtensions({ cacheDir: config.cacheDir, overrides: config.tools, log }, ['delta'])
  if (dryRun) return printPlan(output, await readLake(config, log, (lake) => planImport(lake, stages, request)))
  const version = await codeVersion()
  const result = await writeLake(config, log, async (lake) => {
    await reconcile(lake, stages)
    return importTable(lake, stages, version, request)
  })
  const { receipt, repeated, table, rows } = result
  const added = receipt.rows[table] ?? 0
  output.document({ table, rows, added, repeated, snapshotId: receipt.snapshotId, commitKey: receipt.key }, () => {
    if (repeated) {
      output.line(`${table}: this source was imported before, at snapshot ${receipt.snapshotId}; nothing was written`)
      output.line('to import it once more on purpose, give this import a name: --run <name>')
    } else {
      const left = rows - added === 0 ? '' : `; ${count(rows - added)} were there already, by their key`
      output.line(`${table}: ${count(added)} of ${count(rows)} rows added at snapshot ${receipt.snapshotId}${left}`)
    }
  })
}

const printPlan = (output: Output, { table, kind, mapping, rows, known }: ImportPlan): void => {
  const columns = mapping.columns.map(({ column, type, source }) => ({
    column,
    type,
    from: source?.name ?? 'NULL',
    from_type: source?.type ?? '',
  }))
  const unused = mapping.unused.map(({ name }) => name)
  output.document({ table, kind, columns, unused, rows, known }, () => {
    output.rows(columns)
    output.line()
    if (unused.length > 0) output.line(`not imported: ${unused.join(', ')}`)
    output.line(`${count(rows)} rows in the ${kind} source; ${count(known)} have a key that ${table} holds already`)
    output.line('nothing was written: this was a dry run')
  })
}
