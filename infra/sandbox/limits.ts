/** What an account may do; absent means without limit. */
export type Limits = {
  /** Requests a second over all endpoints. */
  accountPerSecond?: number
  /** Requests a minute to the wallet group (`/v1/wallet/*`, `/wallet/v2/*`). */
  walletGroupPerMinute?: number
  /** Compute units until the quota message. */
  computeUnits?: number
  /** Largest `limit` of the token list: 100 by the reference, 50 by the vendor's examples. */
  tokenListLimit?: number
  /** Webhooks the plan allows (the free plan: 1). */
  webhooks?: number
}

/** Compute units a call costs: the snapshot of 2026-10. */
export const COMPUTE_UNITS: { [path: string]: number } = {
  '/defi/v3/token/list': 100,
  '/defi/token_trending': 50,
  '/defi/v2/tokens/top_traders': 35,
  '/defi/v3/token/holder': 50,
  '/trader/gainers-losers': 30,
  '/trader/txs/seek_by_time': 15,
  '/defi/history_price': 60,
  '/defi/token_security': 50,
  '/utils/v1/credits': 1,
}

/** Counts what passes: sliding windows for rates, a sum for compute units. */
export type Meter = {
  /** What stops the request, or undefined; what passes is counted. */
  admit(path: string): 'rate' | 'quota' | undefined
  usedUnits(): number
}

/** `nowMs` is the wall clock: rates are of real time, whatever the market's clock says. */
export function createMeter(limits: Limits, nowMs: () => number): Meter {
  const account = createWindow(limits.accountPerSecond, 1000)
  const walletGroup = createWindow(limits.walletGroupPerMinute, 60_000)
  let used = 0
  return {
    usedUnits: () => used,
    admit(path) {
      const now = nowMs()
      if (!account(now)) return 'rate'
      if (/^\/(v1\/wallet|wallet\/v2)\//.test(path) && !walletGroup(now)) return 'rate'
      const cost = COMPUTE_UNITS[path] ?? 10
      if (path !== '/utils/v1/credits' && used + cost > (limits.computeUnits ?? Number.POSITIVE_INFINITY))
        return 'quota'
      used += cost
      return undefined
    },
  }
}

function createWindow(most: number | undefined, windowMs: number): (nowMs: number) => boolean {
  const times: number[] = []
  return (nowMs) => {
    if (most === undefined) return true
    while ((times[0] ?? nowMs) <= nowMs - windowMs) times.shift()
    if (times.length >= most) return false
    times.push(nowMs)
    return true
  }
}
