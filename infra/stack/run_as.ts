import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { InvalidInput } from '../errors.js'

const run = promisify(execFile)

interface User {
  uid: number
  gid: number
}

/** How to start a program: what to put before it, as whom to spawn it, and who is to own its data. */
export interface RunAs {
  prefix: string[]
  user?: User
  owner?: User
}

/**
 * Puts `setpriv --pdeathsig` before a command where Linux has it: the kernel then stops the child when we are killed,
 * which no handler of ours could. Elsewhere the next start finds the stray by the registry.
 */
export async function dyingWithUs(signal: 'INT' | 'TERM'): Promise<string[]> {
  return (await setprivWorks()) ? ['setpriv', '--pdeathsig', signal] : []
}

/**
 * PostgreSQL refuses to run as root. Root therefore starts it as the owner of its data, else as `postgres`, else as
 * `nobody`; no user is created. Where that user cannot reach the files (a checkout below /root) it keeps root's right
 * to pass file permissions, and no other. `dataFolder` may not exist yet; `files` must be reachable.
 */
export async function unprivileged(dataFolder: string, files: string[], uid = process.getuid?.()): Promise<RunAs> {
  const dying = await dyingWithUs('INT')
  if (uid !== 0) return { prefix: dying }
  const user = (await ownerOf(dataFolder)) ?? (await idsOf('postgres')) ?? (await idsOf('nobody'))
  if (!user) throw new InvalidInput('PostgreSQL cannot run as root, and there is no user postgres or nobody: add one')
  if (await reaches(user, files)) return { prefix: dying, user, owner: user }
  if (dying.length === 0) {
    throw new InvalidInput(
      `PostgreSQL cannot run as root, and user ${user.uid} cannot reach ${files.join(' or ')}: run as another user, install setpriv (util-linux), or move the checkout to where everybody may read`,
    )
  }
  const identity = ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups']
  // Without the bit, access(2) judges by the user alone, and initdb asks it whether postgres may be run.
  const bits = ['--securebits', '+no_setuid_fixup']
  const rights = '+dac_override,+dac_read_search'
  const reading = [...bits, '--inh-caps', rights, '--ambient-caps', rights]
  return { prefix: ['setpriv', ...identity, ...reading, ...dying.slice(1)], owner: user }
}

async function setprivWorks(): Promise<boolean> {
  if (process.platform !== 'linux') return false
  return run('setpriv', ['--pdeathsig', 'TERM', 'true']).then(
    () => true,
    () => false,
  )
}

async function ownerOf(folder: string): Promise<User | undefined> {
  const found = await stat(folder).catch(() => undefined)
  return found && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : undefined
}

async function idsOf(name: string): Promise<User | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    return undefined
  }
}

async function reaches(user: User, files: string[]): Promise<boolean> {
  const script = 'for file in "$@"; do test -r "$file" || exit 1; done'
  return run('/bin/sh', ['-c', script, 'sh', ...files], { ...user, cwd: '/' }).then(
    () => true,
    () => false,
  )
}
