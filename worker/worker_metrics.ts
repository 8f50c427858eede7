import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { InvalidInput } from '../infra/errors.js'
import type { Metrics } from '../infra/metrics.js'
import { freePort } from '../infra/stack/port.js'

/** Beside the dashboard's port. */
const preferredPort = 8_301
export interface MetricsAddress {
  readonly host: string
  /** 0: the first free one from 8301 on. */
  readonly port: number
}

export interface WorkerMetrics {
  readonly url: string
  /** Answered at /readyz. */
  setReady(isReady: boolean): void
  close(): Promise<void>
}

/** Where Temporal's runtime is to serve its own metrics, for this process alone: `installRuntime` takes it. */
export const runtimeMetricsAddress = async (): Promise<string> => {
  const server = createServer()
  const port = await listen(server, 0, '127.0.0.1')
  await new Promise((resolve) => server.close(resolve))
  return `127.0.0.1:${port}`
}

const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })

/**
 * Serves a worker's numbers in one place: `/metrics` is ours and those of Temporal's runtime, `/healthz` says that the process answers,
 * `/readyz` that it polls. Nothing here is secret and nothing can be changed, so it asks for no token.
 */
export const serveWorkerMetrics = async (
  { registry }: Metrics,
  runtimeAddress: string,
  { host, port }: MetricsAddress,
): Promise<WorkerMetrics> => {
  let isReady = false
  const pages: Record<string, () => Promise<{ status: number; text: string }>> = {
    '/metrics': async () => ({
      status: 200,
      text: `${await registry.metrics()}\n${await runtimeText(runtimeAddress)}`,
    }),
    '/healthz': async () => ({ status: 200, text: 'ok\n' }),
    '/readyz': async () => (isReady ? { status: 200, text: 'ok\n' } : { status: 503, text: 'not polling\n' }),
  }
  const server = createServer((request, response) => {
    const page = request.method === 'GET' ? pages[request.url ?? ''] : undefined
    const answer = page?.() ?? Promise.resolve({ status: 404, text: 'see /metrics, /healthz, /readyz\n' })
    answer
      .catch(() => ({ status: 500, text: 'the metrics cannot be read\n' }))
      .then(({ status, text }) => {
        const type = 'text/plain; version=0.0.4; charset=utf-8'
        response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(text)
      })
  })
  const chosen = port === 0 ? await freePort(preferredPort) : port
  const listening = await listen(server, chosen, host).catch((cause) => {
    // Another worker may have taken it since it was seen free.
    if (port === 0) return listen(server, 0, host)
    throw new InvalidInput(`METRICS_HOST=${host} METRICS_PORT=${port}: cannot listen there; choose another`, { cause })
  })
  return {
    url: `http://${host}:${listening}/metrics`,
    setReady: (ready) => {
      isReady = ready
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The runtime serves nothing before its first metric, and that is no reason to serve none of ours. */
const runtimeText = async (address: string): Promise<string> => {
  try {
    return await (await fetch(`http://${address}/metrics`)).text()
  } catch {
    return ''
  }
}
