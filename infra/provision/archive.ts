import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { createGunzip, createInflateRaw } from 'node:zlib'
import { SourceChanged } from '../errors.js'

const TAR_BLOCK = 512
// The end record is 22 bytes and may be followed by a comment of at most 65,535.
const ZIP_END_SEARCH = 22 + 65_535

/** The bytes of one member of a zip file (a wheel is one), unpacked as they are read. */
export async function zipMember(path: string, name: string): Promise<Readable> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const tail = await read(file, Math.max(0, size - ZIP_END_SEARCH), Math.min(size, ZIP_END_SEARCH))
    const end = tail.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
    if (end < 0) throw new SourceChanged(`${path} is not a zip file`)
    const directory = await read(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12))
    for (let at = 0; at + 46 <= directory.length; ) {
      const nameLength = directory.readUInt16LE(at + 28)
      if (directory.toString('utf8', at + 46, at + 46 + nameLength) === name) {
        const local = directory.readUInt32LE(at + 42)
        const header = await read(file, local, 30)
        const start = local + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
        const packed = createReadStream(path, { start, end: start + directory.readUInt32LE(at + 20) - 1 })
        return directory.readUInt16LE(at + 10) === 0 ? packed : relay(packed, createInflateRaw())
      }
      at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
    }
    throw new SourceChanged(`${path} has no member ${name}`)
  } finally {
    await file.close()
  }
}

/** The bytes of a gzip stream, unpacked. */
export function gunzip(source: Readable): Readable {
  return relay(source, createGunzip())
}

/** The bytes of the first file of a tar stream whose base name is `name`. */
export async function* tarMember(source: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const input = new ByteQueue(source)
  for (;;) {
    const header = await input.take(TAR_BLOCK)
    if (header.length < TAR_BLOCK || header[0] === 0) throw new SourceChanged(`the archive has no file ${name}`)
    const size = Number.parseInt(field(header, 124, 12), 8)
    const padding = (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK
    const isFile = header[156] === 0 || header[156] === 0x30
    const wanted = isFile && field(header, 0, 100).split('/').pop() === name
    for await (const chunk of input.stream(size)) if (wanted) yield chunk
    if (wanted) return
    await input.take(padding)
  }
}

function field(header: Buffer, start: number, length: number): string {
  return header.toString('latin1', start, start + length).replace(/[\0 ].*$/s, '')
}

/** Pipes with errors passed on, which plain `pipe` does not. */
function relay<T extends NodeJS.ReadWriteStream & Readable>(source: Readable, target: T): T {
  source.on('error', (error) => target.destroy(error))
  source.pipe(target)
  return target
}

async function read(file: Awaited<ReturnType<typeof open>>, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, position)
  if (bytesRead < length) throw new SourceChanged('the zip file is truncated')
  return buffer
}

/** A stream of chunks read by count of bytes. */
class ByteQueue {
  readonly #chunks: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#chunks = source[Symbol.asyncIterator]()
  }

  /** Up to `length` bytes; fewer only where the stream ends. */
  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for await (const part of this.stream(length, false)) parts.push(part)
    return Buffer.concat(parts)
  }

  async *stream(length: number, whole = true): AsyncGenerator<Buffer> {
    for (let left = length; left > 0; ) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next()
        if (next.done) {
          if (whole) throw new SourceChanged('the archive is truncated')
          return
        }
        this.#rest = next.value
      }
      const part = this.#rest.subarray(0, left)
      this.#rest = this.#rest.subarray(part.length)
      left -= part.length
      yield part
    }
  }
}
