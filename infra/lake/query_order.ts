import { libpqString, parsePostgresAddress } from '../postgres_address.js'
import type { DataConfig } from '../resources.js'
import { Secret } from '../secret.js'
import type { LakeOptions } from './lake.js'
import type { QueryLimits } from './locked_lake.js'

/** What the process that answers queries opens: `LakeOptions` in the clear, for its channel alone. */
export interface QueryOrder {
  readonly catalog: string
  readonly data: Exclude<DataConfig, { kind: 's3' }> | (Omit<S3Data, 'keys'> & { readonly keys?: ClearKeys })
  readonly extensionDirectory: string
  readonly temporaryDirectory: string
}

/** What the process is told: first to open, then one query at a time. */
export type QueryMessage = { readonly open: QueryOrder } | { readonly sql: string; readonly limits: QueryLimits }

/** The process ends with this where a query takes too much memory. */
export const tooMuchMemoryCode = 12

type S3Data = Extract<DataConfig, { kind: 's3' }>

interface ClearKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

type Opened = Pick<LakeOptions, 'catalog' | 'data' | 'extensionDirectory' | 'temporaryDirectory'>

export const orderOf = ({ catalog, data, extensionDirectory, temporaryDirectory }: Opened): QueryOrder => ({
  catalog: catalog.kind === 'postgres' ? `postgres:${libpqString(catalog.address)}` : catalog.path,
  data: data.kind === 's3' ? clear(data) : data,
  extensionDirectory,
  temporaryDirectory,
})

const clear = ({ keys, ...data }: S3Data): QueryOrder['data'] => {
  if (keys === undefined) return data
  const { accessKeyId, secretAccessKey, sessionToken } = keys
  const token = sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() }
  return { ...data, keys: { accessKeyId, secretAccessKey: secretAccessKey.reveal(), ...token } }
}

export const optionsOf = ({ catalog, data, ...folders }: QueryOrder): Opened => ({
  ...folders,
  catalog: catalog.startsWith('postgres:')
    ? { kind: 'postgres', address: parsePostgresAddress(catalog) }
    : { kind: 'file', path: catalog },
  data: data.kind === 's3' ? secret(data) : data,
})

const secret = ({ keys, ...data }: Extract<QueryOrder['data'], { kind: 's3' }>): S3Data => {
  if (keys === undefined) return data
  const { accessKeyId, secretAccessKey, sessionToken } = keys
  const token = sessionToken === undefined ? {} : { sessionToken: new Secret(sessionToken) }
  return { ...data, keys: { accessKeyId, secretAccessKey: new Secret(secretAccessKey), ...token } }
}

/** What of it must not stand in a message. */
export const secretsOf = ({ catalog, data }: Opened): string[] => {
  const password = catalog.kind === 'postgres' ? catalog.address.password : undefined
  const keys = data.kind === 's3' ? data.keys : undefined
  return [password, keys?.secretAccessKey, keys?.sessionToken].flatMap((each) => each?.reveal() ?? [])
}
