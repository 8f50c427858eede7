import { connect, createServer, type Socket } from 'node:net'

/** What happens to a connection to PostgreSQL at a message of the client's. */
export type CatalogFault =
  /** The message does not arrive: what it asked for has not been done. */
  | 'reset before'
  /** The message is answered, and the answer does not arrive: what it asked for has been done. */
  | 'reset after'

export interface CatalogProxy {
  readonly port: number
  /** Decides what befalls a client's message; called for each. */
  onMessage: (message: Buffer) => Promise<CatalogFault | undefined>
  /** Rewrites what errors say, as a server does that speaks another language. */
  translates: boolean
  readonly faults: () => number
  close(): Promise<void>
}

/** A TCP proxy before a PostgreSQL that can break connections at the message of its choice. */
export const startCatalogProxy = async (host: string, port: number): Promise<CatalogProxy> => {
  const sockets = new Set<Socket>()
  let faults = 0
  const server = createServer((client) => {
    const upstream = connect(port, host)
    let silent = false
    let turn: Promise<unknown> = Promise.resolve()
    const breakOff = () => {
      client.resetAndDestroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', breakOff)
      socket.on('close', () => {
        sockets.delete(socket)
        client.end()
        upstream.end()
      })
    }
    client.on('data', (message) => {
      turn = turn.then(async () => {
        const fault = await proxy.onMessage(message)
        if (fault !== undefined) faults += 1
        if (fault === 'reset before') return breakOff()
        if (fault === 'reset after') silent = true
        upstream.write(message)
      })
    })
    upstream.on('data', (answer) => {
      if (silent) breakOff()
      else client.write(proxy.translates ? translated(answer) : answer)
    })
  })
  const own = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
  const proxy: CatalogProxy = {
    port: own,
    onMessage: () => Promise.resolve(undefined),
    translates: false,
    faults: () => faults,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
  return proxy
}

const errorResponse = 0x45
const messageField = 0x4d

/** The primary message of every ErrorResponse in German, at the same length; nothing in it is what an English reader looks for. */
const translated = (answer: Buffer): Buffer => {
  for (let at = 0; at + 5 <= answer.length; at += 1 + answer.readUInt32BE(at + 1)) {
    if (answer[at] !== errorResponse) continue
    const end = Math.min(answer.length, at + 1 + answer.readUInt32BE(at + 1))
    for (let field = at + 5; field < end && answer[field] !== 0; ) {
      const close = answer.indexOf(0, field)
      if (answer[field] === messageField) answer.fill('Es ist ein Fehler aufgetreten. ', field + 1, close)
      field = close + 1
    }
  }
  return answer
}
