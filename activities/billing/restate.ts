import { atSnapshot, quotedIdentifier } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import { loadStates } from '../../schemas/billing/bronze/load_states.js'
import { restatements } from '../../schemas/billing/gold/restatements.js'
import { charges } from '../../schemas/billing/silver/charges.js'
import type { Write } from '../write.js'

/**
 * Compares the charges of the months that the run loaded with those of the snapshot before the silver step's: nothing else can have
 * changed them there. A month that was not there before is no restatement.
 */
export const stageRestatements = async (
  session: Session,
  { asOf, snapshotId }: { readonly asOf: string; readonly snapshotId: number },
): Promise<Write> => {
  const staged = quotedIdentifier(`staged ${restatements.name}`)
  const previous = snapshotId - 1
  const of = (at: number) => `
    SELECT account_month, billing_account_id, billing_month, line_id, version_id, sub_account_id, service_name, billing_currency, billed_cost
    FROM ${atSnapshot(charges.name, at)}
    WHERE account_month IN (
      SELECT account_id || '/' || billing_month FROM ${atSnapshot(loadStates.name, snapshotId)}
      WHERE logical_run = $logical_run AND status = 'completed')`
  const group = 'account_month, sub_account_id, service_name, billing_currency'
  const isSame = group
    .split(', ')
    .map((name) => `a.${name} = b.${name}`)
    .join(' AND ')
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${staged} AS
    WITH after AS (${of(snapshotId)}), before AS (${of(previous)}), month AS (
      SELECT account_month, any_value(billing_account_id) AS billing_account_id, any_value(billing_month) AS billing_month,
        any_value(version_id) AS previous_version_id FROM before GROUP BY account_month
    ), gained AS (
      SELECT ${group
        .split(', ')
        .map((name) => `a.${name}`)
        .join(', ')}, max(a.version_id) AS version_id, sum(a.billed_cost) AS billed_cost,
        count(*) FILTER (WHERE b.line_id IS NULL OR NOT (${isSame})) AS lines_added,
        count(*) FILTER (WHERE ${isSame} AND a.billed_cost <> b.billed_cost) AS lines_changed
      FROM after AS a LEFT JOIN before AS b ON a.account_month = b.account_month AND a.line_id = b.line_id GROUP BY ALL
    ), lost AS (
      SELECT ${group
        .split(', ')
        .map((name) => `b.${name}`)
        .join(', ')}, sum(b.billed_cost) AS billed_cost,
        count(*) FILTER (WHERE a.line_id IS NULL OR NOT (${isSame})) AS lines_removed
      FROM before AS b LEFT JOIN after AS a ON a.account_month = b.account_month AND a.line_id = b.line_id GROUP BY ALL
    )
    SELECT account_month, month.billing_account_id, month.billing_month, coalesce(gained.version_id, loaded.version_id) AS version_id,
      month.previous_version_id, $logical_run AS logical_run, ${previous}::BIGINT AS previous_snapshot_id,
      ${snapshotId}::BIGINT AS snapshot_id, sub_account_id, service_name, billing_currency,
      coalesce(gained.billed_cost, 0)::DECIMAL(38,18) AS billed_cost, coalesce(lost.billed_cost, 0)::DECIMAL(38,18) AS previous_billed_cost,
      (coalesce(gained.billed_cost, 0) - coalesce(lost.billed_cost, 0))::DECIMAL(38,18) AS change_cost,
      coalesce(lines_added, 0) AS lines_added, coalesce(lines_removed, 0) AS lines_removed, coalesce(lines_changed, 0) AS lines_changed
    FROM gained FULL JOIN lost USING (${group}) JOIN month USING (account_month)
    JOIN (SELECT account_id || '/' || billing_month AS account_month, max(version_id) AS version_id
      FROM ${atSnapshot(loadStates.name, snapshotId)} WHERE logical_run = $logical_run AND status = 'completed' GROUP BY ALL) AS loaded
      USING (account_month)
    WHERE coalesce(lines_added, 0) + coalesce(lines_removed, 0) + coalesce(lines_changed, 0) > 0`,
    { logical_run: asOf },
  )
  return { table: restatements, staged, replaces: { kind: 'nothing' } }
}
