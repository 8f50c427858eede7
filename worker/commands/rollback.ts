import { type RollbackReport, rollBack } from '../../activities/lake/rollback.js'
import type { Config } from '../../infra/config.js'
import { count } from '../format.js'
import { doLakeWork } from '../lake_work.js'
import type { Output } from '../output.js'

interface RollbackFlags {
  readonly to: string
  readonly domain?: string
  readonly dryRun: boolean
  readonly reason: string
}

/** Restores a domain's tables to a snapshot as one new snapshot, and prints what changed by it, or, dry, what would. */
export const runRollback = async (
  config: Config,
  output: Output,
  log: (line: string) => void,
  request: RollbackFlags,
): Promise<void> => {
  const asOf = new Date().toISOString()
  const report = await doLakeWork<RollbackReport>(config, log, {
    workflowType: 'lakeRollback',
    workflowId: `lake/rollback/${asOf}`,
    input: { ...request, asOf },
    summary: `rollback to ${request.to}`,
    direct: (dependencies) =>
      rollBack(
        dependencies,
        { ...request, asOf },
        { pipeline: 'lake', logicalRun: asOf, attempt: 1, codeVersion: dependencies.codeVersion },
      ),
  })
  output.document(report, () => print(output, report))
}

const print = (output: Output, { domain, from, to, tables, undone, redone, receipt, note }: RollbackReport): void => {
  output.rows(
    tables.map(({ table, added, removed, changed }) => ({
      table,
      'rows back': count(added),
      'rows gone': count(removed),
      'rows changed': count(changed),
    })),
  )
  for (const [what, commits] of Object.entries({ undone, 'in force again': redone })) {
    if (commits.length === 0) continue
    output.line(`\n${what}:`)
    output.rows(commits.map(({ snapshotId, step, logicalRun }) => ({ snapshot: snapshotId, step, run: logicalRun })))
  }
  output.line(`\n${note}`)
  if (receipt !== undefined) output.line(`to take it back: npx tributary rollback --to ${from} --domain ${domain}`)
  else if (tables.length > 0) output.line(`without --dry-run the tables of ${domain} become what they were at ${to}`)
}
