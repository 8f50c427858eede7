import { readFile } from 'node:fs/promises'
import { Client, Connection } from '@temporalio/client'
import type { NativeConnectionOptions } from '@temporalio/worker'
import { SourceUnavailable } from '../errors.js'
import type { TemporalConfig } from '../resources.js'

/** A Temporal that is not there is noticed within this time, not after gRPC's own minutes. */
const connectTimeoutMs = 10_000

export type RemoteTemporal = Extract<TemporalConfig, { kind: 'remote' }>

/** The connection options that clients and workers share. Reads the TLS files; throws where one cannot be read. */
export const connectionOptions = async (temporal: RemoteTemporal): Promise<NativeConnectionOptions> => {
  const { address, apiKey, tls } = temporal
  const file = async (path: string | undefined) => (path === undefined ? undefined : readFile(path))
  const [serverCa, certificate, key] = await Promise.all([
    file(tls?.serverCaPath),
    file(tls?.clientCertPath),
    file(tls?.clientKeyPath),
  ])
  return {
    address,
    ...(apiKey === undefined ? {} : { apiKey: apiKey.reveal() }),
    ...(tls === undefined && apiKey === undefined
      ? {}
      : {
          tls: {
            ...(tls?.serverName === undefined ? {} : { serverNameOverride: tls.serverName }),
            ...(serverCa === undefined ? {} : { serverRootCACertificate: serverCa }),
            ...(certificate === undefined || key === undefined ? {} : { clientCertPair: { crt: certificate, key } }),
          },
        }),
  }
}

/** A client of the namespace. Throws SourceUnavailable, naming the address, when nobody answers there. */
export const connectClient = async (temporal: RemoteTemporal): Promise<Client> => {
  const options = await connectionOptions(temporal)
  try {
    const connection = await Connection.connect({ ...options, connectTimeout: connectTimeoutMs })
    return new Client({ connection, namespace: temporal.namespace })
  } catch (cause) {
    throw temporalUnreachable(temporal.address, cause)
  }
}

/** A client that connects when it is first asked something, and again whenever the server was away. Only its calls fail. */
export const lazyClient = async (temporal: RemoteTemporal): Promise<Client> => {
  const options = await connectionOptions(temporal)
  const connection = Connection.lazy({ ...options, connectTimeout: connectTimeoutMs })
  return new Client({ connection, namespace: temporal.namespace })
}

/** What client and worker say alike when nobody answers at the address. */
export const temporalUnreachable = (address: string, cause: unknown): SourceUnavailable =>
  new SourceUnavailable(
    `Temporal does not answer at ${address} (TEMPORAL_ADDRESS): start it, or unset TEMPORAL_ADDRESS to use the built-in one`,
    undefined,
    { cause },
  )
