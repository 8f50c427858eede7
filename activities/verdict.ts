import { randomUUID } from 'node:crypto'
import { quotedIdentifier } from '../infra/lake/identifier.js'
import type { Session } from '../infra/lake/session.js'
import { quality } from '../schemas/meta/quality.js'
import type { Table } from '../schemas/table.js'
import { insertJson } from './write.js'

interface Verdict {
  readonly checkName: string
  readonly checkType: string
  readonly severity: 'blocking' | 'warning'
  readonly offendingCount: number
  /** JSON of the first offending rows; empty where none offended or the check cannot point at rows. */
  readonly details: string | undefined
}

export interface Inspection {
  readonly table: Table
  readonly rowCount: number
  readonly contentHash: string
  readonly verdicts: readonly Verdict[]
}

/** Enough to see what is wrong; a row is not copied whole into a failure message. */
const evidenceRows = 3
const evidenceLimitCharacters = 2_000
/** A message is read on a terminal; meta.quality has the evidence whole. */
const messageEvidenceCharacters = 300

/** Counts, hashes and checks the staged rows of one table in a single pass; only failed checks cost a second look. */
export const inspect = async (session: Session, table: Table, staged: string): Promise<Inspection> => {
  const checks = Object.entries(table.checks)
  const columns = Object.keys(table.columns).map(quotedIdentifier).join(', ')
  const counts = checks.map(([, { offending }], index) => `${offending} AS check_${index}`)
  const row = await session.one(`
    SELECT count(*) AS row_count, coalesce(sum(hash(${columns})::HUGEINT), 0)::VARCHAR AS content_hash, ${counts.join(', ')}
    FROM ${staged}`)
  const verdicts: Verdict[] = []
  for (const [index, [checkName, check]] of checks.entries()) {
    const offendingCount = Number(row[`check_${index}`])
    const evidence =
      offendingCount > 0 && check.evidence !== undefined ? await offenders(session, staged, check.evidence) : undefined
    verdicts.push({ checkName, checkType: check.type, severity: check.severity, offendingCount, details: evidence })
  }
  return { table, rowCount: Number(row['row_count']), contentHash: String(row['content_hash']), verdicts }
}

const offenders = async (session: Session, staged: string, predicate: string): Promise<string> => {
  const rows = await session.all(`FROM ${staged} WHERE ${predicate} LIMIT ${evidenceRows}`)
  return JSON.stringify(rows).slice(0, evidenceLimitCharacters)
}

/** The blocking checks that rows broke, each as a sentence with its first offending rows. */
export const refusals = (inspections: readonly Inspection[]): string[] =>
  inspections.flatMap(({ table, rowCount, verdicts }) =>
    verdicts
      .filter(({ severity, offendingCount }) => severity === 'blocking' && offendingCount > 0)
      .map(
        ({ checkName, offendingCount, details = '' }) =>
          `${table.name}: "${checkName}" does not hold for ${offendingCount} of ${rowCount} rows; meta.quality shows them: ${details.slice(0, messageEvidenceCharacters)}`,
      ),
  )

/** Writes the verdicts of a commit, one row per check, in one statement of the caller's transaction. */
export const recordVerdicts = async (
  session: Session,
  key: string,
  inspections: readonly Inspection[],
): Promise<void> => {
  const now = new Date().toISOString()
  const rows = inspections.flatMap(({ table, rowCount, verdicts }) =>
    verdicts.map((verdict) => ({
      id: randomUUID(),
      commit_key: key,
      dataset: table.name,
      check_name: verdict.checkName,
      check_type: verdict.checkType,
      severity: verdict.severity,
      passed: verdict.offendingCount === 0,
      offending_count: verdict.offendingCount,
      row_count: rowCount,
      details: verdict.details ?? null,
      created_at: now,
    })),
  )
  await insertJson(session, quality, rows)
}
