/** Native SOL as some of BirdEye's answers spell it. */
export const nativeSolAddress = 'So11111111111111111111111111111111111111111'
/** Wrapped SOL: the one spelling under which SOL is kept. */
export const wrappedSolAddress = 'So11111111111111111111111111111111111111112'

/** What swaps are paid in. They value the other leg and are never positions themselves; both spellings of SOL are one asset. */
export const quoteAssets = [
  { address: wrappedSolAddress, symbol: 'SOL', decimals: 9 },
  { address: nativeSolAddress, symbol: 'SOL', decimals: 9 },
  { address: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', symbol: 'USDC', decimals: 6 },
  { address: 'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB', symbol: 'USDT', decimals: 6 },
] as const
