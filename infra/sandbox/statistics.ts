/** What was asked of the sandbox. */
export type Statistics = {
  total: number
  /** Requests by method and path; ids of webhooks are left out. */
  byEndpoint: { [endpoint: string]: number }
  byStatus: { [status: string]: number }
  /** Most requests within one second of wall time, beginning with any of them. */
  peakPerSecond: number
  bytes: number
}

export type Recorder = {
  request(method: string, path: string, nowMs: number): void
  response(status: number, bytes: number): void
  read(): Statistics
  reset(): void
}

export function createRecorder(): Recorder {
  const empty = (): Statistics => ({ total: 0, byEndpoint: {}, byStatus: {}, peakPerSecond: 0, bytes: 0 })
  let statistics = empty()
  let recent: number[] = []
  let head = 0
  return {
    request(method, path, nowMs) {
      const endpoint = `${method} ${path.replace(/^(\/v0\/webhooks)\/.*$/, '$1/{id}')}`
      statistics.total += 1
      statistics.byEndpoint[endpoint] = (statistics.byEndpoint[endpoint] ?? 0) + 1
      recent.push(nowMs)
      while ((recent[head] ?? nowMs) <= nowMs - 1000) head += 1
      statistics.peakPerSecond = Math.max(statistics.peakPerSecond, recent.length - head)
      if (head < 10_000) return
      recent = recent.slice(head)
      head = 0
    },
    response(status, bytes) {
      statistics.byStatus[status] = (statistics.byStatus[status] ?? 0) + 1
      statistics.bytes += bytes
    },
    read: () => structuredClone(statistics),
    reset: () => {
      statistics = empty()
    },
  }
}
