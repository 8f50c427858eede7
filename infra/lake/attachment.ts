import { InvalidInput, SourceUnavailable } from '../errors.js'
import type { PostgresAddress } from '../postgres_address.js'
import type { DataConfig } from '../resources.js'
import { quotedIdentifier, quotedLiteral } from './identifier.js'
import type { LakeOptions } from './lake.js'
import type { Session } from './session.js'
import { snapshotNamed } from './version.js'

/** Loads what the options need, with signature checks on. */
export const loadExtensions = async (session: Session, { catalog, data, encrypted }: LakeOptions): Promise<void> => {
  await session.run('LOAD ducklake')
  if (catalog.kind === 'postgres') await session.run('LOAD postgres_scanner')
  await loadDataExtensions(session, data)
  if (encrypted === true) await loadEncryption(session)
}

/** Without it DuckDB reads encrypted files, and refuses to write any: its own cipher is not safe for that. */
const loadEncryption = (session: Session): Promise<number> => session.run('LOAD httpfs')

const loadDataExtensions = async (session: Session, data: DataConfig): Promise<void> => {
  if (data.kind !== 's3') return
  await session.run('LOAD httpfs')
  if (data.keys === undefined) await session.run('LOAD aws')
}

/** Makes files of a place readable in SQL by their path or URL, under `name` for what it takes. */
export const openPlace = async (session: Session, place: DataConfig, name: string): Promise<void> => {
  await loadDataExtensions(session, place)
  if (place.kind === 's3') await createS3Secret(session, place, name)
}

/** A lake beside the one of the options, in a catalog file. */
export interface SideLake {
  readonly alias: string
  readonly catalogPath: string
  readonly data: DataConfig
  /** Given: it is created, with encrypted files or not. Absent: it is there, and is read. */
  readonly encrypted?: boolean
}

/** Attaches a catalog file under its alias: to be read as it lies, wherever its data was once, or to be created where it says so. */
export const attachSideLake = async (
  session: Session,
  { alias, catalogPath, data, encrypted }: SideLake,
): Promise<void> => {
  await loadDataExtensions(session, data)
  if (data.kind === 's3') await createS3Secret(session, data, `${alias}_data`)
  const how = encrypted === undefined ? 'READ_ONLY, OVERRIDE_DATA_PATH true' : `ENCRYPTED ${encrypted}`
  await session.run(
    `ATTACH ${quotedLiteral(`ducklake:${catalogPath}`)} AS ${quotedIdentifier(alias)} (DATA_PATH ${quotedLiteral(dataPath(data))}, ${how})`,
  )
}

/** Whether the attached lake's data files are. */
export const isEncrypted = async (session: Session, alias: string): Promise<boolean> => {
  const [row] = await session.all(
    `SELECT value FROM ${quotedIdentifier(`__ducklake_metadata_${alias}`)}.ducklake_metadata WHERE key = 'encrypted'`,
  )
  return row?.['value'] === 'true'
}

const dataPath = (data: DataConfig): string => (data.kind === 's3' ? data.url : data.path)

/**
 * Attaches the catalog as `lake`. Credentials go into temporary secrets and never into the ATTACH string, which DuckDB repeats
 * in its errors. Throws SourceUnavailable when the catalog or the data path cannot be reached, InvalidInput where it has no such snapshot.
 */
export const attachLake = async (session: Session, options: LakeOptions): Promise<void> => {
  const { catalog, data, at } = options
  await session.run(`SET GLOBAL TimeZone = 'UTC'`)
  // The default of 10 quick retries gives up under a fan-in of writers; these only re-take catalog ids, never data.
  await session.run('SET GLOBAL ducklake_max_retry_count = 100')
  if (data.kind === 's3') await createS3Secret(session, data, 'lake_data')
  const settings = [
    `DATA_PATH ${quotedLiteral(dataPath(data))}`,
    'DATA_INLINING_ROW_LIMIT 0',
    ...(options.encrypted === undefined ? [] : [`ENCRYPTED ${options.encrypted}`]),
    ...(options.readOnly === true ? ['READ_ONLY'] : []),
  ]
  const attach = async (...more: string[]) => {
    const all = [...settings, ...more].join(', ')
    if (catalog.kind === 'postgres') {
      const libpq = await createCatalogSecret(session, catalog.address)
      await session.run(
        `ATTACH ${quotedLiteral(`ducklake:postgres:${libpq}`)} AS lake (META_SECRET 'lake_catalog', ${all})`,
      )
    } else {
      await session.run(`ATTACH ${quotedLiteral(`ducklake:${catalog.path}`)} AS lake (${all})`)
    }
  }
  try {
    await attach()
    if (options.encrypted === undefined && (await isEncrypted(session, 'lake'))) await loadEncryption(session)
    if (at === undefined) return
    // Only an attached catalog can tell which snapshot is meant.
    const snapshotId = await snapshotNamed(session, '--at', at)
    await session.run('DETACH lake')
    await attach(`SNAPSHOT_VERSION ${snapshotId}`)
  } catch (cause) {
    if (cause instanceof InvalidInput) throw cause
    if (cause instanceof Error && cause.message.includes('Failed to set encryption')) {
      throw new InvalidInput(
        `LAKE_ENCRYPTED=${options.encrypted}: the lake was created ${options.encrypted ? 'without' : 'with'} encryption, which stays; unset it, or export into a new lake`,
        { cause },
      )
    }
    throw new SourceUnavailable(
      `the lake's catalog cannot be attached; correct LAKE_CATALOG or LAKE_DATA, or start what they name: ${firstLine(cause)}`,
      undefined,
      {
        cause,
      },
    )
  }
}

const firstLine = (cause: unknown): string =>
  cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)

/** Without keys, the AWS credential chain of the process is asked. */
const createS3Secret = async (
  session: Session,
  data: Extract<DataConfig, { kind: 's3' }>,
  name: string,
): Promise<void> => {
  const endpoint = data.endpoint === undefined ? undefined : new URL(data.endpoint)
  const { accessKeyId, secretAccessKey, sessionToken } = data.keys ?? {}
  const settings = [
    `REGION ${quotedLiteral(data.region)}`,
    `SCOPE ${quotedLiteral(data.url)}`,
    ...(accessKeyId === undefined ? ['PROVIDER credential_chain'] : [`KEY_ID ${quotedLiteral(accessKeyId)}`]),
    ...(secretAccessKey === undefined ? [] : [`SECRET ${quotedLiteral(secretAccessKey.reveal())}`]),
    ...(sessionToken === undefined ? [] : [`SESSION_TOKEN ${quotedLiteral(sessionToken.reveal())}`]),
    ...(endpoint === undefined
      ? []
      : [`ENDPOINT ${quotedLiteral(endpoint.host)}`, `URL_STYLE 'path'`, `USE_SSL ${endpoint.protocol === 'https:'}`]),
  ]
  await session.run(`CREATE OR REPLACE TEMPORARY SECRET ${quotedIdentifier(name)} (TYPE s3, ${settings.join(', ')})`)
}

/** Creates the secret that holds the login; resolves to what else libpq is to be told, which is no secret. */
const createCatalogSecret = async (session: Session, address: PostgresAddress): Promise<string> => {
  const { host, port, database, user, password, parameters } = address
  const login = Object.entries({ host, port, database, user, password: password?.reveal() }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${quotedLiteral(String(value))}`],
  )
  await session.run(`CREATE OR REPLACE TEMPORARY SECRET lake_catalog (TYPE postgres, ${login.join(', ')})`)
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
