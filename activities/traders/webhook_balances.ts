import { knownOwners } from '../../schemas/traders/addresses.js'
import { nativeSolAddress } from '../../schemas/traders/quote_assets.js'
import { isOnCurve } from './solana_address.js'

/** What one token account of an owner gained. */
interface TokenChange {
  readonly account: string
  readonly owner: string
  readonly mint: string
  readonly change: bigint
  readonly decimals: number
}

/** What a transaction did to the balances, as both of Helius' forms tell it. */
export interface BalanceChanges {
  /** Lamports by account, the token accounts among them. */
  readonly lamports: ReadonlyMap<string, bigint>
  readonly tokens: readonly TokenChange[]
}

export interface Balance {
  readonly owner_address: string
  readonly is_wallet: boolean
  readonly asset_address: string
  readonly change_raw: bigint
  readonly decimals: number
  readonly lamports_change: bigint
}

/** The changes by owner and asset. A token account's lamports go with its tokens to its owner, where the owner is known. */
export const balancesOf = ({ lamports, tokens }: BalanceChanges): Balance[] => {
  const balances = new Map<string, Balance>()
  const add = (owner: string, asset: string, decimals: number, change: bigint, lamportsChange: bigint) => {
    const key = `${owner} ${asset}`
    const before = balances.get(key)
    balances.set(key, {
      owner_address: owner,
      is_wallet: before?.is_wallet ?? (isOnCurve(owner) && !knownOwners.has(owner)),
      asset_address: asset,
      decimals,
      change_raw: (before?.change_raw ?? 0n) + change,
      lamports_change: (before?.lamports_change ?? 0n) + lamportsChange,
    })
  }
  const told = new Set<string>()
  for (const { account, owner, mint, change, decimals } of tokens) {
    add(owner, mint, decimals, change, told.has(account) ? 0n : (lamports.get(account) ?? 0n))
    told.add(account)
  }
  for (const [account, change] of lamports) if (!told.has(account)) add(account, nativeSolAddress, 9, change, change)
  return [...balances.values()].filter(({ change_raw, lamports_change }) => change_raw !== 0n || lamports_change !== 0n)
}
