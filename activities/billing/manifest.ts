import { createHash } from 'node:crypto'
import { z } from 'zod'
import { SourceChanged } from '../../infra/errors.js'

/** What a manifest says of its delivery. */
export interface Manifest {
  readonly versionId: string
  /** The payer's account; absent where only the data say. */
  readonly accountId?: string
  readonly exportName: string
  readonly billingMonth: string
  /** As written: keys from the bucket's root or URLs. */
  readonly files: readonly string[]
  readonly recordCount?: number
}

/** Where a manifest lies: of which export and month, of a version of its own, or the newest's copy above them. */
export interface ManifestPlace {
  readonly path: string
  /** Equal for all manifests of an export's month. */
  readonly month: string
  readonly billingMonth: string
  /** The folder of one assembly or execution; absent: the month's newest, whatever it is called. */
  readonly version?: string
}

const monthly = /^(.*?)(?:^|\/)(\d{4})(\d{2})\d{2}-\d{8}\/(?:([^/]+)\/)?[^/]+-Manifest\.json$/
const partitioned = /^(.*?)(?:^|\/)metadata\/billing_period=(\d{4})-(\d{2})\/(?:([^/]+)\/)?[^/]*Manifest\.json$/i

/** Recognises the manifests of both kinds of export, in either layout; nothing for any other file, Redshift's too. */
export const manifestPlace = (path: string): ManifestPlace | undefined => {
  if (path.endsWith('-RedshiftManifest.json')) return undefined
  const [, prefix, year, month, version] = monthly.exec(path) ?? partitioned.exec(path) ?? []
  if (prefix === undefined || year === undefined || month === undefined) return undefined
  const billingMonth = `${year}-${month}`
  return { path, month: `${prefix} ${billingMonth}`, billingMonth, ...(version === undefined ? {} : { version }) }
}

const count = z.int().nonnegative()
const report = z.object({
  assemblyId: z.string().min(1),
  account: z.string().min(1),
  reportName: z.string().min(1),
  billingPeriod: z.object({ start: z.string().regex(/^\d{8}T/) }),
  reportKeys: z.array(z.string()),
  recordCount: count.optional(),
})
const dataExport = z.object({
  executionId: z.string().min(1),
  account: z.string().optional(),
  exportArn: z.string().optional(),
  dataFiles: z.array(z.string()),
  recordCount: count.optional(),
})

/** Reads a manifest. Throws SourceChanged where it is none that is known. */
export const parseManifest = (text: string, { path, billingMonth }: ManifestPlace): Manifest => {
  const content = jsonOf(text, path)
  const first = report.safeParse(content)
  if (first.success) {
    const { assemblyId, account, reportName, billingPeriod, reportKeys, recordCount } = first.data
    const month = `${billingPeriod.start.slice(0, 4)}-${billingPeriod.start.slice(4, 6)}`
    if (month !== billingMonth)
      throw new SourceChanged(`${path}: billingPeriod.start is of ${month}, its folder of ${billingMonth}`)
    return {
      versionId: assemblyId,
      accountId: account,
      exportName: reportName,
      billingMonth,
      files: reportKeys,
      ...(recordCount === undefined ? {} : { recordCount }),
    }
  }
  const second = dataExport.safeParse(content)
  if (!second.success)
    throw new SourceChanged(
      `${path}: neither a Cost and Usage Report's manifest nor a Data Export's: ${first.error.issues[0]?.path.join('.')} and ${second.error.issues[0]?.path.join('.')} are missing or of another type`,
    )
  const { executionId, account, exportArn, dataFiles, recordCount } = second.data
  const accountId = account ?? exportArn?.split(':')[4]
  return {
    versionId: executionId,
    exportName: /([^/]*?)-?Manifest\.json$/.exec(path)?.[1] ?? '',
    billingMonth,
    files: dataFiles,
    ...(accountId === undefined ? {} : { accountId }),
    ...(recordCount === undefined ? {} : { recordCount }),
  }
}

const jsonOf = (text: string, path: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SourceChanged(`${path}: is not JSON`, { cause })
  }
}

/**
 * The stored file that a manifest means. It names keys from the bucket's root; the source may begin below it, or be a copy of
 * several buckets, each in a folder of its own: then what lies nearest to the manifest is meant.
 */
export const storedName = (
  named: string,
  manifestPath: string,
  stored: ReadonlyMap<string, unknown>,
): string | undefined => {
  const segments = named
    .replace(/^s3:\/\/[^/]+\//, '')
    .replace(/^\/+/, '')
    .split('/')
  const folders = manifestPath.split('/').slice(0, -1)
  for (let start = 0; start < segments.length; start += 1) {
    for (let depth = folders.length; depth >= 0; depth -= 1) {
      const name = [...folders.slice(0, depth), ...segments.slice(start)].join('/')
      if (stored.has(name)) return name
    }
  }
  return undefined
}

/** Equal for equal deliveries: the manifest's text, and the sizes of the files it names. */
export const fingerprintOf = (text: string, files: readonly (readonly [string, number])[]): string =>
  createHash('sha256')
    .update(JSON.stringify([text, files]))
    .digest('hex')
    .slice(0, 16)
