import { InvalidInput } from '../errors.js'
import { acquireLock, type LockHolder, lockHolder, type ProcessLock } from '../process_lock.js'

const NAME = 'up'

/**
 * Takes the home for this process until `release`, or its death. Throws InvalidInput naming the pid and addresses of
 * the `up` that has it. The lock of a dead process, or one whose pid was given to another, is taken over.
 */
export async function lockHome(home: string): Promise<ProcessLock> {
  const result = await acquireLock(home, NAME)
  if ('lock' in result) return result.lock
  const addresses = Object.entries(result.holder.details).map(([part, address]) => `${part} ${address}`)
  const where = addresses.length > 0 ? ` (${addresses.join(', ')})` : ''
  throw new InvalidInput(
    `${home} is in use by process ${result.holder.pid}${where}: use that one, stop it (kill ${result.holder.pid}), or set another TRIBUTARY_HOME`,
  )
}

/** The running `up` of a home, if there is one, and its addresses by part (`temporal`, `ui`, `catalog`, ...). */
export async function homeHolder(home: string): Promise<LockHolder | undefined> {
  return lockHolder(home, NAME)
}
