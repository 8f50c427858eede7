import { Hono } from 'hono'
import type { JsonRow } from '../../../infra/lake/session.js'
import { count, money } from '../../format.js'
import { readToken, readTokens } from '../../readings/tokens.js'
import { notFound } from '../problem.js'
import { axes, Chart, color } from './chart.js'
import { type Column, DataTable } from './data_table.js'
import { Figures } from './figures.js'
import { type PageDependencies, page } from './page.js'
import { Pager, pageNumber } from './pager.js'
import type { Place } from './place.js'
import { Tier } from './tier.js'
import { direction, minute, price, shortAddress, signedMoney } from './words.js'

const pageSize = 50

/** `/tokens` and `/tokens/:address`: what runs have looked at, and what wallets made of it. */
export const tokensPage = (dependencies: PageDependencies): Hono =>
  new Hono()
    .get('/tokens', (context) =>
      page(dependencies, context, async (view, place) => {
        const number = pageNumber(place)
        const { search } = place.query
        const { rows, total } = await readTokens(view, { search, limit: pageSize, offset: (number - 1) * pageSize })
        const content = (
          <>
            <h1>Tokens</h1>
            <p class="lead">Each as the newest run that selected it saw it, and what the ranked wallets made of it.</p>
            <form class="controls" method="get" action={place.path}>
              {place.query['asOf'] === undefined ? null : (
                <input type="hidden" name="asOf" value={place.query['asOf']} />
              )}
              <label>
                <span>Symbol, name or address contains</span>
                <input name="search" value={search ?? ''} autocomplete="off" />
              </label>
              <button type="submit">Show</button>
            </form>
            <DataTable
              caption="Selected tokens, the newest run first"
              columns={columns(place)}
              rows={rows}
              empty="No run has selected such a token."
            />
            <Pager place={place} page={number} size={pageSize} total={total} what="tokens" />
          </>
        )
        return { title: 'Tokens', content }
      }),
    )
    .get('/tokens/:address', (context) =>
      page(dependencies, context, async (view, place) => {
        const address = context.req.param('address')
        const number = pageNumber(place)
        const { metrics, wallets, prices } = await readToken(view, address, {
          limit: pageSize,
          offset: (number - 1) * pageSize,
        })
        const [now] = metrics
        if (now === undefined && wallets.length === 0 && prices.length === 0)
          throw notFound(`the token "${address}" is in no run then; the page of tokens lists those that are`)
        const content = (
          <>
            <h1>
              {String(now?.['symbol'] ?? 'Token')} <span class="faint">{String(now?.['name'] ?? '')}</span>
            </h1>
            <p class="mono faint">{address}</p>
            {now === undefined ? (
              <p class="faint">No run selected it; wallets that are followed traded it.</p>
            ) : (
              <TokenFigures now={now} />
            )}
            <Prices prices={prices} />
            <h2>Wallets by profit and loss in it</h2>
            <DataTable
              caption="Over all time, first in first out"
              columns={walletColumns(place)}
              rows={wallets}
              empty="No wallet that is followed traded it."
            />
            <Pager
              place={place}
              page={number}
              size={pageSize}
              total={Number(wallets[0]?.['of_total'] ?? 0)}
              what="wallets"
            />
          </>
        )
        return { title: String(now?.['symbol'] ?? address.slice(0, 8)), content }
      }),
    )

