import { setImmediate } from 'node:timers/promises'

/** How long a thread works before others have a turn: what waits meanwhile waits no longer than this. */
const usualWorkMs = 2

/** To be awaited between the pieces of long work on a thread that also answers others: it lets them go first, now and then. */
export const breather = (workMs = usualWorkMs): (() => Promise<void>) => {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < workMs) return
    await setImmediate()
    since = performance.now()
  }
}
