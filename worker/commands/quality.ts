import { InvalidInput } from '../../infra/errors.js'
import type { JsonRow, Session } from '../../infra/lake/session.js'
import { count, time } from '../format.js'
import type { Cells, Output } from '../output.js'
import { lakeView } from '../readings/lake_view.js'
import { type QualityRequest, readLatestQuality, readQualityHistory, readRefused } from '../readings/quality.js'

/** What a person needs of the offending rows; `--json` has all that was kept. */
const shownEvidenceCharacters = 200

/** Prints the newest verdict of each check of each table, what did not hold first; or the verdicts of one check through time. */
export const printQuality = async (session: Session, output: Output, request: QualityRequest): Promise<void> => {
  const { table, check, limit } = request
  if (check !== undefined) return printHistory(session, output, request)
  const view = await lakeView(session, undefined)
  const latest = await readLatestQuality(view, { table })
  const refused = await readRefused(view, { table, limit })
  if (latest.length === 0)
    throw new InvalidInput(
      `no commit has checked ${table === undefined ? 'anything' : `"${table}"`} yet; npx tributary tables lists the tables`,
    )
  output.document({ latest, refused }, () => {
    const failing = latest.filter(({ passed }) => passed !== true)
    output.line(`${count(latest.length)} checks, ${count(failing.length)} did not hold at the newest commit`)
    output.rows(latest.map(latestCells))
    evidence(output, failing)
    output.line('\nRefused: what a blocking check kept out of the lake')
    output.rows(refused.map(historyCells), 'none')
    const anomalies = new Map(latest.map((row) => [String(row['dataset']), row['null_anomalies']]))
    const suspicious = [...anomalies].filter(([, names]) => names !== null)
    if (suspicious.length === 0) return
    output.line('\nFar more NULLs than before, in')
    for (const [dataset, names] of suspicious) output.line(`  ${dataset}: ${String(names)}`)
  })
}

const printHistory = async (
  session: Session,
  output: Output,
  { table, check, limit }: QualityRequest,
): Promise<void> => {
  const history = await readQualityHistory(await lakeView(session, undefined), { table, check, limit })
  if (history.length === 0)
    throw new InvalidInput(
      `--check "${check}" was never made${table === undefined ? '' : ` of ${table}`}; npx tributary quality lists the checks`,
    )
  output.document({ history }, () => {
    output.rows(history.map(historyCells))
    evidence(
      output,
      history.filter(({ passed }) => passed !== true),
    )
  })
}

const verdictOf = ({ passed, severity, refused }: JsonRow): string => {
  if (passed === true) return 'holds'
  if (refused === true) return 'REFUSED'
  return severity === 'blocking' ? 'FAILED' : 'warning'
}

const offending = (row: JsonRow): string => `${count(row['offending_count'])} of ${count(row['row_count'])}`

const latestCells = (row: JsonRow): Cells => ({
  verdict: verdictOf(row),
  table: row['dataset'],
  check: row['check_name'],
  type: row['check_type'],
  severity: row['severity'],
  offending: offending(row),
  'failed, ever': `${count(row['failed_commits'])} of ${count(row['commits'])}`,
  at: time(row['created_at']),
})

const historyCells = (row: JsonRow): Cells => ({
  at: time(row['created_at']),
  verdict: verdictOf(row),
  table: row['dataset'],
  check: row['check_name'],
  offending: offending(row),
  commit: row['commit_key'],
})

const evidence = (output: Output, rows: readonly JsonRow[]): void => {
  for (const { dataset, check_name, details = null } of rows) {
    if (details !== null)
      output.line(`\n${dataset}: "${check_name}", such as ${String(details).slice(0, shownEvidenceCharacters)}`)
  }
}
