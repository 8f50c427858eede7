import { holds } from '../../check.js'
import { bigint, integer, rawAmount, text, timestamp } from '../../column.js'
import { defineTable } from '../../table.js'
import { webhookBalances } from '../bronze/webhook_balances.js'
import { webhookEvents } from '../bronze/webhook_events.js'
import { nativeSolAddress, quoteAssets, wrappedSolAddress } from '../quote_assets.js'

/** Above the rent of a token account (2,039,280), which a wallet may pay for somebody it sends tokens to. */
export const leastLamports = 3_000_000n

const listed = (addresses: readonly string[]): string => addresses.map((address) => `'${address}'`).join(', ')
const sol: readonly string[] = [nativeSolAddress, wrappedSolAddress]
const stablecoins = quoteAssets.map(({ address }) => address as string).filter((address) => !sol.includes(address))

/**
 * What a transaction bought or sold for a wallet, by how its balances changed: Helius' own reading of a swap is missing for most, and names
 * the pool as the trader in others. A token that came or went is a trade where something else went or came: a stablecoin before SOL (of which
 * tips are paid as well), SOL before another token. The SOL of a wallet is the lamports of its account and of its token accounts, so that rent of its
 * own accounts and wrapping cancel out, with the network fee given back; less than 0.003 SOL is no counterpart. A token that came or went alone was sent.
 */
export const trades = defineTable('traders_live.trades', {
  dataset: { purpose: 'monitoring', subject: 'wallet', grain: 'trade' },
  grain: 'One row per transaction, wallet and token that it bought or sold.',
  columns: {
    signature: text,
    wallet_address: text,
    token_address: text,
    side: text,
    /** Smallest units, above zero on both sides; what the wallet had more or less after the whole transaction. */
    quantity_raw: rawAmount,
    decimals: integer,
    counter_token_address: text,
    /** With tips and the fees of routers, without the network's. */
    counter_quantity_raw: rawAmount,
    counter_decimals: integer,
    block_time: timestamp,
    slot: bigint,
    received_at: timestamp,
    /** How we know of it: see traders_bronze.webhook_events. */
    origin: text,
  },
  key: ['signature', 'wallet_address', 'token_address'],
  sortedBy: ['wallet_address', 'block_time'],
  checks: {
    'a side is buy or sell': holds("side IN ('buy', 'sell')"),
    'something moved both ways': holds('quantity_raw > 0 AND counter_quantity_raw > 0'),
    'a trade is against another asset': holds('token_address <> counter_token_address'),
    'money is no position': holds(`token_address NOT IN (${listed(quoteAssets.map(({ address }) => address))})`),
  },
  example: {
    signature: '5wHu1qwD7q9ifaBpTwFg1gGrYBMRvJXu9Kd9wX7kL3mNpQrStUvWxYzAbCdEfGhJkLmNoPqRsTuVwXyZ12345678',
    wallet_address: '7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5',
    token_address: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263',
    side: 'buy',
    quantity_raw: 5_000_000_000n,
    decimals: 5,
    counter_token_address: wrappedSolAddress,
    counter_quantity_raw: 2_000_000_000n,
    counter_decimals: 9,
    block_time: new Date('2026-11-20T12:00:00Z'),
    slot: 301_234_567n,
    received_at: new Date('2026-11-20T12:00:01Z'),
    origin: 'delivered',
  },
  derive: {
    from: { events: webhookEvents, balances: webhookBalances },
    by: 'signature',
    select: ({ events, balances }) => `
WITH event AS (
  SELECT signature, fee_payer_address, fee_lamports, block_time, slot, received_at, origin FROM ${events} WHERE NOT is_failed
), sol AS (
  SELECT signature, owner_address,
    CAST(sum(lamports_change) + max(if(fee_payer_address = owner_address, fee_lamports, 0)) AS DECIMAL(38,0)) AS change_raw
  FROM ${balances} JOIN event USING (signature) WHERE is_wallet GROUP BY signature, owner_address
), asset AS (
  SELECT signature, owner_address, asset_address, change_raw, decimals, if(asset_address IN (${listed(stablecoins)}), 1, 3) AS preference
  FROM ${balances} SEMI JOIN event USING (signature)
  WHERE is_wallet AND change_raw <> 0 AND asset_address NOT IN (${listed(sol)})
  UNION ALL
  SELECT signature, owner_address, '${wrappedSolAddress}' AS asset_address, change_raw, 9 AS decimals, 2 AS preference
  FROM sol WHERE abs(change_raw) >= ${leastLamports}
), pair AS (
  SELECT own.signature, own.owner_address, own.asset_address, own.change_raw, own.decimals, other.asset_address AS counter_address,
    other.change_raw AS counter_change_raw, other.decimals AS counter_decimals,
    row_number() OVER (PARTITION BY own.signature, own.owner_address, own.asset_address
      ORDER BY other.preference, other.asset_address) AS choice
  FROM asset AS own JOIN asset AS other ON own.signature = other.signature AND own.owner_address = other.owner_address
    AND sign(own.change_raw) <> sign(other.change_raw)
  WHERE own.preference = 3
)
SELECT signature, owner_address AS wallet_address, asset_address AS token_address, if(change_raw > 0, 'buy', 'sell') AS side,
  abs(change_raw) AS quantity_raw, decimals, counter_address AS counter_token_address, abs(counter_change_raw) AS counter_quantity_raw,
  counter_decimals, block_time, slot, received_at, origin
FROM pair JOIN event USING (signature) WHERE choice = 1`,
  },
})
