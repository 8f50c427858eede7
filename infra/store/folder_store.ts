import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { SourceUnavailable } from '../errors.js'
import type { FileStore } from './file_store.js'
import { bytesOf, type StoredFile } from './stored_file.js'

/** What a write that was cut off leaves behind ends so; it is nobody's file. */
const draftEnding = '.part'

/** Files below a folder. */
export class FolderStore implements FileStore {
  constructor(readonly place: string) {}

  async list(): Promise<ReadonlyMap<string, number>> {
    return bytesOf(await this.survey())
  }

  async survey(): Promise<ReadonlyMap<string, StoredFile>> {
    const entries = await readdir(this.place, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      throw error
    })
    const files = new Map<string, StoredFile>()
    for (const entry of entries) {
      if (!entry.isFile() || entry.name.endsWith(draftEnding)) continue
      const file = path.join(entry.parentPath, entry.name)
      const { size, mtime } = await stat(file)
      files.set(path.relative(this.place, file).split(path.sep).join('/'), { bytes: size, modifiedAt: mtime })
    }
    return files
  }

  async read(name: string): Promise<Readable> {
    const file = path.join(this.place, name)
    await stat(file).catch((cause) => {
      throw new SourceUnavailable(`${file} is not there`, undefined, { cause })
    })
    return createReadStream(file)
  }

  async write(name: string, _bytes: number, source: () => Promise<Readable>): Promise<void> {
    const file = path.join(this.place, name)
    const draft = `${file}.${process.pid}${draftEnding}`
    await mkdir(path.dirname(file), { recursive: true })
    try {
      await pipeline(await source(), createWriteStream(draft))
      const handle = await open(draft, 'r+')
      await handle.sync().finally(() => handle.close())
      await rename(draft, file)
    } finally {
      await rm(draft, { force: true })
    }
  }

  async remove(name: string): Promise<void> {
    await rm(path.join(this.place, name), { force: true })
  }
}
