import { setTimeout as sleep } from 'node:timers/promises'
import { homeHolder } from '../infra/stack/home_lock.js'

/** How a command that starts the built-in PostgreSQL for itself alone marks the home. */
export const readerDetails = { reader: 'a reading command' }
export const pollIntervalMs = 100

/** Waits while a reading command has the home to itself: it takes a second or two. */
export const readersGone = async (home: string): Promise<void> => {
  while ((await homeHolder(home))?.details['reader'] !== undefined) await sleep(pollIntervalMs)
}
