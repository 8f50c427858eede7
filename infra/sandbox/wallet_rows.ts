import type { Market } from './market.js'
import { swapItem, swapJson } from './swap.js'

/** JSON texts of wallets' rows, joined by commas, kept while memory allows: a page is a slice of bytes. */
export type WalletRows = { slice(owner: string, from: number, to: number): Buffer }

/** `budgetBytes` bounds what is kept. */
export function createWalletRows(market: Market, budgetBytes = 256 * 1024 * 1024): WalletRows {
  type Rendered = { bytes: Buffer; offsets: Uint32Array }
  const kept = new Map<string, Rendered>()
  let total = 0
  const render = (owner: string): Rendered => {
    const rows = (market.swaps.get(owner) ?? []).map((swap) => swapJson(swapItem(market.options.seed, swap)))
    const offsets = new Uint32Array(rows.length + 1)
    rows.forEach((row, index) => {
      offsets[index + 1] = (offsets[index] ?? 0) + row.length + 1
    })
    // All texts are ASCII, so characters are bytes.
    return { bytes: Buffer.from(`${rows.join(',')},`, 'latin1'), offsets }
  }
  return {
    slice(owner, from, to) {
      if (to <= from) return Buffer.alloc(0)
      let rendered = kept.get(owner)
      if (rendered === undefined) {
        rendered = render(owner)
        kept.set(owner, rendered)
        total += rendered.bytes.length
        for (const [oldest, { bytes }] of kept) {
          if (total <= budgetBytes || oldest === owner) break
          kept.delete(oldest)
          total -= bytes.length
        }
      }
      return rendered.bytes.subarray(rendered.offsets[from], (rendered.offsets[to] ?? 1) - 1)
    },
  }
}
