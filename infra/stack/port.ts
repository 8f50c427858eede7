import { createServer } from 'node:net'
import { SourceUnavailable } from '../errors.js'

// Far enough to pass a block of ports of another checkout, near enough to stay recognisable.
const SEARCH_RANGE = 200

/**
 * `preferred` when it is free on the loopback address, else the next free port above it. `alsoFree` are distances
 * that must be free too (a server that binds port + 10000). The caller prints a port that moved.
 */
export async function freePort(preferred: number, alsoFree: readonly number[] = []): Promise<number> {
  for (let port = preferred; port < preferred + SEARCH_RANGE; port += 1) {
    const needed = [0, ...alsoFree].map((distance) => port + distance)
    if (needed.some((candidate) => candidate > 65_535)) break
    if ((await Promise.all(needed.map(isFree))).every(Boolean)) return port
  }
  throw new SourceUnavailable(`no free port from ${preferred} to ${preferred + SEARCH_RANGE}: stop what holds them`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** `freePort` for a part that people look for at its preferred port: says so where it has to move. */
export async function announcedPort(name: string, preferred: number, log: (line: string) => void): Promise<number> {
  const port = await freePort(preferred)
  if (port !== preferred) log(`port ${preferred} is taken: ${name} listens on ${port}`)
  return port
}
