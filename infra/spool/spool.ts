import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInput, SourceUnavailable } from '../errors.js'
import { acquireLock } from '../process_lock.js'
import { type Decoded, decodeRecords, encodeRecord } from './record.js'

export interface SpoolOptions {
  readonly folder: string
  /** A full file is sealed and the next begun, so that one can be read at once. Default 32 MiB. */
  readonly segmentBytes?: number
  /** More is refused: whoever empties the spool is away, and the disk is not ours alone. Default 4 GiB. */
  readonly maxBytes?: number
}

/** A file that nobody writes to any more. Its name is given once, so it names its content. */
export interface Segment {
  readonly id: string
  read(): Promise<Decoded>
  /** Forgets it: its records are elsewhere now. */
  remove(): Promise<void>
  /** Keeps it out of the way, for a person to look at. */
  setAside(why: 'damaged' | 'refused'): Promise<void>
}

interface Pending {
  readonly line: Buffer
  readonly resolve: () => void
  readonly reject: (reason: Error) => void
}

const ending = '.spool'

/**
 * A folder of append-only files: what `append` has resolved for is on the disk, whatever happens to the process or the machine
 * afterwards. Records that come while the disk is busy share its next write. A file is only ever appended to by the process that
 * began it, so one that a dead process left behind may end in half a record and is otherwise whole.
 */
export class Spool {
  readonly #queue: Pending[] = []
  #pump: Promise<void> | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #current: { readonly id: string; readonly handle: FileHandle; bytes: number } | undefined
  #bytes = 0
  #closed = false

  private constructor(
    private readonly options: Required<SpoolOptions>,
    private readonly release: () => Promise<void>,
  ) {}

  /** Takes the folder for this process alone. Throws InvalidInput where another has it. */
  static async open({ folder, segmentBytes = 32 * 1024 ** 2, maxBytes = 4 * 1024 ** 3 }: SpoolOptions): Promise<Spool> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const taken = await acquireLock(folder, 'spool')
    if ('holder' in taken) {
      throw new InvalidInput(
        `${folder}: process ${taken.holder.pid} receives into it; give each receiver a TRIBUTARY_HOME`,
      )
    }
    const spool = new Spool({ folder, segmentBytes, maxBytes }, () => taken.lock.release())
    for (const name of await spool.#files()) spool.#bytes += (await stat(path.join(folder, name))).size
    return spool
  }

  /** Bytes that wait to be taken elsewhere. */
  get bytes(): number {
    return this.#bytes
  }

  /** Resolves when the record is on the disk. Throws SourceUnavailable where it may not be, and then nobody is to rely on it. */
  append(record: string): Promise<void> {
    const line = encodeRecord(record)
    if (this.#closed) return Promise.reject(new SourceUnavailable('the spool is closed'))
    if (this.#bytes + line.length > this.options.maxBytes) {
      return Promise.reject(
        new SourceUnavailable(`the spool holds ${this.options.maxBytes} bytes that nobody has taken`),
      )
    }
    this.#bytes += line.length
    return new Promise((resolve, reject) => {
      this.#queue.push({ line, resolve, reject })
      this.#pump ??= this.#inTurn(() => this.#writeQueue())
    })
  }

  /** Ends the file under way and resolves to all that are ended, the oldest first. */
  async sealed(): Promise<Segment[]> {
    await this.#inTurn(() => this.#seal())
    const names = (await this.#files()).filter((name) => name !== `${this.#current?.id}${ending}`)
    return names.map((name) => this.#segment(name))
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#pump
    await this.#inTurn(() => this.#seal())
    await this.release()
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }

  async #writeQueue(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0)
      const lines = Buffer.concat(batch.map(({ line }) => line))
      try {
        this.#current ??= await this.#begin()
        const file = this.#current
        await file.handle.writeFile(lines)
        await file.handle.datasync()
        file.bytes += lines.length
        for (const { resolve } of batch) resolve()
        if (file.bytes >= this.options.segmentBytes) await this.#seal()
      } catch (cause) {
        this.#bytes -= lines.length
        // What a failed write or sync left in the file is not known, so nothing more is added to it.
        await this.#seal().catch(() => undefined)
        const message = `the spool cannot be written: ${cause instanceof Error ? cause.message : cause}`
        for (const { reject } of batch) reject(new SourceUnavailable(message, undefined, { cause }))
      }
    }
    this.#pump = undefined
  }

  async #begin() {
    // Names sort by time; what tells them apart for ever is the rest.
    const id = `${String(Date.now()).padStart(14, '0')}-${randomUUID()}`
    const handle = await open(path.join(this.options.folder, `${id}${ending}`), 'ax', 0o600)
    await this.#syncFolder()
    return { id, handle, bytes: 0 }
  }

  async #seal(): Promise<void> {
    const file = this.#current
    this.#current = undefined
    await file?.handle.close()
  }

  /** A new file's name is on the disk only when its folder is. */
  async #syncFolder(): Promise<void> {
    const folder = await open(this.options.folder, 'r')
    await folder.sync().finally(() => folder.close())
  }

  async #files(): Promise<string[]> {
    return (await readdir(this.options.folder)).filter((name) => name.endsWith(ending)).sort()
  }

  #segment(name: string): Segment {
    const file = path.join(this.options.folder, name)
    const gone = async (leave: () => Promise<void>) => {
      const { size } = await stat(file)
      await leave()
      this.#bytes -= size
    }
    return {
      id: name.slice(0, -ending.length),
      read: async () => decodeRecords(await readFile(file, 'utf8')),
      remove: () => gone(() => rm(file)),
      setAside: (why) => gone(() => rename(file, `${file}.${why}`)),
    }
  }
}
