import { execFile } from 'node:child_process'
import { open, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Room for a dev server's database and its write-ahead log, and soon full. */
const megabytes = 64

/** Mounts a small disk in memory at a folder. Resolves to what unmounts it, or to the reason where this user may not. */
export const mountSmallDisk = async (folder: string): Promise<(() => Promise<unknown>) | string> => {
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder])
    return () => run('umount', [folder])
  } catch (error) {
    return `no small disk can be mounted here: ${error instanceof Error ? error.message : error}`
  }
}

/** Fills the disk of a folder to the last kilobyte. Resolves to what makes room again. */
export const fillDisk = async (folder: string): Promise<() => Promise<void>> => {
  const file = path.join(folder, 'filler')
  const handle = await open(file, 'w')
  try {
    for (let blockBytes = 1024 * 1024; blockBytes >= 1024; blockBytes /= 2) {
      const block = Buffer.alloc(blockBytes, 1)
      const written = async () => (await handle.write(block)).bytesWritten === blockBytes
      while (await written().catch(() => false));
    }
  } finally {
    await handle.close()
  }
  return () => rm(file)
}
