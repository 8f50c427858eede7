import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ServerProcess } from '../../infra/stack/server_process.js'
import { keepServer } from '../../worker/kept_server.js'

/** A server that ends when the test says so. */
const server = () => {
  let end = (_: string): void => undefined
  const exited = new Promise<string>((resolve) => {
    end = resolve
  })
  const stopped = vi.fn(async () => end('exit 0'))
  const running: ServerProcess = {
    name: 'Thing',
    pid: 1,
    logFile: '/logs/thing.log',
    exited,
    stop: stopped,
    output: async () => '',
    failure: async () => undefined,
  }
  return { running, stopped, die: () => end('exit SIGKILL') }
}

const keeper = () => {
  const ending = new AbortController()
  const stops: (() => Promise<void>)[] = []
  const said: string[] = []
  const broken: string[] = []
  const given = {
    log: (line: string) => said.push(line),
    started: (stop: () => Promise<void>) => stops.push(stop),
    breakDown: (why: string) => broken.push(why),
    stopping: ending.signal,
  }
  const stop = async () => {
    ending.abort()
    for (const each of stops) await each()
  }
  return { given, said, broken, stop }
}

const longEnoughMs = 60_000

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('a server that is killed is started again, and the new one is stopped at the end', async () => {
  const [first, second] = [server(), server()]
  const { given, said, broken, stop } = keeper()
  const start = vi.fn(async () => (start.mock.calls.length === 1 ? first : second).running)
  expect(await keepServer(given, start)).toBe(first.running)
  await vi.advanceTimersByTimeAsync(longEnoughMs)
  first.die()
  await vi.advanceTimersByTimeAsync(1)
  expect(start).toHaveBeenCalledTimes(2)
  expect(said).toEqual(['Thing ended unasked (exit SIGKILL) and is started again; see /logs/thing.log'])
  await stop()
  expect([first.stopped, second.stopped].map(({ mock }) => mock.calls.length)).toEqual([0, 1])
  expect([start.mock.calls.length, broken]).toEqual([2, []])
})

test('a server that is told to stop stays stopped', async () => {
  const only = server()
  const { given, broken, stop } = keeper()
  const start = vi.fn(async () => only.running)
  await keepServer(given, start)
  await vi.advanceTimersByTimeAsync(longEnoughMs)
  await stop()
  await vi.advanceTimersByTimeAsync(longEnoughMs)
  expect([start.mock.calls.length, broken]).toEqual([1, []])
})

test('a server that ends at once is given up, with where to look', async () => {
  const { given, broken } = keeper()
  const [first, second] = [server(), server()]
  const start = vi.fn(async () => (start.mock.calls.length === 1 ? first : second).running)
  await keepServer(given, start)
  await vi.advanceTimersByTimeAsync(longEnoughMs)
  first.die()
  await vi.advanceTimersByTimeAsync(1_000)
  second.die()
  await vi.advanceTimersByTimeAsync(longEnoughMs)
  expect(start).toHaveBeenCalledTimes(2)
  expect(broken).toEqual(['Thing ended as soon as it ran (exit SIGKILL); see /logs/thing.log, and start again'])
})

test('a server that cannot start again is tried five times and then given up', { timeout: 60_000 }, async () => {
  const { given, broken } = keeper()
  const first = server()
  const start = vi.fn(async () => {
    if (start.mock.calls.length > 1) throw new Error('the port is taken')
    return first.running
  })
  await keepServer(given, start)
  await vi.advanceTimersByTimeAsync(longEnoughMs)
  first.die()
  await vi.advanceTimersByTimeAsync(1)
  vi.useRealTimers()
  await vi.waitFor(() => expect(broken).toEqual(['the port is taken']), { timeout: 30_000 })
  expect(start).toHaveBeenCalledTimes(6)
})

test('a stop waits for a start that is under way, and stops what it started', async () => {
  const { given, stop } = keeper()
  const [first, second] = [server(), server()]
  let go = (_: ServerProcess): void => undefined
  const start = vi.fn(() =>
    start.mock.calls.length === 1
      ? Promise.resolve(first.running)
      : new Promise<ServerProcess>((resolve) => {
          go = resolve
        }),
  )
  await keepServer(given, start)
  await vi.advanceTimersByTimeAsync(longEnoughMs)
  first.die()
  await vi.advanceTimersByTimeAsync(1)
  const stopped = stop()
  go(second.running)
  await stopped
  expect(second.stopped).toHaveBeenCalledTimes(1)
})
