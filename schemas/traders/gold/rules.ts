import { z } from 'zod'

/** A figure that a wallet must reach or stay under to be ranked. The name is also that of the SQL parameter with its threshold. */
export interface Rule {
  readonly name: string
  /** Whether it asks how well a wallet did, or how it trades: the latter marks what is no person trading. */
  readonly about: 'success' | 'conduct'
  readonly byDefault: number
  readonly comparison: '>=' | '<='
  /** SQL over a row of wallet_figures. */
  readonly figure: string
  /** The figure in words, as the subject of a sentence. */
  readonly subject: string
  readonly unit: Unit
  /** Why the figure of a wallet may be NULL. */
  readonly unknown: string
}

export type Unit = 'usd' | 'share' | 'count' | 'days'

const noKnownSale = 'no sale has both a known cost and known proceeds'
const noTrade = 'it has no trade'

/** Who is ranked at all. Thresholds are part of the run's input; these are their defaults. */
export const rules: readonly Rule[] = [
  {
    name: 'min_realized_pnl_usd',
    about: 'success',
    byDefault: 10,
    comparison: '>=',
    figure: 'realized_pnl_usd',
    subject: 'realized PnL',
    unit: 'usd',
    unknown: noKnownSale,
  },
  {
    name: 'min_roi',
    about: 'success',
    byDefault: 0.01,
    comparison: '>=',
    figure: 'roi',
    subject: 'the return on the cost of what was sold',
    unit: 'share',
    unknown: noKnownSale,
  },
  {
    name: 'min_win_rate',
    about: 'success',
    byDefault: 0.4,
    comparison: '>=',
    figure: 'win_rate',
    subject: 'the share of round trips won',
    unit: 'share',
    unknown: 'no round trip ended more than 1 USD and 1 % away from its cost',
  },
  {
    name: 'min_trades',
    about: 'success',
    byDefault: 10,
    comparison: '>=',
    figure: 'trade_count',
    subject: 'the number of trades',
    unit: 'count',
    unknown: noTrade,
  },
  {
    name: 'min_coverage',
    about: 'success',
    byDefault: 0.8,
    comparison: '>=',
    figure: 'coverage',
    subject: 'the share of sales whose cost is known',
    unit: 'share',
    unknown: 'nothing was sold at a known price',
  },
  {
    name: 'max_days_since_last_trade',
    about: 'success',
    byDefault: 14,
    comparison: '<=',
    figure: 'days_since_last_trade',
    subject: 'the time since the last trade',
    unit: 'days',
    unknown: noTrade,
  },
  {
    // Half of the profit from one token: the others together earned no more than it did.
    name: 'max_concentration',
    about: 'success',
    byDefault: 0.5,
    comparison: '<=',
    figure: 'concentration',
    subject: 'the share of the profit that one token made',
    unit: 'share',
    unknown: 'no token made a profit',
  },
  {
    // A swap every 15 minutes around the clock, or every five in a waking day.
    name: 'max_trades_per_day',
    about: 'conduct',
    byDefault: 100,
    comparison: '<=',
    figure: 'trades_per_day',
    subject: 'the number of trades per active day',
    unit: 'count',
    unknown: noTrade,
  },
  {
    name: 'max_quick_sale_share',
    about: 'conduct',
    byDefault: 0.03,
    comparison: '<=',
    figure: 'quick_sale_share',
    subject: 'the share of sales within 60 seconds of their buy',
    unit: 'share',
    unknown: noKnownSale,
  },
  {
    // Routes through a third token also look cyclic, so some of it is normal.
    name: 'max_cyclic_share',
    about: 'conduct',
    byDefault: 0.3,
    comparison: '<=',
    figure: 'cyclic_share',
    subject: 'the share of trades bought and sold back in one transaction',
    unit: 'share',
    unknown: noTrade,
  },
  {
    name: 'max_wash_share',
    about: 'conduct',
    byDefault: 0.5,
    comparison: '<=',
    figure: 'wash_share',
    subject: 'the share of cost sold back within an hour and 2 % of what it cost',
    unit: 'share',
    unknown: noKnownSale,
  },
  {
    name: 'max_program_owners',
    about: 'conduct',
    byDefault: 0,
    comparison: '<=',
    figure: 'program_owners',
    subject: 'the number of programs, pools, exchanges and burn addresses that it is known to be',
    unit: 'count',
    unknown: 'it was not among the holders and traders looked at',
  },
]

/** From the best down; a wallet has the first tier of which it reaches every threshold, else it is promising. */
export const tiers = [
  { name: 'elite', realized_pnl_usd: 1_000, roi: 0.3, win_rate: 0.6, trade_count: 10 },
  { name: 'strong', realized_pnl_usd: 100, roi: 0.15, win_rate: 0.4, trade_count: 5 },
] as const

const tierThresholds = tiers.flatMap(({ name, ...figures }) =>
  Object.entries(figures).map(([figure, byDefault]) => ({ name: tierParameter(name, figure), byDefault, figure })),
)

/** `elite_min_roi` is the least ROI of tier elite. */
export function tierParameter(tier: string, figure: string): string {
  return `${tier}_min_${figure === 'trade_count' ? 'trades' : figure}`
}

export const ruleParameters: readonly string[] = rules.map(({ name }) => name)
export const conductRules: readonly string[] = rules.flatMap(({ name, about }) => (about === 'conduct' ? [name] : []))
export const tierParameters: readonly string[] = tierThresholds.map(({ name }) => name)

/** Every threshold by its parameter's name, at its default. */
export const goldDefaults: Readonly<Record<string, number>> = Object.fromEntries(
  [...rules, ...tierThresholds].map(({ name, byDefault }) => [name, byDefault]),
)

const inputField = (unit: Unit | undefined, figure: string) =>
  (unit === 'share' && figure !== 'roi') || figure === 'win_rate' ? z.number().min(0).max(1) : z.number().min(0)

/** The thresholds as fields of a workflow's input, in its spelling: `min_roi` is `minRoi`. */
export const goldInput: Readonly<Record<string, z.ZodDefault<z.ZodNumber>>> = Object.fromEntries([
  ...rules.map(({ name, byDefault, unit, figure }) => [camelCase(name), inputField(unit, figure).default(byDefault)]),
  ...tierThresholds.map(({ name, byDefault, figure }) => [
    camelCase(name),
    inputField(undefined, figure).default(byDefault),
  ]),
])

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
