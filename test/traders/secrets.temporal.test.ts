import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type LogLevel, makeTelemetryFilterString, Runtime } from '@temporalio/worker'
import { Client as PostgresClient } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LakeOptions } from '../../infra/lake/lake.js'
import { freePort } from '../../infra/stack/port.js'
import { meta } from '../../schemas/meta/index.js'
import { traders } from '../../schemas/traders/index.js'
import { testPort } from '../lake/test_port.js'
import { canaries, found, textOf } from './canaries.js'
import { type EchoServer, startEchoServer } from './echo_server.js'
import { type Pipeline, startPipeline } from './pipeline.js'

const market = { tokens: 6, wallets: 40, swaps: 3_000 }

/** Every table of the catalog's database, as PostgreSQL holds it. */
const catalogText = async (catalog: LakeOptions['catalog']): Promise<string> => {
  if (catalog.kind !== 'postgres') throw new Error('a catalog on PostgreSQL was expected')
  const { host, port, user, database, password } = catalog.address
  const client = new PostgresClient({ host, port, user, database, password: password?.reveal() })
  await client.connect()
  try {
    const { rows } = await client.query(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    )
    const texts: string[] = []
    for (const { name } of rows) texts.push(textOf((await client.query(`SELECT * FROM "${name}" AS t`)).rows))
    return texts.join('\n')
  } finally {
    await client.end()
  }
}