const columns = ({ link }: Place): readonly Column<JsonRow>[] => [
  {
    name: 'Token',
    heading: true,
    cell: ({ symbol, token_address }) => (
      <a href={link(`/tokens/${token_address}`)}>{String(symbol ?? shortAddress(token_address))}</a>
    ),
  },
  { name: 'Price USD', kind: 'number', cell: ({ price_usd }) => price(price_usd) },
  {
    name: '24 h',
    kind: 'number',
    cell: ({ price_change_24h_percent: change }) => (
      <span class={direction(change)}>
        {change === null ? '' : `${Number(change) > 0 ? '+' : ''}${Number(change).toFixed(1)} %`}
      </span>
    ),
  },
  { name: 'Liquidity USD', kind: 'number', minor: true, cell: ({ liquidity_usd }) => money(liquidity_usd, 0) },
  { name: 'Volume 1 h USD', kind: 'number', minor: true, cell: ({ volume_1h_usd }) => money(volume_1h_usd, 0) },
  { name: 'Holders', kind: 'number', minor: true, cell: ({ holder_count }) => count(holder_count) },
  { name: 'Ranked traders', kind: 'number', cell: ({ ranked_traders }) => count(ranked_traders) },
  {
    name: 'Their realized USD',
    kind: 'number',
    cell: ({ ranked_realized_usd }) => (
      <span class={direction(ranked_realized_usd)}>{signedMoney(ranked_realized_usd)}</span>
    ),
  },
  { name: 'Ranked holders', kind: 'number', minor: true, cell: ({ ranked_holders }) => count(ranked_holders) },
  { name: 'Their cost USD', kind: 'number', minor: true, cell: ({ ranked_open_usd }) => money(ranked_open_usd) },
  { name: 'Run', kind: 'time', minor: true, cell: ({ as_of }) => minute(as_of) },
]

const walletColumns = ({ link }: Place): readonly Column<JsonRow>[] => [
  {
    name: 'Wallet',
    heading: true,
    cell: ({ wallet_address }) => (
      <a class="mono" href={link(`/wallets/${wallet_address}`)}>
        {shortAddress(wallet_address)}
      </a>
    ),
  },
  { name: 'Rank', kind: 'number', cell: ({ rank }) => count(rank) },
  { name: 'Tier', cell: ({ tier }) => (tier === null ? '' : <Tier name={tier} />) },
  {
    name: 'Realized USD',
    kind: 'number',
    cell: ({ realized_pnl_usd: value }) => <span class={direction(value)}>{signedMoney(value)}</span>,
  },
  {
    name: 'Open USD',
    kind: 'number',
    minor: true,
    cell: ({ unrealized_pnl_usd: value }) => <span class={direction(value)}>{signedMoney(value)}</span>,
  },
  {
    name: 'Total USD',
    kind: 'number',
    cell: ({ total_pnl_usd: value }) => <span class={direction(value)}>{signedMoney(value)}</span>,
  },
  { name: 'Buys', kind: 'number', minor: true, cell: ({ buy_count }) => count(buy_count) },
  { name: 'Sales', kind: 'number', minor: true, cell: ({ sell_count }) => count(sell_count) },
  { name: 'Last trade', kind: 'time', minor: true, cell: ({ last_trade_at }) => minute(last_trade_at) },
]

const TokenFigures = ({ now }: { now: JsonRow }) => (
  <Figures
    figures={[
      ['Price', price(now['price_usd']), 'USD'],
      ['Liquidity', money(now['liquidity_usd'], 0), 'USD'],
      ['Market cap', money(now['market_cap_usd'], 0), 'USD'],
      ['Volume, 1 h', money(now['volume_1h_usd'], 0), 'USD'],
      ['Holders', count(now['holder_count']), ''],
      ['Seen', minute(now['as_of']).slice(11), minute(now['as_of']).slice(0, 10)],
    ]}
  />
)

const Prices = ({ prices }: { prices: readonly JsonRow[] }) =>
  prices.length < 2 ? null : (
    <Chart
      label={`Price from ${prices[0]?.['day']} to ${prices.at(-1)?.['day']}: ${price(prices[0]?.['price_usd'])} to ${price(prices.at(-1)?.['price_usd'])} USD`}
      caption="Price of the last priced trade of each day, by the wallets that are followed; USD"
      option={{
        ...axes({ type: 'category', data: prices.map(({ day }) => day) }, { scale: true }),
        series: [
          {
            type: 'line',
            showSymbol: false,
            lineStyle: { width: 2, color: color('accent') },
            data: prices.map((row) => Number(row['price_usd'])),
          },
        ],
      }}
    />
  )
