import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { InvalidInput, SourceChanged } from '../../infra/errors.js'
import type { FileStore } from '../../infra/store/file_store.js'

const file = z.strictObject({
  name: z.string().min(1),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
const content = z.strictObject({
  snapshotId: z.int(),
  tables: z.record(z.string(), z.strictObject({ rows: z.int(), hash: z.string() })),
})
const manifest = z.strictObject({
  /** Of this layout. */
  version: z.literal(1),
  createdAt: z.string(),
  /** The newest snapshot. */
  snapshotId: z.int(),
  /** How many snapshots the backup holds. */
  snapshots: z.int(),
  encrypted: z.boolean(),
  catalog: file,
  /** Every data and delete file that a snapshot needs, by its path below the data folder. */
  files: z.array(file),
  /** What every table held, at the newest snapshot and some older ones. */
  contents: z.array(content),
})
const envelope = z.strictObject({ sha256: z.string(), manifest })

export type Manifest = z.infer<typeof manifest>
export type BackupFile = z.infer<typeof file>

export const manifestName = 'manifest.json'
export const isCatalogName = (name: string): boolean => /^catalog-\d+-[0-9a-f]{8}\.ducklake$/.test(name)

const sha256Of = (value: Manifest): string => createHash('sha256').update(JSON.stringify(value)).digest('hex')

/** Written last: what it names is there. Resolves to its SHA-256, which stands for the whole backup. */
export const writeManifest = async (place: FileStore, value: Manifest): Promise<string> => {
  const sha256 = sha256Of(value)
  const body = Buffer.from(`${JSON.stringify({ sha256, manifest: value }, null, 1)}\n`)
  await place.write(manifestName, body.length, async () => Readable.from([body]))
  return sha256
}

/** The manifest of a place. Throws InvalidInput where there is none, SourceChanged where it is not as it was written. */
export const readManifest = async (place: FileStore, files: ReadonlyMap<string, number>): Promise<Manifest> => {
  if (!files.has(manifestName))
    throw new InvalidInput(`${place.place} holds no backup: there is no ${manifestName}, which is written last`)
  const damaged = (cause: unknown) =>
    new SourceChanged(`${place.place}/${manifestName} is truncated or was tampered with; use another backup`, { cause })
  const given = await text(await place.read(manifestName))
  try {
    const parsed = envelope.parse(JSON.parse(given))
    if (sha256Of(parsed.manifest) === parsed.sha256) return parsed.manifest
  } catch (cause) {
    throw damaged(cause)
  }
  throw damaged(undefined)
}
