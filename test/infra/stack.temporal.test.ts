import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import { identify } from '../../infra/process_identity.js'
import { provision } from '../../infra/provision/provision.js'
import { freePort } from '../../infra/stack/port.js'
import { ProcessRegistry } from '../../infra/stack/process_registry.js'
import { type RunningTemporal, startTemporalServer } from '../../infra/stack/temporal_server.js'

let home: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'tributary-temporal-'))
})

afterAll(() => rm(home, { recursive: true, force: true }))

async function start(port: number, uiPort: number): Promise<RunningTemporal> {
  const config = loadConfig()
  const { path: program } = await provision('temporal-cli', {
    cacheDir: config.cacheDir,
    overrides: config.tools,
    log: () => undefined,
  })
  return startTemporalServer({
    program,
    databaseFile: join(home, 'temporal', 'temporal.db'),
    port,
    uiPort,
    logFile: join(home, 'logs', 'temporal.log'),
    registry: new ProcessRegistry(home),
  })
}

test('Temporal keeps its workflows over a restart, has the search attributes and serves its UI', async () => {
  const port = await freePort(17_300)
  const uiPort = await freePort(18_300)
  const first = await start(port, uiPort)
  expect(first.address).toBe(`127.0.0.1:${port}`)
  expect((await fetch(first.uiUrl)).status).toBe(200)
  await connected(first, async (client) => {
    await client.workflow.start('nothing', { taskQueue: 'none', workflowId: 'kept', args: [] })
  })
  await first.stop()
  expect(identify(first.pid)).toBeUndefined()

  const second = await start(port, uiPort)
  await connected(second, async (client) => {
    expect((await client.workflow.getHandle('kept').describe()).status.name).toBe('RUNNING')
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace: 'default' })
    expect(Object.keys(customAttributes)).toEqual(
      expect.arrayContaining(['Domain', 'QualityStatus', 'RunKind', 'Snapshot']),
    )
  })
  await second.stop()
})

test('a taken port is told with the server’s own words', async () => {
  const server = await start(await freePort(17_300), await freePort(18_300))
  const port = Number(server.address.split(':')[1])
  await expect(start(port, await freePort(18_400))).rejects.toThrow(/Temporal ended while starting[\s\S]*in use/)
  await server.stop()
})

async function connected(server: RunningTemporal, work: (client: Client) => Promise<void>): Promise<void> {
  const connection = await Connection.connect({ address: server.address })
  try {
    await work(new Client({ connection }))
  } finally {
    await connection.close()
  }
}
