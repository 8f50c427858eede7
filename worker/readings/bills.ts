import { InvalidInput } from '../../infra/errors.js'
import { quotedIdentifier } from '../../infra/lake/identifier.js'
import type { JsonRow } from '../../infra/lake/session.js'
import { loadStates } from '../../schemas/billing/bronze/load_states.js'
import { anomalies } from '../../schemas/billing/gold/anomalies.js'
import { commitments } from '../../schemas/billing/gold/commitments.js'
import { dailyCosts } from '../../schemas/billing/gold/daily_costs.js'
import { monthChanges } from '../../schemas/billing/gold/month_changes.js'
import { monthlyCosts } from '../../schemas/billing/gold/monthly_costs.js'
import { restatements } from '../../schemas/billing/gold/restatements.js'
import { tagCosts } from '../../schemas/billing/gold/tag_costs.js'
import type { Table } from '../../schemas/table.js'
import type { LakeView } from './lake_view.js'

export interface BillingQuestion {
  readonly question: string
  readonly by: string
  readonly cost: string
  readonly month?: string | undefined
  /** A payer's or a using account's. */
  readonly account?: string | undefined
  readonly limit: number
}

/** Where bills are read: relations of what was published, and of what is stored. */
export type BillSource = Pick<LakeView, 'session' | 'published' | 'stored'>

type Answer = (source: BillSource, request: BillingQuestion) => Promise<JsonRow[]>

const costs = ['billed', 'effective', 'net_billed', 'net_effective', 'list'] as readonly string[]
const groups: Readonly<Record<string, string>> = {
  account: 'sub_account_id',
  payer: 'billing_account_id',
  service: 'service_name',
  region: 'region_id',
  category: 'charge_category',
  month: 'billing_month',
  day: 'charge_date',
}
/** `tag:user_team` groups by the values of that tag. */
const tagGroup = /^tag:(\S+)$/

/** The rows of a month and a payer or account, or all. */
const filter = ({ month, account }: BillingQuestion) => ({
  where: `WHERE ($month IS NULL OR billing_month = $month)
    AND ($account IS NULL OR $account IN (billing_account_id, sub_account_id))`,
  parameters: { month: month ?? null, account: account ?? null },
})

const answers: Readonly<Record<string, Answer>> = {
  accounts: ({ session, published }, request) => {
    const { where, parameters } = filter(request)
    return session.all(
      `SELECT billing_account_id AS payer, sub_account_id AS account, max(sub_account_name) AS name,
        count(DISTINCT billing_month) AS months, max(billing_month) AS newest, sum(billed_cost) AS billed_cost,
        billing_currency AS currency
      FROM ${published(monthlyCosts)} ${where} GROUP BY ALL ORDER BY sum(billed_cost) DESC, account`,
      parameters,
    )
  },
  months: ({ session, published }, request) => {
    const { where, parameters } = filter(request)
    return session.all(
      `SELECT billing_account_id AS payer, billing_month AS month, sum(charge_count) AS lines, sum(billed_cost) AS billed_cost,
        sum(effective_cost) AS effective_cost, billing_currency AS currency
      FROM ${published(monthlyCosts)} ${where} GROUP BY ALL ORDER BY payer, month`,
      parameters,
    )
  },
  cost: ({ session, published }, request) => {
    const names = request.by.split(',')
    if (!costs.includes(request.cost)) throw new InvalidInput(`--cost ${request.cost}: choose ${costs.join(', ')}`)
    const tag = names.flatMap((name) => tagGroup.exec(name)?.[1] ?? [])[0]
    const table = tag !== undefined ? tagCosts : names.includes('day') ? dailyCosts : monthlyCosts
    const { where, parameters } = filter(request)
    const columns = names.map((name) => `${columnNamed(name, table)} AS ${quotedIdentifier(name)}`)
    const cost = costOf(request.cost, table)
    return session.all(
      `SELECT ${columns.join(', ')}, sum(${cost}) AS cost, billing_currency AS currency
      FROM ${published(table)} ${where}${tag === undefined ? '' : ' AND tag_key = $tag'}
      GROUP BY ALL ORDER BY cost DESC LIMIT $limit`,
      { ...parameters, limit: BigInt(request.limit), ...(tag === undefined ? {} : { tag }) },
    )
  },
  movers: ({ session, published }, request) => {
    const { where, parameters } = filter(request)
    return session.all(
      `SELECT billing_month AS month, sub_account_id AS account, service_name AS service, previous_cost, effective_cost, change_cost,
        change_share, billing_currency AS currency
      FROM ${published(monthChanges)} ${where} ORDER BY month DESC, mover_rank, account LIMIT $limit`,
      { ...parameters, limit: BigInt(request.limit) },
    )
  },
  restatements: ({ session, published }, request) => {
    const { where, parameters } = filter(request)
    return session.all(
      `SELECT billing_month AS month, sub_account_id AS account, service_name AS service, previous_version_id AS before,
        version_id AS version, change_cost, lines_added AS added, lines_removed AS removed, lines_changed AS changed,
        previous_snapshot_id AS "from", snapshot_id AS "to", billing_currency AS currency
      FROM ${published(restatements)} ${where} ORDER BY logical_run DESC, abs(change_cost) DESC LIMIT $limit`,
      { ...parameters, limit: BigInt(request.limit) },
    )
  },
  anomalies: ({ session, published }, request) => {
    const { where, parameters } = filter(request)
    return session.all(
      `SELECT charge_date AS day, sub_account_id AS account, service_name AS service, reason
      FROM ${published(anomalies)} ${where} ORDER BY day DESC, effective_cost - usual_cost DESC LIMIT $limit`,
      { ...parameters, limit: BigInt(request.limit) },
    )
  },
  commitments: ({ session, published }, { month, account, limit }) =>
    session.all(
      `SELECT billing_month AS month, commitment_discount_type AS type, commitment_discount_id AS commitment, used_cost, unused_cost,
        utilization, billing_currency AS currency
      FROM ${published(commitments)}
      WHERE ($month IS NULL OR billing_month = $month) AND ($account IS NULL OR billing_account_id = $account)
      ORDER BY month DESC, unused_cost DESC LIMIT $limit`,
      { month: month ?? null, account: account ?? null, limit: BigInt(limit) },
    ),
  untagged: ({ session, published }, request) => {
    const { where, parameters } = filter(request)
    return session.all(
      `SELECT billing_month AS month, sub_account_id AS account, service_name AS service, sum(effective_cost) AS untagged_cost,
        billing_currency AS currency
      FROM ${published(tagCosts)} ${where} AND tag_key = ''
      GROUP BY ALL ORDER BY untagged_cost DESC LIMIT $limit`,
      { ...parameters, limit: BigInt(request.limit) },
    )
  },
  loads: ({ session, stored }, { month, account, limit }) =>
    session.all(
      `SELECT account_id AS payer, billing_month AS month, export_name AS export, version_id AS version, status,
        delivered_at AS delivered, load_end_time AS ended, record_count AS lines, total_cost AS cost, currency, error
      FROM ${stored(loadStates)}
      WHERE ($month IS NULL OR billing_month = $month) AND ($account IS NULL OR account_id = $account)
      ORDER BY load_start_time DESC, payer, month LIMIT $limit`,
      { month: month ?? null, account: account ?? null, limit: BigInt(limit) },
    ),
}

