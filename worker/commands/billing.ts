import { currentPublication } from '../../activities/publish.js'
import { InvalidInput } from '../../infra/errors.js'
import { quotedIdentifier } from '../../infra/lake/identifier.js'
import type { JsonRow, Session } from '../../infra/lake/session.js'
import { billing } from '../../schemas/billing/index.js'
import { count, money, time } from '../format.js'
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

const costs = ['billed', 'effective', 'net_billed', 'net_effective', 'list']
const groups: Readonly<Record<string, string>> = {
  account: 'sub_account_id',
  payer: 'billing_account_id',
  service: 'service_name',
  region: 'region_id',
  category: 'charge_category',
  month: 'billing_month',
}

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
    const by = request.by.split(',').map((name) => ({ name, column: columnNamed(name) }))
    if (!costs.includes(request.cost)) throw new InvalidInput(`--cost ${request.cost}: choose ${costs.join(', ')}`)
    const { where, parameters } = filter(request)
    const columns = by.map(({ name, column }) => `${column} AS ${quotedIdentifier(name)}`)
    return session.all(
      `SELECT ${columns.join(', ')}, sum(${request.cost}_cost) AS cost, billing_currency AS currency
      FROM lake.billing_published.monthly_costs ${where} GROUP BY ALL ORDER BY cost DESC LIMIT $limit`,
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

const columnNamed = (name: string): string => {
  const column = groups[name]
  if (column !== undefined) return column
  throw new InvalidInput(`--by ${name}: choose ${Object.keys(groups).join(', ')}, several with commas between`)
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
      return [name, name === 'delivered' || name === 'ended' ? time(value) : value]
    }),
  )
