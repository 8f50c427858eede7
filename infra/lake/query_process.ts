import { setTimeout as sleep } from 'node:timers/promises'
import { InvalidInput } from '../errors.js'
import { type LockedLake, openLockedLake } from './locked_lake.js'
import { optionsOf, type QueryMessage, tooMuchMemoryCode } from './query_order.js'

/** More than the engine counts: a text of gigabytes is made outside its limit. */
const residentLimitBytes = 1.5 * 1024 ** 3
const watchIntervalMs = 50

/**
 * The process that strangers' SQL runs in, so that what the engine does not interrupt can be killed. It knows the lake's logins,
 * and has nothing of its parent's environment.
 */
const runQueryProcess = (): void => {
  let lake: Promise<LockedLake> | undefined
  process.on('message', async (message: QueryMessage) => {
    try {
      if ('open' in message) {
        lake = openLockedLake(optionsOf(message.open))
        await lake
        process.send?.({ ready: true })
      } else {
        process.send?.({ answer: await (await lake)?.query(message.sql, message.limits) })
      }
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      process.send?.(error instanceof InvalidInput ? { refused: text } : { failed: text })
    }
  })
  process.once('disconnect', () => process.exit())
  void watchMemory()
}

const watchMemory = async (): Promise<never> => {
  for (;;) {
    await sleep(watchIntervalMs)
    if (process.memoryUsage.rss() > residentLimitBytes) process.exit(tooMuchMemoryCode)
  }
}

runQueryProcess()
