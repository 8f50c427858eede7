import { z } from 'zod'
import type { Row } from '../../schemas/table.js'
import { webhookBalances } from '../../schemas/traders/bronze/webhook_balances.js'
import { webhookEvents } from '../../schemas/traders/bronze/webhook_events.js'
import { reasonOf } from './bronze_rejections.js'
import { type BalanceChanges, balancesOf } from './webhook_balances.js'

export type EventRow = Row<typeof webhookEvents>
export type BalanceRow = Row<typeof webhookBalances>

/** A transaction as rows, or why it is none. */
export type WebhookEvent =
  | { readonly event: EventRow; readonly balances: readonly BalanceRow[] }
  | { readonly refused: string }

interface Telling {
  readonly origin: 'delivered' | 'fetched'
  readonly receivedAt: Date
}

/** A whole number as lossless JSON gives it. */
const whole = z.union([z.int(), z.string().regex(/^-?\d{1,38}$/)]).transform((value) => BigInt(value))
const moment = z.int().transform((seconds) => new Date(seconds * 1_000))
const address = z.string().min(1)

const enhanced = z.object({
  signature: z.string().min(1),
  timestamp: moment,
  slot: whole,
  fee: whole,
  feePayer: address,
  type: z.string().nullish(),
  source: z.string().nullish(),
  transactionError: z.unknown().optional(),
  accountData: z.array(
    z.object({
      account: address,
      nativeBalanceChange: whole,
      tokenBalanceChanges: z
        .array(
          z.object({
            userAccount: address,
            tokenAccount: address,
            mint: address,
            rawTokenAmount: z.object({ tokenAmount: whole, decimals: z.int() }),
          }),
        )
        .nullish(),
    }),
  ),
})

const tokenBalance = z.object({
  accountIndex: z.int().nonnegative(),
  mint: address,
  owner: address,
  uiTokenAmount: z.object({ amount: whole, decimals: z.int() }),
})
const addresses = z.array(address).nullish()
const raw = z.object({
  blockTime: moment,
  slot: whole,
  meta: z.object({
    err: z.unknown().optional(),
    fee: whole,
    preBalances: z.array(whole),
    postBalances: z.array(whole),
    preTokenBalances: z.array(tokenBalance).nullish(),
    postTokenBalances: z.array(tokenBalance).nullish(),
    loadedAddresses: z.object({ writable: addresses, readonly: addresses }).nullish(),
  }),
  transaction: z.object({
    signatures: z.array(z.string().min(1)).min(1),
    message: z.object({ accountKeys: z.array(z.union([address, z.object({ pubkey: address })])).min(1) }),
  }),
})

/** Reads an event of a delivery, enhanced or raw, which lossless JSON has parsed. */
export const toWebhookEvent = (item: unknown, telling: Telling): WebhookEvent => {
  const isRaw = typeof item === 'object' && item !== null && 'meta' in item
  const told = isRaw ? readRaw(item) : readEnhanced(item)
  if ('refused' in told) return told
  const { changes, ...facts } = told
  const event = webhookEvents.row.safeParse({
    ...facts,
    origin: telling.origin,
    received_at: telling.receivedAt,
    raw_json: JSON.stringify(item),
  })
  if (!event.success) return { refused: reasonOf(event.error) }
  const balances = balancesOf(changes).map((balance) =>
    webhookBalances.row.safeParse({ signature: event.data.signature, ...balance }),
  )
  const bad = balances.find(({ success }) => !success)
  if (bad?.error !== undefined) return { refused: reasonOf(bad.error) }
  return { event: event.data, balances: balances.flatMap(({ data }) => (data === undefined ? [] : [data])) }
}

type Facts = Omit<EventRow, 'origin' | 'received_at' | 'raw_json'> & { readonly changes: BalanceChanges }

const readEnhanced = (item: unknown): Facts | { refused: string } => {
  const parsed = enhanced.safeParse(item)
  if (!parsed.success) return { refused: reasonOf(parsed.error) }
  const { accountData, transactionError, ...told } = parsed.data
  const lamports = new Map<string, bigint>()
  for (const { account, nativeBalanceChange } of accountData)
    lamports.set(account, (lamports.get(account) ?? 0n) + nativeBalanceChange)
  const tokens = accountData.flatMap(({ tokenBalanceChanges }) =>
    (tokenBalanceChanges ?? []).map(({ tokenAccount, userAccount, mint, rawTokenAmount }) => ({
      account: tokenAccount,
      owner: userAccount,
      mint,
      change: rawTokenAmount.tokenAmount,
      decimals: rawTokenAmount.decimals,
    })),
  )
  return {
    form: 'enhanced',
    signature: told.signature,
    block_time: told.timestamp,
    slot: told.slot,
    fee_payer_address: told.feePayer,
    fee_lamports: told.fee,
    is_failed: transactionError !== null && transactionError !== undefined,
    transaction_type: told.type ?? null,
    source: told.source ?? null,
    changes: { lamports, tokens },
  }
}

const readRaw = (item: unknown): Facts | { refused: string } => {
  const parsed = raw.safeParse(item)
  if (!parsed.success) return { refused: reasonOf(parsed.error) }
  const { meta, transaction, blockTime, slot } = parsed.data
  const named = transaction.message.accountKeys.map((key) => (typeof key === 'string' ? key : key.pubkey))
  const loaded = [...(meta.loadedAddresses?.writable ?? []), ...(meta.loadedAddresses?.readonly ?? [])]
  // In the encoding jsonParsed the loaded addresses stand among the keys already.
  const accounts = named.length < meta.preBalances.length ? [...named, ...loaded] : named
  const [signature] = transaction.signatures
  const [feePayer] = accounts
  if (accounts.length !== meta.preBalances.length || accounts.length !== meta.postBalances.length)
    return { refused: `meta.preBalances: ${meta.preBalances.length} balances of ${accounts.length} accounts` }
  const lamports = new Map(
    accounts.map((account, index) => [account, (meta.postBalances[index] ?? 0n) - (meta.preBalances[index] ?? 0n)]),
  )
  const ends = [
    ...(meta.preTokenBalances ?? []).map((balance) => ({ ...balance, sign: -1n })),
    ...(meta.postTokenBalances ?? []).map((balance) => ({ ...balance, sign: 1n })),
  ]
  const tokens = ends.map(({ accountIndex, mint, owner, uiTokenAmount, sign }) => ({
    account: accounts[accountIndex] ?? '',
    owner,
    mint,
    change: sign * uiTokenAmount.amount,
    decimals: uiTokenAmount.decimals,
  }))
  return {
    form: 'raw',
    signature: signature ?? '',
    block_time: blockTime,
    slot,
    fee_payer_address: feePayer ?? '',
    fee_lamports: meta.fee,
    is_failed: meta.err !== null && meta.err !== undefined,
    transaction_type: null,
    source: null,
    changes: { lamports, tokens },
  }
}
