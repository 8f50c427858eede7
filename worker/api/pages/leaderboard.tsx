import { Hono } from 'hono'
import type { JsonRow } from '../../../infra/lake/session.js'
import { tiers } from '../../../schemas/traders/gold/rules.js'
import { count, money, percent } from '../../format.js'
import { type Ranking, type RankingOrder, rankingOrders, readRanking } from '../../readings/ranking.js'
import { type Column, DataTable } from './data_table.js'
import { type PageDependencies, page } from './page.js'
import { Pager, pageNumber } from './pager.js'
import type { Place } from './place.js'
import { Tier } from './tier.js'
import { direction, minute, shortAddress, signedMoney } from './words.js'

const pageSize = 50
const tierNames: readonly string[] = [...tiers.map(({ name }) => name), 'promising']
const orderNames: Readonly<Record<RankingOrder, string>> = {
  rank: 'Rank',
  realized: 'Realized PnL',
  roi: 'ROI',
  win_rate: 'Win rate',
  trades: 'Trades',
  recent: 'Last trade',
}

const isOrder = (text: string | undefined): text is RankingOrder => text !== undefined && text in rankingOrders

/** `/`: the published ranking, with what moved since the run before. */
export const leaderboardPage = (dependencies: PageDependencies): Hono =>
  new Hono().get('/', (context) =>
    page(dependencies, context, async (view, place) => {
      const { tier, search, order } = place.query
      const number = pageNumber(place)
      const ranking = await readRanking(view, {
        tier,
        search,
        order: isOrder(order) ? order : 'rank',
        limit: pageSize,
        offset: (number - 1) * pageSize,
      })
      const { published } = view.moment
      const content = (
        <>
          <h1>Leaderboard</h1>
          <p class="lead">
            Wallets that pass every rule, best first: the score is what a position of the wallet can be trusted to
            return, at least.
          </p>
          {published === undefined ? (
            <p class="empty">
              No run is published yet. <code>npx tributary run traders --wait</code> makes one.
            </p>
          ) : (
            <>
              <Summary ranking={ranking} run={published.logicalRun} />
              <Filters place={place} />
              <DataTable
                caption={`Ranked wallets of run ${minute(published.logicalRun)}`}
                columns={columnsAt(place)}
                rows={ranking.rows}
                empty="No ranked wallet passes these filters."
              />
              <Pager place={place} page={number} size={pageSize} total={ranking.total} what="wallets" />
            </>
          )}
        </>
      )
      return { title: 'Leaderboard', content }
    }),
  )

const Summary = ({ ranking, run }: { ranking: Ranking; run: string }) => {
  const ranked = [...ranking.tiers.values()].reduce((sum, each) => sum + each, 0)
  const entered = ranking.rows.filter(({ rank_before }) => rank_before === null).length
  return (
    <dl class="figures">
      <div>
        <dt>Ranked wallets</dt>
        <dd>
          {count(ranked)}
          <small>
            {entered} new here, {ranking.left} left
          </small>
        </dd>
      </div>
      {tierNames.map((name) => (
        <div>
          <dt>{name}</dt>
          <dd>{count(ranking.tiers.get(name) ?? 0)}</dd>
        </div>
      ))}
      <div>
        <dt>Run</dt>
        <dd>
          {minute(run).slice(11)}
          <small>{minute(run).slice(0, 10)} UTC</small>
        </dd>
      </div>
    </dl>
  )
}

const Filters = ({ place: { query, path, link } }: { place: Place }) => (
  <form class="controls" method="get" action={path}>
    {query['asOf'] === undefined ? null : <input type="hidden" name="asOf" value={query['asOf']} />}
    <label>
      <span>Tier</span>
      <select name="tier">
        <option value="">all</option>
        {tierNames.map((name) => (
          <option value={name} selected={query['tier'] === name}>
            {name}
          </option>
        ))}
      </select>
    </label>
    <label>
      <span>Order</span>
      <select name="order">
        {Object.entries(orderNames).map(([value, name]) => (
          <option value={value} selected={query['order'] === value}>
            {name}
          </option>
        ))}
      </select>
    </label>
    <label>
      <span>Address contains</span>
      <input name="search" value={query['search'] ?? ''} autocomplete="off" />
    </label>
    <button type="submit">Show</button>
    <a class="button" href={link('/')}>
      Reset
    </a>
  </form>
)

const columnsAt = ({ link }: Place): readonly Column<JsonRow>[] => [
  { name: 'Rank', kind: 'number', cell: ({ rank }) => String(rank) },
  { name: 'Moved', kind: 'number', cell: (row) => <Movement row={row} /> },
  {
    name: 'Wallet',
    heading: true,
    cell: ({ wallet_address }) => (
      <a class="mono" href={link(`/wallets/${wallet_address}`)}>
        {shortAddress(wallet_address)}
      </a>
    ),
  },
  { name: 'Tier', cell: ({ tier, tier_before }) => <Tier name={tier} before={tier_before} /> },
  { name: 'Score', kind: 'number', cell: ({ score }) => Number(score).toFixed(4) },
  {
    name: 'Realized USD',
    kind: 'number',
    cell: ({ realized_pnl_usd }) => <span class={direction(realized_pnl_usd)}>{signedMoney(realized_pnl_usd)}</span>,
  },
  {
    name: 'Total USD',
    kind: 'number',
    minor: true,
    cell: ({ total_pnl_usd }) => <span class={direction(total_pnl_usd)}>{signedMoney(total_pnl_usd)}</span>,
  },
  { name: 'ROI', kind: 'number', cell: ({ roi }) => percent(roi) },
  { name: 'Win rate', kind: 'number', cell: ({ win_rate }) => percent(win_rate) },
  { name: 'Trades', kind: 'number', minor: true, cell: ({ trade_count }) => count(trade_count) },
  { name: 'Positions', kind: 'number', minor: true, cell: ({ position_count }) => count(position_count) },
  { name: 'Coverage', kind: 'number', minor: true, cell: ({ coverage }) => percent(coverage) },
  { name: 'Profit factor', kind: 'number', minor: true, cell: ({ profit_factor }) => money(profit_factor) },
  { name: 'Last trade', kind: 'time', minor: true, cell: ({ last_trade_at }) => minute(last_trade_at).slice(0, 10) },
]

/** Places up or down since the run before; in words for who does not see the arrow. */
const Movement = ({ row: { rank, rank_before } }: { row: JsonRow }) => {
  if (rank_before === null || rank_before === undefined) return <span class="badge info">new</span>
  const places = Number(rank_before) - Number(rank)
  if (places === 0)
    return (
      <span class="faint">
        <span aria-hidden="true">=</span>
        <span class="visually-hidden">unchanged</span>
      </span>
    )
  return (
    <span class={places > 0 ? 'up' : 'down'}>
      <span aria-hidden="true">{places > 0 ? '▲' : '▼'}</span>
      <span class="visually-hidden">{places > 0 ? 'up' : 'down'} </span> {Math.abs(places)}
    </span>
  )
}
