import { text as textOf } from 'node:stream/consumers'
import { SourceChanged } from '../../infra/errors.js'
import type { FileStore } from '../../infra/store/file_store.js'
import type { StoredFile } from '../../infra/store/stored_file.js'
import type { BillingImportInput } from '../../schemas/billing/billing_import_input.js'
import {
  fingerprintOf,
  type Manifest,
  type ManifestPlace,
  manifestPlace,
  parseManifest,
  storedName,
} from './manifest.js'

/** A delivery of AWS, as it lies in the source. */
export interface Delivery extends Manifest {
  readonly manifestPath: string
  readonly deliveredAt: Date
  readonly fingerprint: string
  /** Names in the store, in the manifest's order. */
  readonly storedFiles: readonly string[]
  /** Named by the manifest, and not there. */
  readonly missingFiles: readonly string[]
}

export interface FoundDeliveries {
  readonly deliveries: readonly Delivery[]
  /** Manifests that say nothing that can be understood, each with the reason. */
  readonly unreadable: readonly string[]
}

/** A person waits for the list, and a manifest is a request of its own in S3. */
const manifestsAtOnce = 16

/**
 * The deliveries that the input asks about: the newest of each export and month, or those of its versions. When one was delivered
 * is when its manifest was written: AWS writes it last. A manifest that cannot be read keeps no other from being found.
 */
export const findDeliveries = async (
  store: FileStore,
  { months, versions, accounts, export: exportName }: BillingImportInput,
): Promise<FoundDeliveries> => {
  const stored = await store.survey()
  const places = [...stored.keys()].flatMap((path) => manifestPlace(path) ?? [])
  const wanted = places.filter(({ billingMonth }) => months === undefined || months.includes(billingMonth))
  const picked = versions === undefined ? newestOf(wanted, stored) : wanted
  const deliveries: Delivery[] = []
  const unreadable: string[] = []
  const read = async (place: ManifestPlace): Promise<void> => {
    try {
      deliveries.push(await readDelivery(store, stored, place))
    } catch (error) {
      if (!(error instanceof SourceChanged)) throw error
      unreadable.push(error.message)
    }
  }
  for (let from = 0; from < picked.length; from += manifestsAtOnce)
    await Promise.all(picked.slice(from, from + manifestsAtOnce).map(read))
  // The month's newest has a manifest in its own folder too.
  const single = new Map(
    deliveries.map((each) => [`${each.accountId} ${each.exportName} ${each.billingMonth} ${each.versionId}`, each]),
  )
  const asked = [...single.values()].filter(
    (each) =>
      (versions === undefined || versions.includes(each.versionId)) &&
      (exportName === undefined || each.exportName === exportName) &&
      (accounts === undefined || each.accountId === undefined || accounts.includes(each.accountId)),
  )
  return { deliveries: asked.sort(inOrder), unreadable: unreadable.sort() }
}

/** However fast each manifest came. */
const inOrder = (one: Delivery, other: Delivery): number => (one.manifestPath < other.manifestPath ? -1 : 1)

/** Of each month the manifest that AWS keeps above the versions; where there is none, the one that was written last. */
const newestOf = (places: readonly ManifestPlace[], stored: ReadonlyMap<string, StoredFile>): ManifestPlace[] => {
  const writtenAt = ({ path }: ManifestPlace) => stored.get(path)?.modifiedAt.getTime() ?? 0
  const best = new Map<string, ManifestPlace>()
  for (const place of places) {
    const other = best.get(place.month)
    const isBetter =
      other === undefined ||
      (place.version === undefined) > (other.version === undefined) ||
      ((place.version === undefined) === (other.version === undefined) && writtenAt(place) > writtenAt(other))
    if (isBetter) best.set(place.month, place)
  }
  return [...best.values()]
}

const readDelivery = async (
  store: FileStore,
  stored: ReadonlyMap<string, StoredFile>,
  place: ManifestPlace,
): Promise<Delivery> => {
  const text = await textOf(await store.read(place.path))
  const manifest = parseManifest(text, place)
  const found = manifest.files.map((file) => ({ file, name: storedName(file, place.path, stored) }))
  const storedFiles = found.flatMap(({ name }) => name ?? [])
  return {
    ...manifest,
    manifestPath: place.path,
    deliveredAt: stored.get(place.path)?.modifiedAt ?? new Date(0),
    fingerprint: fingerprintOf(
      text,
      storedFiles.map((name) => [name, stored.get(name)?.bytes ?? 0]),
    ),
    storedFiles,
    missingFiles: found.flatMap(({ file, name }) => (name === undefined ? [file] : [])),
  }
}
