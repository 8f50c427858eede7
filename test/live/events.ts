import { createHash } from 'node:crypto'
import { isOnCurve } from '../../activities/traders/solana_address.js'
import { wrappedSolAddress } from '../../schemas/traders/quote_assets.js'

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** An address-like text, the same for the same seed. */
export const addressOf = (seed: string, length = 44): string =>
  Array.from({ length }, (_, index) => {
    const hash = createHash('sha256')
      .update(`${seed} ${index >> 4}`)
      .digest()
    return alphabet[(hash[index & 15] ?? 0) % alphabet.length]
  }).join('')

const numbered = (seed: string, isWanted: (address: string) => boolean): string => {
  for (let number = 0; ; number += 1) {
    const address = addressOf(`${seed} ${number}`)
    if (isWanted(address)) return address
  }
}

/** An address that somebody may have a key to. */
export const walletOf = (seed: string): string => numbered(seed, isOnCurve)

/** An address that nobody can have a key to, as those of pools. */
const poolOf = (seed: string): string => numbered(`pool of ${seed}`, (address) => !isOnCurve(address))

interface SwapEvent {
  readonly seed: string
  readonly wallet: string
  readonly token: string
  readonly side: 'buy' | 'sell'
  readonly at: Date
  readonly tokens?: bigint
  readonly lamports?: bigint
  readonly fee?: bigint
}

/** An enhanced event as Helius sends them for a swap against a pool, written by hand: the wallet pays the fee and closes its wrapped SOL. */
export const enhancedSwap = ({ seed, wallet, token, side, at, ...amounts }: SwapEvent) => {
  const { tokens = 5_000_000_000n, lamports = 2_000_000_000n, fee = 5_000n } = amounts
  const pool = poolOf(token)
  const [tokenIn, solOut] = side === 'buy' ? [tokens, -lamports] : [-tokens, lamports]
  const change = (owner: string, account: string, mint: string, amount: bigint, decimals: number) => ({
    userAccount: owner,
    tokenAccount: account,
    mint,
    rawTokenAmount: { tokenAmount: String(amount), decimals },
  })
  const walletToken = addressOf(`${wallet} ${token}`)
  const poolToken = addressOf(`${pool} ${token}`)
  const poolSol = addressOf(`${pool} sol`)
  return {
    description: '',
    type: 'SWAP',
    source: 'PUMP_AMM',
    fee: Number(fee),
    feePayer: wallet,
    signature: addressOf(`signature ${seed}`, 88),
    slot: 301_234_567,
    timestamp: Math.floor(at.getTime() / 1_000),
    nativeTransfers: [],
    tokenTransfers: [],
    accountData: [
      { account: wallet, nativeBalanceChange: Number(solOut - fee), tokenBalanceChanges: [] },
      {
        account: walletToken,
        nativeBalanceChange: 0,
        tokenBalanceChanges: [change(wallet, walletToken, token, tokenIn, 6)],
      },
      {
        account: poolToken,
        nativeBalanceChange: 0,
        tokenBalanceChanges: [change(pool, poolToken, token, -tokenIn, 6)],
      },
      {
        account: poolSol,
        nativeBalanceChange: Number(-solOut),
        tokenBalanceChanges: [change(pool, poolSol, wrappedSolAddress, -solOut, 9)],
      },
    ],
    transactionError: null,
    instructions: [],
    events: {},
  }
}
