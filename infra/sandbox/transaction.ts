import { z } from 'zod'
import { transactionSignature } from './addresses.js'
import type { Asset } from './assets.js'
import type { Market } from './market.js'
import { type Reply, rpcError } from './reply.js'
import type { Swap } from './swap.js'

const FEE_LAMPORTS = 5_000n

/** A transaction: the swaps that one wallet made in it. */
export type Transaction = { signature: string; timeS: number; swaps: readonly Swap[] }

/** A wallet's transactions later than one time and no later than another, in s, the oldest first. */
export function transactionsBetween(market: Market, owner: string, afterS: number, untilS: number): Transaction[] {
  const byNumber = new Map<number, Swap[]>()
  for (const swap of market.swaps.get(owner) ?? []) {
    if (swap.timeS > untilS) continue
    // The newest come first.
    if (swap.timeS <= afterS) break
    byNumber.set(swap.transaction, [swap, ...(byNumber.get(swap.transaction) ?? [])])
  }
  return [...byNumber].reverse().map(([number, swaps]) => ({
    signature: transactionSignature(market.options.seed, number),
    timeS: swaps[0]?.timeS ?? 0,
    swaps,
  }))
}

/** The transaction as an enhanced webhook tells it: balances of the wallet and of the pools, and as often in life no reading of the swap. */
export function enhancedJson({ signature, timeS, swaps }: Transaction): string {
  const [first] = swaps
  const owner = first?.owner ?? ''
  const lamports = new Map<string, bigint>([[owner, -FEE_LAMPORTS]])
  const tokens = new Map<string, { owner: string; asset: Asset; change: bigint }>()
  const move = (account: string, asset: Asset, change: bigint) => {
    if (asset.symbol === 'SOL') {
      lamports.set(account, (lamports.get(account) ?? 0n) + change)
      return
    }
    const key = `${account} ${asset.address}`
    tokens.set(key, { owner: account, asset, change: (tokens.get(key)?.change ?? 0n) + change })
  }
  for (const { base, quote, baseChange, quoteChange, pool } of swaps) {
    for (const [asset, change] of [[base, baseChange] as const, [quote, quoteChange] as const]) {
      move(owner, asset, change)
      move(pool, asset, -change)
    }
  }
  const accountData = [
    ...[...lamports].map(([account, nativeBalanceChange]) => ({
      account,
      nativeBalanceChange,
      tokenBalanceChanges: [],
    })),
    ...[...tokens].map(([key, { owner: userAccount, asset, change }]) => ({
      account: accountOf(key),
      nativeBalanceChange: 0,
      tokenBalanceChanges: [
        {
          userAccount,
          tokenAccount: accountOf(key),
          mint: asset.address,
          rawTokenAmount: { tokenAmount: String(change), decimals: asset.decimals },
        },
      ],
    })),
  ]
  return exactJson({
    description: '',
    type: 'SWAP',
    source: first?.venue.source.toUpperCase(),
    fee: FEE_LAMPORTS,
    feePayer: owner,
    signature,
    slot: first?.block,
    timestamp: timeS,
    nativeTransfers: [],
    tokenTransfers: [],
    accountData,
    transactionError: null,
    instructions: [],
    events: {},
  })
}

/** A token account's address: which it is matters to nobody, as long as it is the same for owner and mint. */
const accountOf = (ownerAndMint: string): string => {
  const [owner = '', mint = ''] = ownerAndMint.split(' ')
  return `${owner.slice(0, 22)}${mint.slice(0, 22)}`
}

/** JSON whose bigints are numbers, digit for digit. */
const exactJson = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `#${each}#` : each)).replace(
    /"#(-?\d+)#"/g,
    '$1',
  )

const asked = z.object({ transactions: z.array(z.string()).min(1).max(100) })

/** Enhanced transactions by signature; what is not there yet, or never, is left out. */
export const tellTransactions = (market: Market, body: string, nowMs: number): Reply => {
  const given = asked.safeParse(JSON.parse(body || 'null'))
  if (!given.success) return rpcError(400, -32602, 'Invalid params: transactions')
  const wanted = new Set(given.data.transactions)
  const found = market.wallets
    .flatMap((owner) => transactionsBetween(market, owner, 0, Math.floor(nowMs / 1_000)))
    .filter(({ signature }) => wanted.has(signature))
  return { status: 200, body: `[${found.map(enhancedJson).join(',')}]` }
}
