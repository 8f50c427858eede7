import { holds } from '../../check.js'
import { bigint, boolean, integer, rawAmount, text } from '../../column.js'
import { defineTable } from '../../table.js'
import { nativeSolAddress } from '../quote_assets.js'

/**
 * How a transaction changed what an account owns, which is the same in both of Helius' forms. Native SOL stands under
 * `So1…1` (wrapped SOL is `So1…2`): the lamports of the account itself. A token's row is the sum over the token accounts that
 * the owner was seen to own; `lamports_change` is what these accounts gained in lamports, their rent and, for wrapped SOL, the SOL.
 * Summed over a transaction, `lamports_change` is minus the fee.
 */
export const webhookBalances = defineTable('traders_bronze.webhook_balances', {
  dataset: { purpose: 'delivery', subject: 'webhook', grain: 'balance' },
  grain: 'One row per transaction, owner and asset whose balance changed.',
  source: ['Helius deliveries', 'Helius /v0/transactions'],
  columns: {
    signature: text,
    owner_address: text,
    /** Somebody may have a key to it: its address is a point of the curve, and it is no known pool, exchange or program. */
    is_wallet: boolean,
    asset_address: text,
    change_raw: rawAmount,
    decimals: integer,
    lamports_change: bigint,
  },
  key: ['signature', 'owner_address', 'asset_address'],
  sortedBy: ['signature'],
  checks: {
    'something changed': holds('change_raw <> 0 OR lamports_change <> 0'),
    'native SOL is counted in lamports': holds(
      `asset_address <> '${nativeSolAddress}' OR change_raw = lamports_change AND decimals = 9`,
    ),
    'decimals are a byte': holds('decimals BETWEEN 0 AND 255'),
  },
  example: {
    signature: '5wHu1qwD7q9ifaBpTwFg1gGrYBMRvJXu9Kd9wX7kL3mNpQrStUvWxYzAbCdEfGhJkLmNoPqRsTuVwXyZ12345678',
    owner_address: '7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5',
    is_wallet: true,
    asset_address: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263',
    change_raw: 5_000_000_000n,
    decimals: 5,
    lamports_change: 2_039_280n,
  },
})
