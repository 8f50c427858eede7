import { InvalidInput, SourceUnavailable } from '../errors.js'
import type { PostgresAddress } from '../postgres_address.js'
import type { DataConfig } from '../resources.js'
import { quotedLiteral } from './identifier.js'
import type { LakeOptions } from './lake.js'
import type { Session } from './session.js'
import { snapshotNamed } from './version.js'

/** Loads what the options need, with signature checks on. */
export const loadExtensions = async (session: Session, { catalog, data }: LakeOptions): Promise<void> => {
  await session.run('LOAD ducklake')
  if (catalog.kind === 'postgres') await session.run('LOAD postgres_scanner')
  if (data.kind === 's3') {
    await session.run('LOAD httpfs')
    if (data.keys === undefined) await session.run('LOAD aws')
  }
}

/**
 * Attaches the catalog as `lake`. Credentials go into temporary secrets and never into the ATTACH string, which DuckDB repeats
 * in its errors. Throws SourceUnavailable when the catalog or the data path cannot be reached, InvalidInput where it has no such snapshot.
 */
export const attachLake = async (session: Session, options: LakeOptions): Promise<void> => {
  const { catalog, data, at } = options
  await session.run(`SET GLOBAL TimeZone = 'UTC'`)
  // The default of 10 quick retries gives up under a fan-in of writers; these only re-take catalog ids, never data.
  await session.run('SET GLOBAL ducklake_max_retry_count = 100')
  if (data.kind === 's3') await createS3Secret(session, data)
  const settings = [
    `DATA_PATH ${quotedLiteral(data.kind === 's3' ? data.url : data.path)}`,
    'DATA_INLINING_ROW_LIMIT 0',
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
    if (at === undefined) return
    // Only an attached catalog can tell which snapshot is meant.
    const snapshotId = await snapshotNamed(session, '--at', at)
    await session.run('DETACH lake')
    await attach(`SNAPSHOT_VERSION ${snapshotId}`)
  } catch (cause) {
    if (cause instanceof InvalidInput) throw cause
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
const createS3Secret = async (session: Session, data: Extract<DataConfig, { kind: 's3' }>): Promise<void> => {
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
  await session.run(`CREATE OR REPLACE TEMPORARY SECRET lake_data (TYPE s3, ${settings.join(', ')})`)
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
