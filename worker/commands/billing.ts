import { currentPublication } from '../../activities/publish.js'
import { InvalidInput } from '../../infra/errors.js'
import { quotedIdentifier } from '../../infra/lake/identifier.js'
import type { JsonRow, Session } from '../../infra/lake/session.js'
import { billing } from '../../schemas/billing/index.js'
import { count, money, percent, time } from '../format.js'
import type { Cells, Output } from '../output.js'

export interface BillingQuestion {
  readonly question: string
  readonly by: string
  readonly cost: string
  readonly month?: string
  readonly account?: string
  readonly limit: number
}

type Answer = (session: Session, request: BillingQuestion) => Promise<JsonRow[]>

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
  accounts: (session, request) => {
    const { where, parameters } = filter(request)
    return session.all(
      `SELECT billing_account_id AS payer, sub_account_id AS account, max(sub_account_name) AS name,
        count(DISTINCT billing_month) AS months, max(billing_month) AS newest, sum(billed_cost) AS billed_cost,
        billing_currency AS currency
      FROM lake.billing_published.monthly_costs ${where} GROUP BY ALL ORDER BY sum(billed_cost) DESC, account`,
      parameters,
    )
  },
  months: (session, request) => {
    const { where, parameters } = filter(request)
    return session.all(
      `SELECT billing_account_id AS payer, billing_month AS month, sum(charge_count) AS lines, sum(billed_cost) AS billed_cost,
        sum(effective_cost) AS effective_cost, billing_currency AS currency
      FROM lake.billing_published.monthly_costs ${where} GROUP BY ALL ORDER BY payer, month`,
      parameters,
    )
  },
  cost: (session, request) => {
    const names = request.by.split(',')
    if (!costs.includes(request.cost)) throw new InvalidInput(`--cost ${request.cost}: choose ${costs.join(', ')}`)
    const tag = names.flatMap((name) => tagGroup.exec(name)?.[1] ?? [])[0]
    const table = tag !== undefined ? 'tag_costs' : names.includes('day') ? 'daily_costs' : 'monthly_costs'
    const { where, parameters } = filter(request)
    const columns = names.map((name) => `${columnNamed(name, table)} AS ${quotedIdentifier(name)}`)
    const cost = costOf(request.cost, table)
    return session.all(
      `SELECT ${columns.join(', ')}, sum(${cost}) AS cost, billing_currency AS currency
      FROM lake.billing_published.${table} ${where}${tag === undefined ? '' : ' AND tag_key = $tag'}
      GROUP BY ALL ORDER BY cost DESC LIMIT $limit`,
      { ...parameters, limit: BigInt(request.limit), ...(tag === undefined ? {} : { tag }) },
    )
  },
  movers: (session, request) => {
    const { where, parameters } = filter(request)
    return session.all(
      `SELECT billing_month AS month, sub_account_id AS account, service_name AS service, previous_cost, effective_cost, change_cost,
        change_share, billing_currency AS currency
      FROM lake.billing_published.month_changes ${where} ORDER BY month DESC, mover_rank, account LIMIT $limit`,
      { ...parameters, limit: BigInt(request.limit) },
    )
  },
  restatements: (session, request) => {
    const { where, parameters } = filter(request)
    return session.all(
      `SELECT billing_month AS month, sub_account_id AS account, service_name AS service, previous_version_id AS before,
        version_id AS version, change_cost, lines_added AS added, lines_removed AS removed, lines_changed AS changed,
        previous_snapshot_id AS "from", snapshot_id AS "to", billing_currency AS currency
      FROM lake.billing_published.restatements ${where} ORDER BY logical_run DESC, abs(change_cost) DESC LIMIT $limit`,
      { ...parameters, limit: BigInt(request.limit) },
    )
  },
  anomalies: (session, request) => {
    const { where, parameters } = filter(request)
    return session.all(
      `SELECT charge_date AS day, sub_account_id AS account, service_name AS service, reason
      FROM lake.billing_published.anomalies ${where} ORDER BY day DESC, effective_cost - usual_cost DESC LIMIT $limit`,
      { ...parameters, limit: BigInt(request.limit) },
    )
  },
  commitments: (session, { month, account, limit }) =>
    session.all(
      `SELECT billing_month AS month, commitment_discount_type AS type, commitment_discount_id AS commitment, used_cost, unused_cost,
        utilization, billing_currency AS currency
      FROM lake.billing_published.commitments
      WHERE ($month IS NULL OR billing_month = $month) AND ($account IS NULL OR billing_account_id = $account)
      ORDER BY month DESC, unused_cost DESC LIMIT $limit`,
      { month: month ?? null, account: account ?? null, limit: BigInt(limit) },
    ),
  untagged: (session, request) => {
    const { where, parameters } = filter(request)
    return session.all(
      `SELECT billing_month AS month, sub_account_id AS account, service_name AS service, sum(effective_cost) AS untagged_cost,
        billing_currency AS currency
      FROM lake.billing_published.tag_costs ${where} AND tag_key = ''
      GROUP BY ALL ORDER BY untagged_cost DESC LIMIT $limit`,
      { ...parameters, limit: BigInt(request.limit) },
    )
  },
  loads: (session, { month, account, limit }) =>
    session.all(
      `SELECT account_id AS payer, billing_month AS month, export_name AS export, version_id AS version, status,
        delivered_at AS delivered, load_end_time AS ended, record_count AS lines, total_cost AS cost, currency, error
      FROM lake.billing_bronze.load_states
      WHERE ($month IS NULL OR billing_month = $month) AND ($account IS NULL OR account_id = $account)
      ORDER BY load_start_time DESC, payer, month LIMIT $limit`,
      { month: month ?? null, account: account ?? null, limit: BigInt(limit) },
    ),
}

