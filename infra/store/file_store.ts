import { createHash } from 'node:crypto'
import { type Readable, Transform } from 'node:stream'
import { SourceChanged, TributaryError } from '../errors.js'
import type { DataConfig } from '../resources.js'
import { FolderStore } from './folder_store.js'
import { S3Store } from './s3_store.js'
import type { StoredFile } from './stored_file.js'

/** Files below one place, a folder or an S3 prefix, by their names relative to it. A file appears whole or not at all. */
export interface FileStore {
  /** For messages. */
  readonly place: string
  /** Bytes of every file, by name. */
  list(): Promise<ReadonlyMap<string, number>>
  /** The same with when each was written. */
  survey(): Promise<ReadonlyMap<string, StoredFile>>
  /** Throws SourceUnavailable where the file is not there. */
  read(name: string): Promise<Readable>
  /** Writes what `open` yields, which is so many bytes; where that fails, no file is left. */
  write(name: string, bytes: number, open: () => Promise<Readable>): Promise<void>
  remove(name: string): Promise<void>
}

export const openStore = (data: DataConfig): FileStore =>
  data.kind === 's3' ? new S3Store(data) : new FolderStore(data.path)

/** A request that fails is most often a moment's matter; past this many it is not. */
const attempts = 3

/**
 * Copies a file and resolves to its SHA-256. With `expected` it throws SourceChanged, and leaves no copy, where the file has another
 * one; also where it has another size.
 */
export const copyFile = async (
  from: FileStore,
  to: FileStore,
  { name, bytes, sha256: expected }: { readonly name: string; readonly bytes: number; readonly sha256?: string },
  target: string = name,
): Promise<string> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const hash = createHash('sha256')
      let seen = 0
      const wrong = (what: string) =>
        new SourceChanged(`${from.place}/${name} has ${what}: it is truncated or was tampered with`)
      const hashing = new Transform({
        transform(chunk: Buffer, _, done) {
          seen += chunk.length
          hash.update(chunk)
          // At once: who was told of fewer bytes might wait for ever.
          if (seen > bytes) done(wrong(`more than ${bytes} bytes`))
          else done(null, chunk)
        },
        flush(done) {
          const actual = hash.copy().digest('hex')
          if (seen !== bytes) done(wrong(`${seen} bytes, not ${bytes}`))
          else if (expected !== undefined && actual !== expected) done(wrong(`the SHA-256 ${actual}, not ${expected}`))
          else done()
        },
      })
      await to.write(target, bytes, async () => {
        const source = await from.read(name)
        source.once('error', (error) => hashing.destroy(error))
        return source.pipe(hashing)
      })
      return hash.digest('hex')
    } catch (error) {
      const isFinal = error instanceof TributaryError && !error.retryable
      if (isFinal || attempt === attempts) throw error
    }
  }
}
