import { type ReplayReport, type ReplayRequest, replayRun } from '../../activities/lake/replay_run.js'
import type { Config } from '../../infra/config.js'
import { count } from '../format.js'
import { doLakeWork } from '../lake_work.js'
import type { Output } from '../output.js'
import { differenceText } from './diff.js'

/** Derives a recorded run again and prints how it compares. The exit code is 1 where the same code made other rows. */
export const runReplay = async (
  config: Config,
  output: Output,
  log: (line: string) => void,
  flags: Omit<ReplayRequest, 'asOf'>,
): Promise<void> => {
  const asOf = new Date().toISOString()
  const request = { ...flags, asOf }
  const report = await doLakeWork<ReplayReport>(config, log, {
    workflowType: 'lakeReplay',
    workflowId: `lake/replay/${asOf}`,
    input: request,
    summary: `replay of ${request.run}`,
    direct: (dependencies) =>
      replayRun(dependencies, request, {
        pipeline: 'lake',
        logicalRun: asOf,
        attempt: 1,
        codeVersion: dependencies.codeVersion,
      }),
  })
  output.document(report, () => print(output, report))
  const sameSql = report.derived.every(({ derivation }) => derivation === 'as recorded')
  if (!report.equal && sameSql) process.exitCode = 1
}

const print = (output: Output, report: ReplayReport): void => {
  output.line(`${report.pipeline}/${report.logicalRun}: ${report.note}`)
  for (const { step, derivation, recordedCode, inputs } of report.derived) {
    const from = Object.entries(inputs).map(([stage, id]) => `${stage} at ${id}`)
    output.line(`  ${step} from ${from.join(', ')}; its SQL is ${derivation}; made by ${recordedCode}`)
  }
  const taken = report.taken.map(({ step, snapshotId }) => `${step} (${snapshotId})`)
  output.line(`  taken as recorded: ${taken.join(', ')}; derived by ${report.codeVersion}`)
  output.line()
  const tables = report.derived.flatMap((step) => step.tables)
  output.rows(
    tables.map((table) => ({
      table: table.table,
      rows: count(table.rows),
      added: count(table.added),
      removed: count(table.removed),
      changed: count(table.changed),
      hash: table.contentHash,
      replayed: table.contentHash === table.replayedHash ? 'equal' : table.replayedHash,
    })),
  )
  for (const { table, differences, columns } of tables.filter(({ differences }) => differences.length > 0)) {
    output.line(
      `\n${table}: ${Object.entries(columns)
        .map(([column, rows]) => `${column} in ${count(rows)}`)
        .join(', ')}`,
    )
    output.rows(differences.map((row) => ({ change: row.change, ...row.key, what: differenceText(row) })))
  }
  if (report.promoted !== undefined)
    output.line(`\npromoted: snapshot ${report.promoted.snapshotId} holds the replayed rows`)
  if (report.schema !== undefined)
    output.line(`\nkept: npx tributary query "SELECT * FROM ${report.schema}.${tables[0]?.table.split('.')[1]}"`)
}
