import { z } from 'zod'
import { rawAmount } from '../../schemas/column.js'
import type { BirdEyeWork } from './birdeye.js'
import { bigintOf, isItem, numberOf } from './birdeye_fields.js'
import { readList } from './birdeye_list.js'
import {
  assertTolerable,
  distinctRejections,
  type Question,
  type RejectedRow,
  reasonOf,
  reject,
} from './bronze_rejections.js'
import { isSolanaAddress } from './solana_address.js'

const address = z.string().refine(isSolanaAddress, 'not a Solana address')

const holder = z.object({
  owner: address,
  token_account: z.string(),
  amount_raw: rawAmount.value,
})
export type Holder = z.infer<typeof holder>

const topTrader = z.object({
  owner: address,
  tags: z.array(z.string()),
  volume: z.number().nullable(),
  trades: z.bigint().nullable(),
})
export type TopTrader = z.infer<typeof topTrader>

interface Listed<Item> {
  readonly items: readonly Item[]
  readonly rejected: readonly RejectedRow[]
}

/** The token accounts with the largest balances of a token, each once: at most `limit`, which the source ends at 10,000. */
export const fetchHolders = (work: BirdEyeWork, asOf: Date, token: string, limit: number): Promise<Listed<Holder>> => {
  const endpoint = '/defi/v3/token/holder'
  return listed(
    work,
    { asOf, endpoint, subject: token },
    { address: token },
    { limit, pageSize: 100 },
    holder,
    (item) => ({
      identity: String(item['token_account'] ?? item['tokenAccount']),
      row: {
        owner: item['owner'],
        token_account: item['token_account'] ?? item['tokenAccount'],
        amount_raw: bigintOf(item['amount']),
      },
    }),
  )
}

/** The wallets that traded most of a token within 24 hours, in order, each once: at most `limit`. */
export const fetchTopTraders = (
  work: BirdEyeWork,
  asOf: Date,
  token: string,
  limit: number,
): Promise<Listed<TopTrader>> => {
  const endpoint = '/defi/v2/tokens/top_traders'
  const query = { address: token, time_frame: '24h', sort_by: 'volume', sort_type: 'desc' }
  return listed(work, { asOf, endpoint, subject: token }, query, { limit, pageSize: 10 }, topTrader, (item) => ({
    identity: String(item['owner']),
    row: {
      owner: item['owner'],
      tags: Array.isArray(item['tags']) ? item['tags'] : [],
      volume: numberOf(item['volume']),
      trades: item['trade'] === undefined ? null : bigintOf(item['trade']),
    },
  }))
}

type Reading = (item: Readonly<Record<string, unknown>>) => { readonly identity: string; readonly row: unknown }

const listed = async <Item>(
  work: BirdEyeWork,
  question: Question,
  query: Readonly<Record<string, string | number>>,
  { limit, pageSize }: { limit: number; pageSize: number },
  schema: z.ZodType<Item>,
  read: Reading,
): Promise<Listed<Item>> => {
  const items = new Map<string, Item>()
  const rejected: RejectedRow[] = []
  if (limit > 0) {
    for await (const page of readList(work, question.endpoint, query, Math.min(pageSize, limit))) {
      const refused: RejectedRow[] = []
      for (const value of page) {
        const { identity, row } = read(isItem(value) ? value : {})
        const parsed = schema.safeParse(row)
        if (!parsed.success) refused.push(reject(question, value, reasonOf(parsed.error)))
        else if (!items.has(identity) && items.size < limit) items.set(identity, parsed.data)
      }
      assertTolerable(question, page.length, refused)
      rejected.push(...refused)
      if (items.size >= limit) break
    }
  }
  return { items: [...items.values()], rejected: distinctRejections(rejected) }
}
