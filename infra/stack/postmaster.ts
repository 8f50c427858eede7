import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { identify } from '../process_identity.js'
import { stopProcess } from './process_registry.js'

const run = promisify(execFile)
const STOP_GRACE_MS = 10_000

/**
 * Clears what a killed run left in a data folder: a server still running on it is stopped, and a postmaster.pid whose
 * pid now belongs to another program, at which PostgreSQL would refuse to start, is removed.
 */
export async function stopStalePostmaster(data: string, log: (line: string) => void): Promise<void> {
  const path = join(data, 'postmaster.pid')
  const pid = Number((await readFile(path, 'utf8').catch(() => '')).split('\n')[0])
  if (!Number.isInteger(pid) || pid <= 0) return
  const identity = identify(pid)
  if (identity && (await commandOf(pid)).includes(data)) {
    log(`stopping PostgreSQL (pid ${pid}), left by an earlier run`)
    await stopProcess(identity, 'SIGINT', STOP_GRACE_MS)
  } else {
    await rm(path, { force: true })
  }
}

async function commandOf(pid: number): Promise<string> {
  return run('ps', ['-o', 'args=', '-ww', '-p', String(pid)]).then(
    ({ stdout }) => stdout,
    () => '',
  )
}
