import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** An answer instead of the source's: `echo` is everything it was asked with, secrets included. */
export type Echo = (request: { path: string; echo: string }) => { status: number; body: string } | undefined

export interface EchoServer {
  readonly url: string
  /** Says which requests are answered with what was asked; the others go on to the source. */
  answerWith(echo: Echo): void
  close(): Promise<void>
}

/** A server between the pipeline and a source that repeats what it is asked with in its answers, as careless ones do. */
export const startEchoServer = async (sourceUrl: string): Promise<EchoServer> => {
  let echo: Echo = () => undefined
  const server = createServer(async (request, response) => {
    const sent = await text(request)
    const { pathname } = new URL(request.url ?? '/', sourceUrl)
    const instead = echo({ path: pathname, echo: `${request.url} ${JSON.stringify(request.headers)} ${sent}` })
    if (instead !== undefined) return response.writeHead(instead.status).end(instead.body)
    try {
      const answer = await forwarded(sourceUrl, request, sent)
      const body = await answer.text()
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(body)
    } catch {
      // The source broke off, and so does this.
      response.destroy()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    answerWith: (next) => {
      echo = next
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const forwarded = (sourceUrl: string, request: IncomingMessage, body: string): Promise<Response> => {
  const headers = Object.entries(request.headers).filter(([name]) => /^(x-|authorization$|content-type$)/.test(name))
  return fetch(new URL(request.url ?? '/', sourceUrl), {
    method: request.method ?? 'GET',
    headers: headers.map(([name, value]) => [name, String(value)]),
    ...(body === '' ? {} : { body }),
  })
}
