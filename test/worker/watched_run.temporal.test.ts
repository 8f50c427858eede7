import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLakeGauges } from '../../infra/lake/lake_gauges.js'
import { createLog } from '../../infra/log.js'
import { createMetrics } from '../../infra/metrics.js'
import { installRuntime } from '../../infra/temporal/runtime.js'
import { createTracing } from '../../infra/tracing.js'
import { runtimeMetricsAddress, serveWorkerMetrics, type WorkerMetrics } from '../../worker/worker_metrics.js'
import type { SmartTradersResult } from '../../workflows/traders/smart_traders.js'
import { namedMetrics } from '../deploy/named_metrics.js'
import { canaries, found } from '../traders/canaries.js'
import { type Pipeline, startPipeline } from '../traders/pipeline.js'
import { startTraceCollector, type TraceCollector } from './trace_collector.js'

interface Line {
  readonly level: string
  readonly message: string
  readonly [field: string]: unknown
}

describe('a run that is watched, with a source that fails now and then', () => {
  const lines: string[] = []
  let collector: TraceCollector
  let served: WorkerMetrics
  let pipeline: Pipeline
  let result: SmartTradersResult
  let metricsText: string
  let lakeText: string
  let failure: unknown
  const logged = (): Line[] => lines.map((line): Line => JSON.parse(line))
  beforeAll(async () => {
    collector = await startTraceCollector()
    const stream = { write: (text: string) => lines.push(...text.trimEnd().split('\n')) }
    const log = createLog({ stream, json: true, process: 'worker', secrets: Object.values(canaries) })
    const metrics = createMetrics()
    const tracing = createTracing(collector.endpoint, 'test')
    const runtimeAddress = await runtimeMetricsAddress()
    installRuntime(log, runtimeAddress)
    served = await serveWorkerMetrics(metrics, runtimeAddress, { host: '127.0.0.1', port: 0 })
    pipeline = await startPipeline({
      market: { tokens: 6, wallets: 40, swaps: 3_000 },
      faults: [{ kind: 'server_error', probability: 0.1, seed: 1 }],
      watch: { log, tracing, metrics },
    })
    result = await pipeline.run()
    // The same logical run again: every step finds its receipt.
    await pipeline.run()
    await pipeline.run({ tokens: { limit: 0 } }).catch((error: unknown) => {
      failure = error
    })
    metricsText = await (await fetch(served.url)).text()
    lakeText = await createLakeGauges(pipeline.lake).text()
    await tracing.close()
  })
  afterAll(async () => {
    await pipeline?.close()
    await served?.close()
    await collector?.close()
  })
  const sample = (text: string, series: string): number => {
    const line = text.split('\n').find((each) => each.startsWith(`${series} `))
    return Number(line?.split(' ').at(-1))
  }

  test('counts commits, their rows and repetitions', () => {
    expect(
      sample(metricsText, 'tributary_commits_total{stage="traders_silver",step="derive_silver",outcome="committed"}'),
    ).toBe(1)
    expect(metricsText).toMatch(/tributary_commits_total\{stage="traders_bronze",step="\w+",outcome="repeated"\} [1-9]/)
    const silver = result.steps.find(({ step }) => step === 'silver')
    expect(sample(metricsText, 'tributary_rows_written_total{table="traders_silver.trades"}')).toBe(
      silver?.rows['traders_silver.trades'],
    )
    expect(sample(metricsText, 'tributary_commit_seconds_count{stage="traders_silver"}')).toBe(1)
    expect(metricsText).toContain('tributary_rows_written_total{table="traders_bronze.rejected_rows"}')
  })

  test('counts requests, bytes and credits as the source itself does', () => {
    const endpoint = 'source="birdeye",endpoint="/defi/v3/token/list"'
    expect(sample(metricsText, `tributary_source_requests_total{${endpoint},outcome="2xx"}`)).toBeGreaterThan(0)
    expect(metricsText).toMatch(
      /tributary_source_requests_total\{source="birdeye",endpoint="[^"]+",outcome="5xx"\} [1-9]/,
    )
    expect(sample(metricsText, 'tributary_source_bytes_total{source="birdeye"}')).toBeGreaterThan(10_000)
    expect(metricsText).toMatch(
      /tributary_api_credits_total\{source="birdeye",endpoint="\/trader\/txs\/seek_by_time"\} [1-9]/,
    )
    expect(metricsText).toMatch(/tributary_source_requests_total\{source="helius",endpoint="\/v0\/webhooks"/)
  })

  test('has Temporal’s own numbers and Node’s on the same page', () => {
    expect(metricsText).toMatch(/temporal_activity_execution_latency_seconds_\w+\{.*activity_type="fetchHistories"/)
    expect(metricsText).toMatch(/^process_resident_memory_bytes \d+/m)
  })

  test('has every number of Temporal’s that the alerts and the dashboard name', () => {
    const named = namedMetrics().filter((name) => name.startsWith('temporal_'))
    expect(named.length).toBeGreaterThan(3)
    expect(named.filter((name) => !new RegExp(`^${name}(_\\w+)?\\{`, 'm').test(metricsText))).toEqual([])
  })

  test('shows the lake, whoever wrote it', () => {
    expect(sample(lakeText, 'tributary_lake_up')).toBe(1)
    expect(sample(lakeText, 'tributary_table_rows{table="traders_silver.trades"}')).toBeGreaterThan(0)
    expect(sample(lakeText, 'tributary_table_files{table="traders_silver.trades"}')).toBeGreaterThan(0)
    expect(sample(lakeText, 'tributary_table_deleted_ratio{table="traders_silver.trades"}')).toBe(0)
    expect(sample(lakeText, 'tributary_lake_snapshots')).toBeGreaterThan(5)
    expect(sample(lakeText, 'tributary_catalog_bytes')).toBeGreaterThan(1_000_000)
    const at = sample(lakeText, 'tributary_step_last_commit_timestamp_seconds{stage="traders_gold",step="derive_gold"}')
    expect(Math.abs(Date.now() / 1000 - at)).toBeLessThan(3_600)
  })

  test('labels nothing with what there is no end of: no wallet, no token, no run', () => {
    // In production a task queue has its domain's name; here one of its own.
    const labels = [metricsText, lakeText]
      .flatMap((text) => [...text.matchAll(/(\w+)="([^"]*)"/g)])
      .filter(([, name]) => name !== 'task_queue')
    const ours = labels.filter(([, name = '']) =>
      ['stage', 'step', 'table', 'outcome', 'source', 'endpoint'].includes(name),
    )
    expect(ours.length).toBeGreaterThan(50)
    for (const [, name, value = ''] of labels) {
      expect(value, name).not.toMatch(/[1-9A-HJ-NP-Za-km-z]{32,}/)
      expect(value, name).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/)
    }
  })

  test('tells of each activity which run, attempt and snapshot it was', () => {
    const done = logged().filter(({ activity }) => activity === 'deriveSilver')
    expect(done[0]).toMatchObject({
      level: 'info',
      process: 'worker',
      message: 'deriveSilver done',
      workflowType: 'smartTraders',
      workflowId: expect.stringMatching(/^test\//),
      runId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      attempt: 1,
      stage: 'traders_silver',
      step: 'derive_silver',
      snapshotId: expect.any(Number),
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    })
    const ended = logged().filter(({ message }) => message.startsWith('smartTraders '))
    expect(ended.map(({ outcome }) => outcome)).toEqual(['completed', 'completed', 'failed'])
    expect(failure).toBeDefined()
  })

  test('is one trace: the run, its activities, their steps and commits', () => {
    const { spans } = collector
    const runs = spans.filter(({ name }) => name === 'smartTraders')
    expect(runs).toHaveLength(3)
    expect(runs.map(({ status }) => status.code)).toEqual([0, 0, 2])
    const below = (name: string, parent: string | undefined) =>
      spans.filter((span) => span.name === name && span.parentSpanId === parent)
    const [first] = runs
    expect(first?.parentSpanId).toBeUndefined()
    const [activity] = below('deriveSilver', first?.spanId)
    const [step] = below('step derive_silver', activity?.spanId)
    const [commit] = below('commit derive_silver', step?.spanId)
    expect(new Set([first, activity, step, commit].map((span) => span?.traceId)).size).toBe(1)
    expect(commit?.traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(step?.attributes.map(({ key }) => key).sort()).toEqual(['key', 'snapshot_id', 'stage', 'step'])
    const ids = new Set(spans.map(({ spanId }) => spanId))
    expect(spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId))).toEqual([])
  })

  test('shows no secret in a number, a line or a span', () => {
    expect(lines.length).toBeGreaterThan(10)
    expect(found([metricsText, lakeText, ...lines, ...collector.bodies].join('\n'))).toEqual([])
  })

  test('is ready only while it polls', async () => {
    const ask = async (page: string) => (await fetch(served.url.replace('/metrics', page))).status
    expect(await ask('/readyz')).toBe(503)
    served.setReady(true)
    expect([await ask('/readyz'), await ask('/healthz'), await ask('/secrets')]).toEqual([200, 200, 404])
  })
})