const ofTags = ['account', 'payer', 'service', 'month']

const columnNamed = (name: string, table: Table): string => {
  if (tagGroup.test(name)) return 'tag_value'
  const column = groups[name]
  if (column === undefined)
    throw new InvalidInput(
      `--by ${name}: choose ${Object.keys(groups).join(', ')} or tag:NAME, several with commas between`,
    )
  if (table === tagCosts && !ofTags.includes(name))
    throw new InvalidInput(`--by ${name}: beside a tag there is ${ofTags.join(', ')}`)
  return column
}

/** Which costs a table has: list prices by month alone, and by tag only as billed and amortized. */
const costOf = (cost: string, table: Table): string => {
  const has = table === monthlyCosts ? costs : table === dailyCosts ? costs.slice(0, 4) : costs.slice(0, 2)
  if (has.includes(cost)) return `${cost}_cost`
  throw new InvalidInput(`--cost ${cost}: by day or tag there is ${has.join(', ')}`)
}

/** Answers one question about the bills. Throws InvalidInput where it is none, or names what there is not. */
export const readBills = (source: BillSource, request: BillingQuestion): Promise<JsonRow[]> => {
  const answer = answers[request.question]
  if (answer === undefined)
    throw new InvalidInput(`billing ${request.question}: choose ${Object.keys(answers).join(', ')}`)
  return answer(source, request)
}

/**
 * What every month costs, the earliest first, with the least and the most that any delivery in force since has said of it, and how many
 * have restated it.
 */
export const readBilledMonths = ({ session, published }: BillSource, account?: string): Promise<JsonRow[]> => {
  const own = 'WHERE $account IS NULL OR $account IN (billing_account_id, sub_account_id)'
  return session.all(
    `WITH month AS (
      SELECT billing_month, billing_currency, sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost,
        sum(charge_count) AS charge_count, count(DISTINCT sub_account_id) AS account_count
      FROM ${published(monthlyCosts)} ${own} GROUP BY ALL
    ), restated AS (
      SELECT billing_month, billing_currency, logical_run, sum(change_cost) AS change_cost
      FROM ${published(restatements)} ${own} GROUP BY ALL
    ), before AS (
      SELECT billing_month, billing_currency, billed_cost - sum(change_cost) OVER (
        PARTITION BY billing_month, billing_currency ORDER BY logical_run DESC ROWS UNBOUNDED PRECEDING) AS billed_before
      FROM restated JOIN month USING (billing_month, billing_currency)
    ), bound AS (
      SELECT billing_month, billing_currency, min(billed_before) AS least_before, max(billed_before) AS most_before, count(*) AS n
      FROM before GROUP BY ALL
    )
    SELECT month.*, least(billed_cost, least_before) AS lowest_cost, greatest(billed_cost, most_before) AS highest_cost,
      coalesce(n, 0) AS restatement_count
    FROM month LEFT JOIN bound USING (billing_month, billing_currency) ORDER BY billing_month, billing_currency`,
    { account: account ?? null },
  )
}
