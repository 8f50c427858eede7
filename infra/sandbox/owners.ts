/** Owners of token accounts that trade for nobody; real, publicly known addresses, so that a client's list can name them. */
export const EXCHANGES = [
  '5tzFkiKscXHK5ZXCGbXZxdw7gTjjD1mBwuoFbhUvuAi9',
  '9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM',
  'H8sMJSCQxfKiFTCfDR3DUMLPwcRbM61LGFJ8N4dK3WjS',
  'FWznbcNXWQuHTawe9RxvQ2LdCENssh12dsznf4RiouN5',
  '5VCwKtCXgCJ6kit5FybXjvriW3xELsFDhYrPSqtJNmcD',
] as const

/** Where tokens are sent to be gone. */
export const BURN_ADDRESSES = ['1nc1nerator11111111111111111111111111111111'] as const

/** The authority of all pools of one exchange program: a derived address. */
export const POOL_AUTHORITY = '5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1'

/** Venues of swaps: BirdEye's name of the source and the program called. */
export const VENUES = [
  { source: 'raydium', program: '675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8' },
  { source: 'raydium_clamm', program: 'CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK' },
  { source: 'orca', program: 'whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc' },
  { source: 'meteora_dlmm', program: 'LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo' },
  { source: 'pump_amm', program: 'pAMMBay6oceH9fJKBRHGP5D4bD4sWpMSwMn52FMfXEA' },
] as const

/** The stake pool program: its rows are called swaps, and are none. */
export const STAKE_POOL = { source: 'stake_pool', program: 'SPoo1Ku8WFXoNDMHPsrGSTSdG1Y47rzgn41SLUNakuHy' } as const

export type Venue = { source: string; program: string }
