import type { Row } from '../../schemas/table.js'
import { tokenMetrics } from '../../schemas/traders/bronze/token_metrics.js'
import { quoteAssets } from '../../schemas/traders/quote_assets.js'
import type { SmartTradersInput } from '../../schemas/traders/smart_traders_input.js'
import type { BirdEyeWork } from './birdeye.js'
import { isItem, momentOf, numberOf, textOf } from './birdeye_fields.js'
import { readList } from './birdeye_list.js'
import { assertTolerable, distinctRejections, type RejectedRow, reasonOf, reject } from './bronze_rejections.js'

export type TokenRow = Row<typeof tokenMetrics>

const endpoint = '/defi/v3/token/list'
const pageSize = 100

/**
 * The tokens that meet the selection, most liquid first, each once. What the source lets through although it does not meet the
 * selection is left out here; quote assets too, since nobody trades well by holding the money.
 */
export const selectTokens = async (
  work: BirdEyeWork,
  asOf: Date,
  selection: SmartTradersInput['tokens'],
): Promise<{ rows: TokenRow[]; rejected: RejectedRow[] }> => {
  const question = { asOf, endpoint, subject: '' }
  const query = {
    sort_by: 'liquidity',
    sort_type: 'desc',
    min_liquidity: selection.minLiquidityUsd,
    max_liquidity: selection.maxLiquidityUsd,
    min_volume_1h_usd: selection.minVolume1hUsd,
    min_price_change_24h_percent: selection.minPriceChange24hPercent,
  }
  const quotes = new Set<string>(quoteAssets.map(({ address }) => address))
  const rows = new Map<string, TokenRow>()
  const rejected: RejectedRow[] = []
  for await (const items of readList(work, endpoint, query, pageSize)) {
    const refused: RejectedRow[] = []
    for (const item of items) {
      const parsed = tokenMetrics.row.safeParse(candidate(item, asOf, rows.size + 1))
      if (!parsed.success) {
        refused.push(reject(question, item, reasonOf(parsed.error)))
        continue
      }
      const row = parsed.data
      if (quotes.has(row.token_address) || rows.has(row.token_address) || !meets(row, selection)) continue
      if (rows.size < selection.limit) rows.set(row.token_address, row)
    }
    assertTolerable(question, items.length, refused)
    rejected.push(...refused)
    if (rows.size >= selection.limit) break
  }
  return { rows: [...rows.values()], rejected: distinctRejections(rejected) }
}

/** A figure that the source leaves out is the filter's word for it. */
const meets = (row: TokenRow, selection: SmartTradersInput['tokens']): boolean =>
  row.liquidity_usd >= selection.minLiquidityUsd &&
  row.liquidity_usd <= selection.maxLiquidityUsd &&
  (row.volume_1h_usd ?? selection.minVolume1hUsd) >= selection.minVolume1hUsd &&
  (row.price_change_24h_percent ?? selection.minPriceChange24hPercent) >= selection.minPriceChange24hPercent

const candidate = (value: unknown, asOf: Date, rank: number): Record<string, unknown> => {
  const item = isItem(value) ? value : {}
  return {
    as_of: asOf,
    token_address: item['address'],
    selection_rank: rank,
    symbol: textOf(item['symbol']),
    name: textOf(item['name']),
    decimals: numberOf(item['decimals']),
    price_usd: numberOf(item['price']),
    liquidity_usd: numberOf(item['liquidity']),
    market_cap_usd: numberOf(item['market_cap'] ?? item['marketCap'] ?? item['marketcap']),
    fdv_usd: numberOf(item['fdv']),
    volume_1h_usd: numberOf(item['volume_1h_usd'] ?? item['volume1hUSD']),
    volume_24h_usd: numberOf(item['volume_24h_usd'] ?? item['volume24hUSD']),
    price_change_24h_percent: numberOf(item['price_change_24h_percent'] ?? item['price24hChangePercent']),
    holder_count: numberOf(item['holder']),
    last_trade_at: momentOf(item['last_trade_unix_time'] ?? item['lastTradeUnixTime']),
  }
}
