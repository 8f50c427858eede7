import { Hono } from 'hono'
import type { JsonRow } from '../../../infra/lake/session.js'
import { billing } from '../../../schemas/billing/index.js'
import { count, money } from '../../format.js'
import { type BillingQuestion, readBilledMonths, readBills } from '../../readings/bills.js'
import {
  anomalyColumns,
  costColumns,
  loadColumns,
  moverColumns,
  restatementColumns,
  untaggedColumns,
} from './billing_columns.js'
import { axes, Chart, color } from './chart.js'
import { type Column, DataTable } from './data_table.js'
import { Figures } from './figures.js'
import { type PageDependencies, page } from './page.js'
import type { Place } from './place.js'
import { signedMoney } from './words.js'

const shown = 15

/** `/billing`: what the cloud costs by month, what moved, and what deliveries have changed of it since. */
export const billingPage = (dependencies: PageDependencies): Hono =>
  new Hono().get('/billing', (context) =>
    page(
      dependencies,
      context,
      async (view, place) => {
        const { account } = place.query
        const months = await readBilledMonths(view, account)
        const newest = months.at(-1)
        const month = place.query['month'] ?? (newest === undefined ? undefined : String(newest['billing_month']))
        const ask = (question: string, own: Partial<BillingQuestion> = {}) =>
          readBills(view, { question, by: 'service', cost: 'billed', limit: shown, month, account, ...own })
        const accounts = await ask('accounts', { month: undefined, account: undefined })
        const tables: readonly (readonly [string, string, readonly Column<JsonRow>[], JsonRow[], string])[] = [
          ['Services', `What costs most in ${month}`, costColumns, await ask('cost'), 'Nothing was billed then.'],
          ['Movers', `What changed most in ${month}, amortized`, moverColumns, await ask('movers'), 'Nothing changed.'],
          [
            'Restatements',
            `What deliveries changed of ${month} after the first, the newest run first`,
            restatementColumns(place),
            await ask('restatements'),
            'No delivery has changed it.',
          ],
          [
            'Anomalies',
            `Days of ${month} that stand out`,
            anomalyColumns,
            await ask('anomalies'),
            'No day stands out.',
          ],
          [
            'Untagged',
            `What bears no tag in ${month}`,
            untaggedColumns,
            await ask('untagged'),
            'Everything is tagged.',
          ],
          [
            'Loads',
            'The newest attempts to load a delivery',
            loadColumns,
            await ask('loads', { month: undefined }),
            'No delivery was found yet.',
          ],
        ]
        const content = (
          <>
            <h1>Billing</h1>
            <p class="lead">
              What AWS has billed, by the newest delivery of each account and month that passed its checks. A month is
              restated for weeks: the band shows the least and the most that was known of it.
            </p>
            {newest === undefined ? (
              <p class="empty">
                No bill is published yet{account === undefined ? '' : ' for this account'}.{' '}
                <code>npx tributary run billing --wait</code> loads what BILLING_SOURCE holds.
              </p>
            ) : (
              <>
                <Filters place={place} months={months} month={month} accounts={accounts} />
                <MonthFigures months={months} month={month} />
                <Costs months={months} />
              </>
            )}
            {tables.map(([title, caption, columns, rows, empty]) => (
              <section aria-labelledby={title.toLowerCase()}>
                <h2 id={title.toLowerCase()}>{title}</h2>
                <DataTable caption={caption} columns={columns} rows={rows} empty={empty} />
              </section>
            ))}
          </>
        )
        return { title: 'Billing', content }
      },
      billing,
    ),
  )

interface FilterProps {
  readonly place: Place
  readonly months: readonly JsonRow[]
  readonly month: string | undefined
  readonly accounts: readonly JsonRow[]
}

const Filters = ({ place, months, month, accounts }: FilterProps) => (
  <form class="controls" method="get" action={place.path}>
    {place.query['asOf'] === undefined ? null : <input type="hidden" name="asOf" value={place.query['asOf']} />}
    <label>
      <span>Month</span>
      <select name="month">
        {[...new Set(months.map((row) => String(row['billing_month'])))].reverse().map((value) => (
          <option value={value} selected={value === month}>
            {value}
          </option>
        ))}
      </select>
    </label>
    <label>
      <span>Account</span>
      <select name="account">
        <option value="">all</option>
        {[...new Map(accounts.map((row) => [String(row['account']), row['name']]))].map(([id, name]) => (
          <option value={id} selected={id === place.query['account']}>
            {name === null || name === id ? id : `${id} ${name}`}
          </option>
        ))}
      </select>
    </label>
    <button type="submit">Show</button>
    <a class="button" href={place.link(place.path)}>
      Reset
    </a>
  </form>
)

const MonthFigures = ({ months, month }: { months: readonly JsonRow[]; month: string | undefined }) => {
  const row = months.find(({ billing_month }) => billing_month === month) ?? {}
  const { billing_currency: currency, billed_cost: billed, restatement_count: restated } = row
  const earlier = months.filter(
    (each) => each['billing_currency'] === currency && String(each['billing_month']) < `${month}`,
  )
  const before = earlier.at(-1)
  const change = before === undefined ? null : Number(billed) - Number(before['billed_cost'])
  return (
    <Figures
      figures={[
        ['Billed', money(billed), String(currency ?? '')],
        ['Amortized', money(row['effective_cost']), 'commitments spread over their use'],
        [
          'Since the month before',
          signedMoney(change),
          before === undefined ? 'none before it' : String(before['billing_month']),
        ],
        ['Restated', count(restated), `${money(row['lowest_cost'])} to ${money(row['highest_cost'])}`],
        ['Accounts', count(row['account_count']), `${count(row['charge_count'])} charges`],
      ]}
    />
  )
}

/** Months of the currency that most are billed in. */
const Costs = ({ months }: { months: readonly JsonRow[] }) => {
  const currency = months.at(-1)?.['billing_currency']
  const rows = months.filter((row) => row['billing_currency'] === currency)
  const [first, last] = [rows[0], rows.at(-1)]
  if (first === undefined || last === undefined || rows.length < 2) return null
  const numbers = (name: string) => rows.map((row) => Number(row[name]))
  const lowest = numbers('lowest_cost')
  const band = { type: 'bar', stack: 'band', barGap: '-100%', barMaxWidth: 46, silent: true }
  return (
    <Chart
      label={`Billed from ${first['billing_month']} to ${last['billing_month']}: ${money(first['billed_cost'])} to ${money(last['billed_cost'])} ${currency}`}
      caption={`Bars: billed by month as known now, ${currency}. Band around their ends: between the least and the most that a delivery said.`}
      option={{
        ...axes({ type: 'category', data: rows.map((row) => String(row['billing_month'])) }, {}),
        series: [
          { type: 'bar', barMaxWidth: 30, itemStyle: { color: color('accent') }, data: numbers('billed_cost') },
          { ...band, itemStyle: { color: 'transparent' }, data: lowest },
          {
            ...band,
            itemStyle: { color: color('warn'), opacity: 0.5 },
            data: numbers('highest_cost').map((highest, index) => highest - (lowest[index] ?? 0)),
          },
        ],
      }}
    />
  )
}
