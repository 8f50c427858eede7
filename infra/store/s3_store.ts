import { PassThrough, Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import { InvalidInput, SourceUnavailable } from '../errors.js'
import type { DataConfig } from '../resources.js'
import type { FileStore } from './file_store.js'
import { bytesOf, type StoredFile } from './stored_file.js'

/** S3 takes no larger object in one PUT; DuckLake's files are below a tenth of it. */
const objectLimitBytes = 5 * 1024 ** 3

const silent = (): void => undefined

/** Objects below a prefix. */
export class S3Store implements FileStore {
  readonly place: string
  readonly #bucket: string
  readonly #prefix: string
  readonly #client: S3Client

  constructor({ url, bucket, prefix, region, endpoint, keys }: Extract<DataConfig, { kind: 's3' }>) {
    this.place = url
    this.#bucket = bucket
    this.#prefix = prefix === '' ? '' : `${prefix}/`
    this.#client = new S3Client({
      region,
      // Errors are thrown; its own words would stand between a command's.
      logger: { debug: silent, info: silent, warn: silent, error: silent },
      // Not every S3 understands the checksums that newer clients append to a stream.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
      ...(keys === undefined
        ? {}
        : {
            credentials: {
              accessKeyId: keys.accessKeyId,
              secretAccessKey: keys.secretAccessKey.reveal(),
              ...(keys.sessionToken === undefined ? {} : { sessionToken: keys.sessionToken.reveal() }),
            },
          }),
    })
  }

  async list(): Promise<ReadonlyMap<string, number>> {
    return bytesOf(await this.survey())
  }

  async survey(): Promise<ReadonlyMap<string, StoredFile>> {
    const files = new Map<string, StoredFile>()
    const pages = paginateListObjectsV2({ client: this.#client }, { Bucket: this.#bucket, Prefix: this.#prefix })
    try {
      for await (const { Contents = [] } of pages)
        for (const { Key, Size = 0, LastModified = new Date(0) } of Contents)
          if (Key !== undefined) files.set(Key.slice(this.#prefix.length), { bytes: Size, modifiedAt: LastModified })
    } catch (cause) {
      throw this.#unavailable('', cause)
    }
    return files
  }

  async read(name: string): Promise<Readable> {
    const command = new GetObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + name })
    const { Body } = await this.#client.send(command).catch((cause) => {
      throw this.#unavailable(name, cause)
    })
    if (Body instanceof Readable) return Body
    throw new SourceUnavailable(`${this.place}/${name} has no content`)
  }

  async write(name: string, bytes: number, open: () => Promise<Readable>): Promise<void> {
    if (bytes > objectLimitBytes)
      throw new InvalidInput(`${name} has ${bytes} bytes, over the ${objectLimitBytes} of one PUT; choose a folder`)
    const content = await open()
    // The client notices an error of its body late or not at all; the request is ended with it.
    const abort = new AbortController()
    const failed = new Promise<never>((_, reject) => {
      content.once('error', (error) => {
        reject(error)
        abort.abort()
      })
    })
    const command = new PutObjectCommand({
      Bucket: this.#bucket,
      Key: this.#prefix + name,
      Body: content.pipe(new PassThrough()),
      ContentLength: bytes,
    })
    const sent = this.#client.send(command, { abortSignal: abort.signal }).catch((cause) => {
      throw this.#unavailable(name, cause)
    })
    // The store answers when it has all bytes; only their end tells that they are the right ones.
    const ended = new Promise((resolve) => content.once('end', resolve))
    try {
      await Promise.race([Promise.all([sent, ended]), failed])
    } catch (error) {
      // All bytes may have arrived before they were found to be wrong.
      await this.remove(name).catch(() => undefined)
      throw error
    }
  }

  async remove(name: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + name }))
  }

  #unavailable(name: string, cause: unknown): SourceUnavailable {
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
    return new SourceUnavailable(`${this.place}/${name} does not answer usefully (${reason})`, undefined, { cause })
  }
}
