import { holds } from '../../check.js'
import { bigint, boolean, double, integer, nullable, rawAmount, text, timestamp } from '../../column.js'
import { defineTable } from '../../table.js'

/**
 * Who holds or trades a selected token: `/defi/v3/token/holder` summed over each owner's token accounts, joined with
 * `/defi/v2/tokens/top_traders`. Owners that are not people are kept and flagged; only `is_tradable` ones are followed.
 */
export const whaleHolders = defineTable('traders_bronze.whale_holders', {
  dataset: { purpose: 'holdings', subject: 'whale', grain: 'token' },
  grain: 'One row per token, owner and run.',
  source: ['BirdEye /defi/v3/token/holder', 'BirdEye /defi/v2/tokens/top_traders'],
  columns: {
    as_of: timestamp,
    token_address: text,
    wallet_address: text,
    /** Sum over the owner's token accounts that were listed; 0 for a top trader who is not among the listed holders. */
    amount_raw: rawAmount,
    token_account_count: integer,
    /** Place by amount among the listed owners, from 1; ties in order of address. */
    holder_rank: nullable(integer),
    top_trader_rank: nullable(integer),
    /** Over the 24 hours before the run, in units of the token. */
    top_trader_volume: nullable(double),
    top_trader_trades: nullable(bigint),
    /** BirdEye's tags of the owner, as a JSON array; such as `sniper-bot`. */
    tags: text,
    owner_kind: text,
    is_tradable: boolean,
  },
  key: ['as_of', 'token_address', 'wallet_address'],
  sortedBy: ['as_of', 'token_address', 'holder_rank'],
  checks: {
    'amounts are not negative': holds('amount_raw >= 0 AND token_account_count >= 0'),
    'an owner is of a known kind': holds("owner_kind IN ('wallet', 'program', 'pool', 'exchange', 'burn')"),
    'only wallets are traded on': holds("is_tradable = (owner_kind = 'wallet')"),
    'an owner holds or trades': holds('holder_rank IS NOT NULL OR top_trader_rank IS NOT NULL'),
  },
  example: {
    as_of: new Date('2026-11-21T06:00:00Z'),
    token_address: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263',
    wallet_address: '7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5',
    amount_raw: 5_000_000_000_000_000_000n,
    token_account_count: 2,
    holder_rank: 3,
    top_trader_rank: 7,
    top_trader_volume: 81_234_567.5,
    top_trader_trades: 412n,
    tags: '[]',
    owner_kind: 'wallet',
    is_tradable: true,
  },
})