describe('the secrets, with a source that fails in every way and repeats what it was asked with', () => {
  const logs: { level: LogLevel; message: string; meta: object | undefined }[] = []
  const workflowIds: string[] = []
  const failures: unknown[] = []
  let metricsUrl: string
  let echoes: EchoServer
  let pipeline: Pipeline
  beforeAll(async () => {
    const filter = makeTelemetryFilterString({ core: 'DEBUG', other: 'INFO' })
    const log = (level: LogLevel) => (message: string, meta?: object) => {
      logs.push({ level, message, meta })
    }
    const logger = {
      log: (level: LogLevel, message: string, meta?: object) => log(level)(message, meta),
      trace: log('TRACE'),
      debug: log('DEBUG'),
      info: log('INFO'),
      warn: log('WARN'),
      error: log('ERROR'),
    }
    const bindAddress = `127.0.0.1:${await freePort(testPort(21_233))}`
    metricsUrl = `http://${bindAddress}/metrics`
    Runtime.install({
      logger,
      telemetryOptions: { logging: { filter, forward: {} }, metrics: { prometheus: { bindAddress } } },
    })
    const begin = new Date().toISOString()
    pipeline = await startPipeline({
      market,
      faults: [
        { kind: 'server_error', probability: 0.05, seed: 1 },
        { kind: 'truncated', probability: 0.05, seed: 2 },
        { kind: 'malformed', probability: 0.03, seed: 3, path: '/trader' },
        { kind: 'applied_then_error', path: '/v0/webhooks', method: 'POST', times: 1 },
      ],
      through: async (sandboxUrl) => {
        echoes = await startEchoServer(sandboxUrl)
        return echoes.url
      },
    })
    let asked = 0
    const run = async (seconds: number) => {
      const asOf = new Date(pipeline.market.nowMs + seconds * 1_000).toISOString()
      await pipeline.run({ asOf }).catch((error: unknown) => failures.push(error))
    }
    // Broken answers that pass: an error page, a refusal within a 200, a body that is no JSON.
    echoes.answerWith(({ path, echo }) => {
      if (path.startsWith('/v0')) return undefined
      asked += 1
      if (asked % 7 === 0) return { status: 502, body: `<html>Bad gateway for ${echo}</html>` }
      if (asked % 11 === 0) return { status: 200, body: JSON.stringify({ success: false, message: echo }) }
      return asked % 13 === 0 ? { status: 200, body: `{"data": ${echo}` } : undefined
    })
    await run(0)
    echoes.answerWith(({ path, echo }) => {
      return path.startsWith('/v0') ? { status: 401, body: JSON.stringify({ error: { message: echo } }) } : undefined
    })
    await run(1)
    echoes.answerWith(({ echo }) => ({ status: 401, body: JSON.stringify({ success: false, message: echo }) }))
    await run(2)
    echoes.answerWith(({ echo }) => ({ status: 200, body: JSON.stringify({ success: true, data: { items: echo } }) }))
    await run(3)
    // The server is shared with other test files, which run before or after this one.
    for await (const { workflowId } of pipeline.client.workflow.list({ query: `StartTime >= '${begin}'` }))
      workflowIds.push(workflowId)
  })
  afterAll(async () => {
    await pipeline?.close()
    await echoes?.close()
  })
  const all = (sql: string) => pipeline.lake.session((session) => session.all(sql))

  test('were sent, and two of the four runs failed of it', async () => {
    expect([...pipeline.sandbox.webhooks.values()]).toMatchObject([{ authHeader: canaries.webhook }])
    const failed = failures.map((failure) => textOf(failure))
    expect(failed).toHaveLength(2)
    expect(failed[0]).toContain('BIRDEYE_API_KEY is refused')
    expect(failed[0]).toContain('[secret]')
    const outcomes = await all('SELECT status, message FROM lake.traders_gold.webhook_subscription ORDER BY as_of')
    expect(outcomes[1]?.['message']).toMatch(/HELIUS_API_KEY is refused.*\[secret\]/)
    expect(outcomes.map(({ status }) => status)).toEqual(['confirmed', 'failed'])
  })

  test('are in no failure message', () => {
    expect(found(failures.map((failure) => textOf(failure)).join('\n'))).toEqual([])
  })

  test('are in no workflow history, payloads and failures included', async () => {
    expect(workflowIds).toHaveLength(4)
    for (const workflowId of workflowIds) {
      const history = textOf(await pipeline.client.workflow.getHandle(workflowId).fetchHistory())
      expect(history).toContain('select')
      expect(history).toContain(pipeline.asOf.slice(0, 16))
      expect(found(history), workflowId).toEqual([])
    }
  })

  test('are in nothing else that Temporal shows of a run, and in no metric of the worker', async () => {
    for (const workflowId of workflowIds) {
      const { raw } = await pipeline.client.workflow.getHandle(workflowId).describe()
      const shown = textOf(raw)
      expect(shown).toContain('RunKind')
      expect(found(shown), workflowId).toEqual([])
    }
    const metrics = await (await fetch(metricsUrl)).text()
    expect(metrics).toMatch(/temporal_\w+\{.*activity_type="fetchHistories"/)
    expect(found(metrics)).toEqual([])
  })

  test('are in no line of the worker’s log', () => {
    const text = textOf(logs)
    expect(text).toContain('Worker state changed')
    expect(text).toContain('[secret]')
    expect(found(text)).toEqual([])
  })

  test('are in no file of the lake', () => {
    const { data } = pipeline.lakeOptions
    const folder = data.kind === 'folder' ? data.path : ''
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.parquet$/.test(name))
    expect(files.length).toBeGreaterThan(5)
    for (const name of files) expect(found(readFileSync(path.join(folder, name), 'latin1')), name).toEqual([])
  })

  test('are in no row of any table, no snapshot’s message, and nowhere else in the catalog', async () => {
    const tables = traders.stages.flatMap((stage) => stage.tables).concat(meta.tables)
    const texts = await Promise.all(tables.map(async ({ name }) => textOf(await all(`FROM lake.${name}`))))
    const snapshots = textOf(await all('FROM lake.snapshots()'))
    expect(snapshots).toContain('derive_silver as of')
    expect(texts.join('\n')).toContain('[secret]')
    expect(found([snapshots, ...texts].join('\n'))).toEqual([])

    const catalog = await catalogText(pipeline.lakeOptions.catalog)
    expect(catalog).toContain('derive_silver as of')
    expect(found(catalog)).toEqual([])
  })
})
