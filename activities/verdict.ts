import { randomUUID } from 'node:crypto'
import { contentHash } from '../infra/lake/content_hash.js'
import { quotedIdentifier } from '../infra/lake/identifier.js'
import { insertJson } from '../infra/lake/insert_json.js'
import type { Session } from '../infra/lake/session.js'
import type { Check } from '../schemas/check.js'
import type { CheckRecord, DatasetRecord } from '../schemas/meta/dataset_record.js'
import { refusals } from '../schemas/meta/refusals.js'
import type { Write } from './write.js'

/** Enough to see what is wrong; a row is not copied whole into a failure message. */
const evidenceRows = 3
const evidenceLimitCharacters = 2_000
/** A message is read on a terminal; meta.quality has the evidence whole. */
const messageEvidenceCharacters = 300

/**
 * Counts, hashes and checks the staged rows of one table in a single statement; only failed checks cost a second look. The record says
 * that no row is written yet.
 */
export const inspect = async (
  session: Session,
  { table, staged, source, restored = false }: Write,
): Promise<DatasetRecord> => {
  const checks = restored ? [] : Object.entries(table.checks)
  const nullable = Object.entries(table.columns).flatMap(([name, column]) => (column.nullable ? [name] : []))
  const columns = Object.keys(table.columns).map(quotedIdentifier).join(', ')
  const values = [
    'count(*) AS row_count',
    `${contentHash(columns)} AS checksum`,
    ...checks.map(([, check], index) => `${offendingIn(staged, check)} AS check_${index}`),
    ...nullable.map((name, index) => `count(*) - count(${quotedIdentifier(name)}) AS null_${index}`),
  ]
  const row = await session.one(`SELECT ${values.join(', ')} FROM ${staged}`)
  const verdicts: CheckRecord[] = []
  for (const [index, [name, check]] of checks.entries()) {
    const suspected = Number(row[`check_${index}`])
    verdicts.push({
      check_name: name,
      check_type: check.type,
      severity: check.severity,
      ...(suspected === 0 ? { offending_count: 0, details: null } : await lookAgain(session, staged, check, suspected)),
    })
  }
  return {
    dataset: table.name,
    partition: source?.partition ?? null,
    source_start: source?.start ?? null,
    source_end: source?.end ?? null,
    row_count: 0,
    checked_row_count: Number(row['row_count']),
    checksum: String(row['checksum']),
    nulls: nullable.flatMap((name, index) => {
      const count = Number(row[`null_${index}`])
      return count === 0 ? [] : [{ column_name: name, null_count: count }]
    }),
    checks: verdicts,
  }
}

/** Telling keys apart takes as long as all else together: as a subquery, another thread does it meanwhile. */
const offendingIn = (staged: string, { offending, exact }: Check): string =>
  exact === undefined ? offending : `(SELECT ${offending} FROM ${staged})`

/** The exact count where the first was by hashes, and the first offending rows where the check can point at them. */
const lookAgain = async (
  session: Session,
  staged: string,
  check: Check,
  suspected: number,
): Promise<Pick<CheckRecord, 'offending_count' | 'details'>> => {
  const offending =
    check.exact === undefined
      ? suspected
      : Number((await session.one(`SELECT ${check.exact} AS n FROM ${staged}`))['n'])
  if (offending === 0 || check.evidence === undefined) return { offending_count: offending, details: null }
  const rows = await session.all(`FROM ${staged} WHERE ${check.evidence} LIMIT ${evidenceRows}`)
  return { offending_count: offending, details: JSON.stringify(rows).slice(0, evidenceLimitCharacters) }
}

/** The blocking checks that rows broke, each as a sentence with its first offending rows. */
export const refusalsOf = (records: readonly DatasetRecord[]): string[] =>
  records.flatMap(({ dataset, checked_row_count, checks }) =>
    checks
      .filter(({ severity, offending_count }) => severity === 'blocking' && offending_count > 0)
      .map(
        ({ check_name, offending_count, details }) =>
          `${dataset}: "${check_name}" does not hold for ${offending_count} of ${checked_row_count} rows; meta.quality shows them: ${(details ?? '').slice(0, messageEvidenceCharacters)}`,
      ),
  )

/** Writes what the checks said of an attempt whose rows were refused, in the caller's transaction. */
export const recordRefusal = (
  session: Session,
  { key, stage, step }: { key: string; stage: string; step: string },
  records: readonly DatasetRecord[],
): Promise<void> =>
  insertJson(session, refusals, [
    { id: randomUUID(), commit_key: key, stage, step, datasets: JSON.stringify(records), created_at: new Date() },
  ])
