import { holds } from '../../check.js'
import { bigint, double, integer, nullable, text, timestamp, usd } from '../../column.js'
import { defineTable } from '../../table.js'
import { tierParameter, tierParameters, tiers } from './rules.js'
import { skill } from './skill.js'
import { walletFigures } from './wallet_figures.js'
import { walletVerdicts } from './wallet_verdicts.js'

const tierCases = tiers
  .map(({ name, ...figures }) => {
    const reached = Object.keys(figures).map((figure) => `${figure}::DOUBLE >= $${tierParameter(name, figure)}::DOUBLE`)
    return `WHEN ${reached.join(' AND ')} THEN '${name}'`
  })
  .join(' ')

const percent = (share: string): string => `format('{:,.1f} %', 100 * ${share})`
const money = (amount: string): string => `format('{:,.2f} USD', ${amount}::DOUBLE)`

/**
 * The wallets that pass every rule, the best first. `score` is what a position of the wallet can be trusted to return, at
 * least: docs/ranking.md. `tier` says how large the success was; it does not decide the rank.
 */
export const smartWallets = defineTable('traders_gold.smart_wallets', {
  dataset: { purpose: 'ranking', subject: 'smart', grain: 'wallet' },
  grain: 'One row per wallet that passes every rule.',
  columns: {
    as_of: timestamp,
    /** By score from 1; equal scores in order of address. */
    rank: integer,
    wallet_address: text,
    score: double,
    tier: text,
    /** Why it is here and where, as sentences. */
    reasons: text,
    realized_pnl_usd: usd,
    cost_of_sold_usd: usd,
    total_pnl_usd: usd,
    roi: double,
    win_rate: double,
    win_rate_lower_bound: double,
    coverage: double,
    concentration: double,
    trade_count: bigint,
    round_trips: bigint,
    /** Positions, the tokens and the days they were opened on: what the score rests on. */
    position_count: bigint,
    position_tokens: bigint,
    position_days: bigint,
    /** Mean logarithmic return of a position: as observed, and as estimated after shrinking towards all wallets. */
    edge: double,
    shrunk_edge: double,
    trades_per_day: double,
    profit_factor: nullable(double),
    max_drawdown: nullable(double),
    median_holding_seconds: nullable(bigint),
    first_trade_at: timestamp,
    last_trade_at: timestamp,
  },
  key: ['wallet_address'],
  sortedBy: ['rank'],
  checks: {
    'ranks run from 1 without a gap': {
      severity: 'blocking',
      type: 'consistency',
      offending:
        'CASE WHEN count(*) = 0 THEN 0 ELSE abs(count(*) - count(DISTINCT rank)) + abs(min(rank) - 1) + abs(max(rank) - count(*)) END',
    },
    'a tier is known': holds("tier IN ('elite', 'strong', 'promising')"),
    'shares are between 0 and 1': holds(
      `win_rate BETWEEN 0 AND 1 AND win_rate_lower_bound BETWEEN 0 AND win_rate AND coverage BETWEEN 0 AND 1
        AND concentration BETWEEN 0 AND 1`,
    ),
    'the score is no more than the estimate it bounds': holds('isfinite(score) AND score <= shrunk_edge'),
    'nothing is ranked before it traded': holds('first_trade_at <= last_trade_at AND last_trade_at <= as_of'),
  },
  example: {
    as_of: new Date('2026-11-21T06:00:00Z'),
    rank: 1,
    wallet_address: '7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5',
    score: 0.0312,
    tier: 'elite',
    reasons: 'A position can be trusted to return at least 3.2 % (95 %).',
    realized_pnl_usd: '67465.500000000000',
    cost_of_sold_usd: '202534.500000000000',
    total_pnl_usd: '68465.500000000000',
    roi: 0.3331,
    win_rate: 0.62,
    win_rate_lower_bound: 0.47,
    coverage: 1,
    concentration: 0.12,
    trade_count: 212n,
    round_trips: 84n,
    position_count: 86n,
    position_tokens: 31n,
    position_days: 58n,
    edge: 0.055,
    shrunk_edge: 0.049,
    trades_per_day: 3.4,
    profit_factor: 2.1,
    max_drawdown: 0.08,
    median_holding_seconds: 21_600n,
    first_trade_at: new Date('2026-08-30T12:00:00Z'),
    last_trade_at: new Date('2026-11-20T18:00:00Z'),
  },
  derive: {
    from: { figures: walletFigures, verdicts: walletVerdicts, skill },
    parameters: tierParameters,
    select: ({ figures, verdicts, skill }) => `
WITH passed AS (
  SELECT wallet_address FROM ${verdicts} GROUP BY wallet_address HAVING bool_and(passed)
), scored AS (
  SELECT *, floor(edge_lower_bound * 1e6) / 1e6 AS score, CASE ${tierCases} ELSE 'promising' END AS tier
  FROM ${figures} SEMI JOIN passed USING (wallet_address) JOIN ${skill} USING (wallet_address)
)
SELECT as_of, CAST(row_number() OVER (ORDER BY score DESC, wallet_address) AS INTEGER) AS rank, wallet_address, score, tier,
  'With 95 % confidence a position returns at least ' || ${percent('(exp(score) - 1)')} || ': it returned '
    || ${percent('(exp(edge) - 1)')} || ' in the geometric mean of ' || positions || ' positions in ' || tokens || ' tokens, opened on '
    || days || ' days. Realized ' || ${money('realized_pnl_usd')} || ', ' || ${percent('roi')} || ' of cost. Won ' || wins || ' of '
    || (wins + losses) || ' decided round trips: ' || ${percent('win_rate')} || ', at least ' || ${percent('win_rate_lower_bound')}
    || ' with 95 % confidence.' AS reasons,
  realized_pnl_usd, cost_of_sold_usd, total_pnl_usd, roi, win_rate, win_rate_lower_bound, coverage, concentration, trade_count,
  round_trips, positions AS position_count, tokens AS position_tokens, days AS position_days, edge, shrunk_edge, trades_per_day,
  profit_factor, max_drawdown, median_holding_seconds, first_trade_at, last_trade_at
FROM scored`,
  },
})
