import type { Config } from '../../infra/config.js'
import { connectClient } from '../../infra/temporal/connection.js'
import type { MaintenanceResult } from '../../workflows/lake/maintenance.js'
import { followRun } from '../follow_run.js'
import { count } from '../format.js'
import type { Output } from '../output.js'
import { startRun, temporalOf } from './run.js'

/** Runs maintenance on the running stack and follows it; prints what was done (or would be), and each table's files before and after. */
export const runMaintenance = async (
  config: Config,
  output: Output,
  log: (line: string) => void,
  { dryRun, input }: { readonly dryRun: boolean; readonly input: string },
): Promise<void> => {
  const client = await connectClient(await temporalOf(config))
  try {
    const workflowId = await startRun(client, 'lake', withDryRun(input, dryRun))
    const result = await followRun<MaintenanceResult>(client, workflowId, log)
    output.document({ workflow_id: workflowId, ...result }, () => {
      output.line(dryRun ? 'would be done:' : 'done:')
      for (const line of result.work) output.line(`  ${line}`)
      output.line()
      const shown = result.tables.filter(({ before, after }) => before.files > 0 || after.files > 0)
      output.rows(
        shown.map(({ table, before, after }) => ({
          table,
          files: count(before.files),
          'files after': count(after.files),
          bytes: count(before.bytes),
          'bytes after': count(after.bytes),
        })),
        'no table has files yet',
      )
    })
  } finally {
    await client.connection.close()
  }
}

/** What is not JSON is refused where the input is read. */
const withDryRun = (input: string, dryRun: boolean): string => {
  if (!dryRun) return input
  try {
    return JSON.stringify({ ...JSON.parse(input), dryRun })
  } catch {
    return input
  }
}
