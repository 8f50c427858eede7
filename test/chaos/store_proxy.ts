import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'

export const storeFaults = ['500', '503', 'stall', 'truncated', 'lost reply'] as const
export type StoreFault = (typeof storeFaults)[number]

export interface StoreProxy {
  readonly endpoint: string
  /** Decides what befalls a request; called for each. */
  onRequest: (method: string) => StoreFault | undefined
  close(): Promise<void>
}

/** An HTTP proxy before an S3 server; requests are passed on as they were signed. */
export const startStoreProxy = async (endpoint: string): Promise<StoreProxy> => {
  const { hostname, port } = new URL(endpoint)
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method = 'GET', url = '/', headers } = incoming
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk))
    const fault = proxy.onRequest(method)
    // The client's own timeout ends this one.
    if (fault === 'stall') return
    if (fault === '500' || fault === '503') {
      const code = fault === '500' ? 'InternalError' : 'SlowDown'
      outgoing.writeHead(Number(fault), { 'content-type': 'application/xml' })
      outgoing.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>armed</Message></Error>`)
      return
    }
    const upstream = request({ hostname, port, method, path: url, headers }, (answer) => {
      if (fault === 'lost reply') {
        answer.resume()
        answer.once('end', () => incoming.socket.resetAndDestroy())
        return
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      if (fault !== 'truncated') {
        answer.pipe(outgoing)
        return
      }
      answer.once('data', (chunk: Buffer) => {
        outgoing.write(chunk.subarray(0, Math.floor(chunk.length / 2)), () => incoming.socket.resetAndDestroy())
      })
      answer.once('end', () => incoming.socket.resetAndDestroy())
    })
    upstream.on('error', () => incoming.socket.destroy())
    upstream.end(Buffer.concat(chunks))
  }
  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => incoming.socket.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const proxy: StoreProxy = {
    endpoint: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    onRequest: () => undefined,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  return proxy
}
