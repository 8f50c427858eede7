import { Hono } from 'hono'
import { count, money, percent } from '../../format.js'
import type { LakeView } from '../../readings/lake_view.js'
import { readParameters } from '../../readings/runs.js'
import {
  longParts,
  readEquity,
  readTokenPnl,
  readWalletPage,
  readWalletPart,
  readWalletTotal,
} from '../../readings/wallet.js'
import { notFound } from '../problem.js'
import { DataTable } from './data_table.js'
import { EquityCurve } from './equity_curve.js'
import { type PageDependencies, page } from './page.js'
import { Pager, pageNumber } from './pager.js'
import type { Place } from './place.js'
import { Tier } from './tier.js'
import { TierReasons } from './tier_reasons.js'
import { longColumns, longNames, pnlColumns } from './wallet_columns.js'
import { direction, duration, minute, signedMoney } from './words.js'

const pageSize = 25
const tokensPageSize = 15

/** `/wallets/:address`: one wallet, from its verdict down to its lots. */
export const walletPage = (dependencies: PageDependencies): Hono =>
  new Hono().get('/wallets/:address', (context) => {
    const address = context.req.param('address')
    return page(dependencies, context, async (view, place) => {
      const verdicts = await readWalletPart(view, 'verdicts', address)
      const all = await readWalletTotal(view, address)
      if (all === undefined && verdicts.length === 0)
        throw notFound(
          `no trade of the wallet "${address}" is in what was published then; the leaderboard lists wallets that are`,
        )
      const [ranking] = await readWalletPart(view, 'ranking', address)
      const equity = await readEquity(view, address)
      const content = (
        <>
          <h1>
            <span class="mono">{address}</span>
          </h1>
          <p class="lead">
            {ranking === undefined ? (
              'Not ranked: a rule below is not passed.'
            ) : (
              <>
                Rank {ranking['rank']} <Tier name={ranking['tier']} />
              </>
            )}
          </p>
          <Figures all={all ?? {}} score={ranking?.['score']} />
          <EquityCurve days={equity} />
          <TierReasons ranking={ranking} verdicts={verdicts} parameters={await readParameters(view)} />
          <Tokens view={view} place={place} address={address} />
          <LongParts view={view} place={place} address={address} />
        </>
      )
      return { title: `Wallet ${address.slice(0, 8)}`, content }
    })
  })

const Figures = ({ all, score }: { all: Readonly<Record<string, unknown>>; score: unknown }) => (
  <dl class="figures">
    {[
      ['Realized', signedMoney(all['realized_pnl_usd']), 'USD', direction(all['realized_pnl_usd'])],
      [
        'Open',
        signedMoney(all['unrealized_pnl_usd']),
        `USD on ${money(all['open_cost_usd'])}`,
        direction(all['unrealized_pnl_usd']),
      ],
      ['Score', score === undefined ? 'none' : Number(score).toFixed(4), 'least return of a position', ''],
      ['ROI', percent(all['roi']), `of ${money(all['cost_of_sold_usd'])} USD sold`, ''],
      [
        'Win rate',
        percent(all['win_rate']),
        `${count(all['wins'])} of ${count(Number(all['wins'] ?? 0) + Number(all['losses'] ?? 0))} decided`,
        '',
      ],
      [
        'Trades',
        count(Number(all['buy_count'] ?? 0) + Number(all['sell_count'] ?? 0)),
        `${count(all['token_count'])} tokens, ${count(all['active_days'])} days`,
        '',
      ],
      ['Coverage', percent(all['coverage']), 'of sales have a known cost', ''],
      ['Holds', duration(all['median_holding_seconds']), 'median', ''],
      ['Last trade', minute(all['last_trade_at']).slice(0, 10), `${minute(all['last_trade_at']).slice(11)} UTC`, ''],
    ].map(([name, value, note, tone]) => (
      <div>
        <dt>{name}</dt>
        <dd>
          <span class={tone}>{value}</span>
          <small>{note}</small>
        </dd>
      </div>
    ))}
  </dl>
)

interface PartProps {
  readonly view: LakeView
  readonly place: Place
  readonly address: string
}

const Tokens = async ({ view, place, address }: PartProps) => {
  const number = pageNumber(place, 'tokens')
  const rows = await readTokenPnl(view, address, { limit: tokensPageSize, offset: (number - 1) * tokensPageSize })
  return (
    <section aria-labelledby="tokens">
      <h2 id="tokens">Profit and loss by token</h2>
      <DataTable
        caption="Realized and open, first in first out; the largest in either direction first"
        columns={pnlColumns(place)}
        rows={rows}
        empty="No token was traded."
      />
      <Pager
        place={place}
        name="tokens"
        page={number}
        size={tokensPageSize}
        total={Number(rows[0]?.['of_total'] ?? rows.length)}
        what="tokens"
      />
    </section>
  )
}

const LongParts = async ({ view, place, address }: PartProps) => {
  const parts = []
  for (const part of longParts) {
    const number = pageNumber(place, part)
    const { rows, total } = await readWalletPage(view, part, address, {
      limit: pageSize,
      offset: (number - 1) * pageSize,
    })
    const { title, caption } = longNames[part]
    parts.push(
      <section aria-labelledby={part}>
        <h2 id={part}>
          {title} <span class="faint">{count(total)}</span>
        </h2>
        <DataTable caption={caption} columns={longColumns[part](place)} rows={rows} empty="None." />
        <Pager place={place} name={part} page={number} size={pageSize} total={total} what={title.toLowerCase()} />
      </section>,
    )
  }
  return <>{parts}</>
}
