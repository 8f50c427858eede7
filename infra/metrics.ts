import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import { QualityRejected, TributaryError } from './errors.js'
import type { SourceWatch } from './http/source_watch.js'
import type { CommitWatch } from './lake/commit_watch.js'

/** What this process counts, and who counts it. Labels come from definitions and closed lists, never from data: no wallet, no run. */
export interface Metrics {
  readonly registry: Registry
  readonly commits: CommitWatch
  readonly sources: SourceWatch
}

/** From a commit of a few rows to a wait for a lock that is given up. */
const secondsBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** A registry of its own, with what Node tells of the process; made once for a process and handed on. */
export const createMetrics = (): Metrics => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return { registry, commits: commitMetrics(registry), sources: sourceMetrics(registry) }
}

const commitMetrics = (registry: Registry): CommitWatch => {
  const registers = [registry]
  const commits = new Counter({
    name: 'tributary_commits_total',
    help: 'Steps by how their commit ended: committed, repeated (the receipt was there), refused (a check), or the error',
    labelNames: ['stage', 'step', 'outcome'],
    registers,
  })
  const rows = new Counter({
    name: 'tributary_rows_written_total',
    help: 'Rows that commits of this process wrote',
    labelNames: ['table'],
    registers,
  })
  const seconds = new Histogram({
    name: 'tributary_commit_seconds',
    help: 'From staged rows to the committed snapshot, waiting for the stage included',
    labelNames: ['stage'],
    buckets: secondsBuckets,
    registers,
  })
  const retries = new Counter({
    name: 'tributary_commit_retries_total',
    help: 'Transactions made again because another writer was first',
    labelNames: ['stage'],
    registers,
  })
  return {
    async step({ stage: { name: stage }, name: step }, work) {
      const begunAt = new Date().toISOString()
      try {
        const receipt = await work()
        const isNew = receipt.committedAt >= begunAt
        commits.inc({ stage, step, outcome: isNew ? 'committed' : 'repeated' })
        if (isNew) for (const [table, count] of Object.entries(receipt.rows)) rows.inc({ table }, count)
        return receipt
      } catch (error) {
        commits.inc({ stage, step, outcome: outcomeOf(error) })
        throw error
      }
    },
    async writing({ stage: { name: stage } }, work) {
      const observe = seconds.startTimer({ stage })
      try {
        return await work()
      } finally {
        observe()
      }
    },
    collided: ({ stage }) => retries.inc({ stage: stage.name }),
  }
}

const outcomeOf = (error: unknown): string => {
  if (error instanceof QualityRejected) return 'refused'
  return error instanceof TributaryError ? error.name : 'Error'
}

const sourceMetrics = (registry: Registry): SourceWatch => {
  const registers = [registry]
  const requests = new Counter({
    name: 'tributary_source_requests_total',
    help: 'Requests to a source by what came back: a class of status, or no answer',
    labelNames: ['source', 'endpoint', 'outcome'],
    registers,
  })
  const seconds = new Histogram({
    name: 'tributary_source_request_seconds',
    help: 'From the request to the last byte of the answer',
    labelNames: ['source'],
    buckets: secondsBuckets,
    registers,
  })
  const bytes = new Counter({
    name: 'tributary_source_bytes_total',
    help: 'Bytes of answers, unpacked',
    labelNames: ['source'],
    registers,
  })
  const credits = new Counter({
    name: 'tributary_api_credits_total',
    help: 'Compute units that requests were charged with, by the known prices',
    labelNames: ['source', 'endpoint'],
    registers,
  })
  return {
    answered({ source, endpoint, status, seconds: took, bytes: received }) {
      const outcome = status === undefined ? 'no_answer' : `${Math.floor(status / 100)}xx`
      requests.inc({ source, endpoint, outcome })
      seconds.observe({ source }, took)
      bytes.inc({ source }, received)
    },
    charged: (source, endpoint, units) => credits.inc({ source, endpoint }, units),
  }
}
