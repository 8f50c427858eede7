import { randomUUID } from 'node:crypto'
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { identify, isAlive, type ProcessIdentity } from './process_identity.js'

const entry = z.object({
  pid: z.int(),
  started: z.string(),
  released: z.boolean().optional(),
  details: z.record(z.string(), z.string()),
})

/** Who holds a lock, and what it said about itself. */
export interface LockHolder extends ProcessIdentity {
  details: Record<string, string>
}

export interface ProcessLock {
  /** Replaces what others read about the holder. */
  publish(details: Record<string, string>): Promise<void>
  release(): Promise<void>
}

/**
 * A lock between processes that survives a crash of its holder and a reused pid. The file with the highest number is
 * the truth; it is made by link(2), which only one can do, and is never deleted before a higher one exists.
 * Returns the lock, or the live process that holds it.
 */
export async function acquireLock(
  folder: string,
  name: string,
  details: Record<string, string> = {},
): Promise<{ lock: ProcessLock } | { holder: LockHolder }> {
  await mkdir(folder, { recursive: true })
  const self = identify(process.pid) ?? { pid: process.pid, started: 'unknown' }
  for (;;) {
    const newest = await newestNumber(folder, name)
    const holder = newest === 0 ? undefined : await readHolder(pathOf(folder, name, newest))
    if (holder) return { holder }
    const number = newest + 1
    const path = pathOf(folder, name, number)
    if (!(await linkNew(folder, path, JSON.stringify({ ...self, details })))) continue
    // Another process may have taken and passed on this number and a higher one since the listing.
    if ((await newestNumber(folder, name)) !== number) {
      await rm(path, { force: true })
      continue
    }
    await removeOlder(folder, name, number)
    const write = (content: object) => replace(folder, path, JSON.stringify(content))
    return {
      lock: {
        publish: (next) => write({ ...self, details: next }),
        release: () => write({ ...self, details: {}, released: true }),
      },
    }
  }
}

/** The live holder of a lock, if there is one. */
export async function lockHolder(folder: string, name: string): Promise<LockHolder | undefined> {
  const newest = await newestNumber(folder, name)
  return newest === 0 ? undefined : readHolder(pathOf(folder, name, newest))
}

/** Runs `work` alone among the processes that use the same lock; waits for it as long as its holder lives. */
export async function withLock<T>(folder: string, name: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const result = await acquireLock(folder, name)
    if ('lock' in result) {
      try {
        return await work()
      } finally {
        await result.lock.release()
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function pathOf(folder: string, name: string, number: number): string {
  return join(folder, `${name}.${number}.lock`)
}

async function numbers(folder: string, name: string): Promise<number[]> {
  const files = await readdir(folder).catch(() => [])
  return files
    .filter((file) => file.startsWith(`${name}.`) && file.endsWith('.lock'))
    .map((file) => Number(file.slice(name.length + 1, -'.lock'.length)))
    .filter(Number.isInteger)
}

async function newestNumber(folder: string, name: string): Promise<number> {
  return Math.max(0, ...(await numbers(folder, name)))
}

async function removeOlder(folder: string, name: string, number: number): Promise<void> {
  const older = (await numbers(folder, name)).filter((other) => other < number)
  await Promise.all(older.map((other) => rm(pathOf(folder, name, other), { force: true })))
}

async function readHolder(path: string): Promise<LockHolder | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const parsed = entry.safeParse(text === '' ? undefined : JSON.parse(text))
  if (!parsed.success || parsed.data.released || !isAlive(parsed.data)) return undefined
  return { pid: parsed.data.pid, started: parsed.data.started, details: parsed.data.details }
}

/** Creates the file with its content at once; false when it is there already. */
async function linkNew(folder: string, path: string, content: string): Promise<boolean> {
  const draft = join(folder, `.${randomUUID()}.draft`)
  await writeFile(draft, content, { mode: 0o600 })
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

async function replace(folder: string, path: string, content: string): Promise<void> {
  const draft = join(folder, `.${randomUUID()}.draft`)
  await writeFile(draft, content, { mode: 0o600 })
  await rename(draft, path)
}
