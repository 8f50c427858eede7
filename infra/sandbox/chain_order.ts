import { transactionSignature } from './addresses.js'
import type { Span } from './assets.js'
import type { Swap } from './swap.js'

/** Solana makes five blocks in two seconds. */
const BLOCKS_PER_SECOND = 2.5
const FIRST_BLOCK = 300_000_000

/** Gives blocks and, where transactions share a block, swaps their numbers so that signatures sort as the swaps happened. */
export function inChainOrder(span: Span, swaps: Swap[]): Swap[] {
  swaps.sort((left, right) => left.timeS - right.timeS)
  let group: number[] = []
  let start = 0
  const settle = (end: number) => {
    const renamed = group.map((number) => ({ number, signature: transactionSignature(span.seed, number) }))
    renamed.sort((left, right) => (left.signature < right.signature ? -1 : 1))
    const names = new Map(group.map((number, rank) => [number, renamed[rank]?.number ?? number]))
    for (const swap of swaps.slice(start, end)) swap.transaction = names.get(swap.transaction) ?? swap.transaction
  }
  for (let index = 0; index < swaps.length; index += 1) {
    const swap = swaps[index]
    const first = swaps[start]
    if (swap === undefined || first === undefined) continue
    if (swap.timeS !== first.timeS) {
      if (group.length > 1) settle(index)
      group = []
      start = index
    }
    if (!group.includes(swap.transaction)) group.push(swap.transaction)
    swap.block = FIRST_BLOCK + Math.floor((swap.timeS - span.startMs / 1000) * BLOCKS_PER_SECOND)
  }
  if (group.length > 1) settle(swaps.length)
  return swaps
}