const ofTags = ['account', 'payer', 'service', 'month']

const columnNamed = (name: string, table: string): string => {
  if (tagGroup.test(name)) return 'tag_value'
  const column = groups[name]
  if (column === undefined)
    throw new InvalidInput(
      `--by ${name}: choose ${Object.keys(groups).join(', ')} or tag:NAME, several with commas between`,
    )
  if (table === 'tag_costs' && !ofTags.includes(name))
    throw new InvalidInput(`--by ${name}: beside a tag there is ${ofTags.join(', ')}`)
  return column
}

/** Which costs a table has: list prices by month alone, and by tag only as billed and amortized. */
const costOf = (cost: string, table: string): string => {
  const has = table === 'monthly_costs' ? costs : table === 'daily_costs' ? costs.slice(0, 4) : costs.slice(0, 2)
  if (has.includes(cost)) return `${cost}_cost`
  throw new InvalidInput(`--cost ${cost}: by day or tag there is ${has.join(', ')}`)
}

/** Answers one question about the bills: from the published views, loads from their record. */
export const printBilling = async (session: Session, output: Output, request: BillingQuestion): Promise<void> => {
  const answer = answers[request.question]
  if (answer === undefined)
    throw new InvalidInput(`billing ${request.question}: choose ${Object.keys(answers).join(', ')}`)
  if (request.question !== 'loads' && (await currentPublication(session, billing.published)) === undefined)
    return output.rows([], 'no bill is published yet: npx tributary run billing --wait loads what BILLING_SOURCE holds')
  const rows = await answer(session, request)
  output.rows(output.json ? rows : rows.map(forPeople), 'nothing there')
}

/** Exact in JSON; for people rounded to cents, counts with commas, and times without what is always the same. */
const forPeople = (row: JsonRow): Cells =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (name.endsWith('cost')) return [name, money(value)]
      if (name === 'lines') return [name, count(value)]
      if (name === 'utilization' || name === 'change_share') return [name, percent(value)]
      return [name, name === 'delivered' || name === 'ended' ? time(value) : value]
    }),
  )
