import { inLake } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'

const lines = 'billing_published.line_items'

/**
 * The names that tools of one table a month know: `aws_billing.billing_2026_10`, and `aws_billing.aws_billing_<account>_2026_10`. They
 * read the published lines, so they show what is published, whenever they were made; what is missing is made, in the caller's transaction.
 */
export const showMonths = async (session: Session): Promise<void> => {
  const months = await session.all(`SELECT DISTINCT account_id, billing_month FROM ${inLake(lines)} ORDER BY ALL`)
  const views = await session.all(
    `SELECT view_name FROM duckdb_views() WHERE database_name = 'lake' AND schema_name = 'aws_billing'`,
  )
  const made = new Set(views.map(({ view_name }) => String(view_name)))
  await session.run('CREATE SCHEMA IF NOT EXISTS lake.aws_billing')
  const make = async (view: string, where: string) => {
    if (made.has(view)) return
    made.add(view)
    await session.run(`CREATE VIEW ${inLake(`aws_billing.${view}`)} AS SELECT * FROM ${lines} WHERE ${where}`)
  }
  for (const { account_id, billing_month } of months) {
    const [account, month] = [String(account_id), String(billing_month)]
    // Both become SQL: what is neither an account's number nor a month has no view of its own.
    if (!/^\d{4}-\d{2}$/.test(month) || !/^\w+$/.test(account)) continue
    const suffix = month.replace('-', '_')
    await make(`billing_${suffix}`, `billing_month = '${month}'`)
    await make(`aws_billing_${account}_${suffix}`, `account_id = '${account}' AND billing_month = '${month}'`)
  }
}
