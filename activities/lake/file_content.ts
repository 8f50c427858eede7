import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { SourceChanged } from '../../infra/errors.js'

/** What some files held when they were looked at. */
export interface FileContent {
  /** SHA-256 over names and bytes. */
  readonly fingerprint: string
  /** Throws SourceChanged where a file is not as it was. */
  readonly assertUnchanged: () => Promise<void>
}

/** Hashes the files with their names; remembers size and time, which tell a file that is written to meanwhile. */
export const contentOf = async (files: readonly string[], nameOf: (file: string) => string): Promise<FileContent> => {
  const hash = createHash('sha256')
  const seen = new Map<string, string>()
  for (const file of files) {
    seen.set(file, await stateOf(file))
    const own = createHash('sha256')
    await pipeline(createReadStream(file), own)
    hash.update(JSON.stringify([nameOf(file), own.digest('hex')]))
  }
  return {
    fingerprint: hash.digest('hex'),
    assertUnchanged: async () => {
      for (const [file, state] of seen) {
        if ((await stateOf(file)) === state) continue
        throw new SourceChanged(`${file} was changed while it was read; nothing was imported: import again`)
      }
    },
  }
}

const stateOf = async (file: string): Promise<string> => {
  const found = await stat(file, { bigint: true }).catch(() => undefined)
  return `${found?.ino} ${found?.size} ${found?.mtimeNs}`
}
