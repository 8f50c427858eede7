import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client, Connection, type WorkflowHandle } from '@temporalio/client'
import { inject } from 'vitest'
import type { AlertReceivers } from '../../activities/traders/alert_receivers.js'
import { BirdEye } from '../../activities/traders/birdeye.js'
import { Helius } from '../../activities/traders/helius.js'
import { watchedBy } from '../../infra/lake/commit_watch.js'
import type { Lake, LakeOptions } from '../../infra/lake/lake.js'
import type { Log } from '../../infra/log.js'
import type { Metrics } from '../../infra/metrics.js'
import type { FaultRule } from '../../infra/sandbox/faults.js'
import { createMarket, type Market } from '../../infra/sandbox/market.js'
import { type Sandbox, startSandbox } from '../../infra/sandbox/server.js'
import { Secret } from '../../infra/secret.js'
import type { Tracing } from '../../infra/tracing.js'
import { billing } from '../../schemas/billing/index.js'
import { traders } from '../../schemas/traders/index.js'
import { startWorkers } from '../../worker/workers.js'
import type { SmartTradersResult } from '../../workflows/traders/smart_traders.js'
import { openScratchLake } from '../lake/scratch_lake.js'
import { canaries } from './canaries.js'

const dayMs = 86_400_000

interface PipelineOptions {
  readonly faults?: FaultRule[]
  readonly computeUnits?: number
  readonly data?: LakeOptions['data']
  /** Puts something between the pipeline and the sandbox: resolves to the address to ask instead. */
  readonly through?: (sandboxUrl: string) => Promise<string>
  readonly market?: { readonly tokens: number; readonly wallets: number; readonly swaps: number }
  /** Absent: the workers go on with the runs of any build. */
  readonly build?: Build
  readonly alertReceivers?: AlertReceivers
  /** Who sees what the pipeline does. */
  readonly watch?: { readonly log: Log; readonly tracing: Tracing; readonly metrics: Metrics }
}

/** A build of the code, as Temporal tells them apart. */
interface Build {
  readonly id: string
  /** Default: the workflows as they are. */
  readonly bundlePath?: (domain: string) => string
}

export interface Pipeline {
  readonly lake: Lake
  readonly lakeOptions: LakeOptions
  readonly sandbox: Sandbox
  readonly market: Market
  /** The folder that AWS delivers its bills to. */
  readonly bills: string
  readonly client: Client
  readonly asOf: string
  /** Starts `smartTraders`, or another workflow of a domain, as of the market's now. */
  start(input?: object, workflow?: { readonly type: string; readonly domain: string }): Promise<WorkflowHandle>
  /** The same to its end; resolves to what it did. */
  run(input?: object): Promise<SmartTradersResult>
  /** Drains the workers and starts those of a build. */
  deploy(build: Build): Promise<void>
  taskQueue(domain: string): string
  close(): Promise<void>
}

export const bundlePath = (domain: string): string => inject('bundles')[domain] ?? ''

/** The whole pipeline on real parts: a Temporal server, a DuckLake on PostgreSQL, a worker, and the sandbox as the outside. */
export const startPipeline = async (options: PipelineOptions = {}): Promise<Pipeline> => {
  const size = options.market ?? { tokens: 12, wallets: 80, swaps: 8_000 }
  const { market } = createMarket({ seed: 11, startsAt: Date.parse('2026-08-01T00:00:00Z'), ...size })
  const sandbox = await startSandbox({
    market,
    clock: () => market.nowMs,
    apiKeys: { birdeye: canaries.birdeye, helius: canaries.helius },
    faults: options.faults ?? [],
    limits: options.computeUnits === undefined ? {} : { computeUnits: options.computeUnits },
  })
  const baseUrl = (await options.through?.(sandbox.url)) ?? sandbox.url
  const { watch } = options
  const {
    lake,
    options: lakeOptions,
    close,
  } = await openScratchLake([...traders.stages, ...billing.stages], 'postgres', options.data, {
    ...(watch === undefined ? {} : { commitWatch: watchedBy(watch.metrics.commits, watch.tracing.commits) }),
  })
  const bills = await mkdtemp(path.join(tmpdir(), 'tributary-bills-'))
  const birdEye = new BirdEye({
    baseUrl,
    apiKey: new Secret(canaries.birdeye),
    requestsPerSecond: 100_000,
    walletGroupRequestsPerMinute: 1_000_000,
    computeUnitPrices: {},
    timeoutMs: 2_000,
    ...(watch === undefined ? {} : { watch: watch.metrics.sources }),
    retries: { attempts: 8, firstDelayMs: 5, maxDelayMs: 40, maxRetryAfterMs: 1_000 },
  })
  const helius = new Helius({
    baseUrl,
    apiKey: new Secret(canaries.helius),
    timeoutMs: 2_000,
    ...(watch === undefined ? {} : { watch: watch.metrics.sources }),
  })
  const address = inject('temporalAddress')
  // A namespace's task queues are shared by all test files; a name of its own keeps each worker to its own runs.
  const suffix = randomUUID()
  const taskQueue = (domain: string) => `${domain}-${suffix}`
  const work = (build: Build | undefined) =>
    startWorkers({
      temporal: { kind: 'remote', address, namespace: 'default' },
      dependencies: {
        lake,
        codeVersion: build?.id ?? 'test',
        stages: traders.stages,
        published: [traders.published],
        backfilled: [
          { name: 'traders', taskQueue: taskQueue('traders'), ...traders.pipeline, closingStep: 'derive_gold' },
        ],
        birdEye,
        helius,
        billingSource: { kind: 'folder', path: bills },
        webhook: { url: 'https://hooks.example.com/helius', auth: new Secret(canaries.webhook) },
        alertReceivers: options.alertReceivers ?? { urls: [] },
      },
      concurrentActivities: 8,
      ...(watch === undefined ? {} : { watch }),
      bundlePath: build?.bundlePath ?? bundlePath,
      ...(build === undefined ? {} : { buildId: build.id }),
      taskQueue,
    })
  let workers = await work(options.build)
  const drain = async () => {
    workers.shutdown()
    await workers.stopped
  }
  const connection = await Connection.connect({ address })
  const client = new Client({ connection })
  const asOf = new Date(market.nowMs).toISOString()
  const start = (input = {}, { type, domain } = { type: 'smartTraders', domain: 'traders' }) =>
    client.workflow.start(type, {
      taskQueue: taskQueue(domain),
      workflowId: `test/${randomUUID()}`,
      args: [{ asOf, ...input }],
    })
  return {
    lake,
    lakeOptions,
    sandbox,
    market,
    bills,
    client,
    asOf,
    start,
    run: async (input = {}) => (await start(input)).result(),
    deploy: async (build) => {
      await drain()
      workers = await work(build)
    },
    taskQueue,
    close: async () => {
      await drain()
      await connection.close()
      birdEye.close()
      helius.close()
      await sandbox.close()
      await close()
      await rm(bills, { recursive: true, force: true })
    },
  }
}

/** How far back a run reads by default. */
export const historyStartMs = (market: Market): number => market.nowMs - 90 * dayMs
