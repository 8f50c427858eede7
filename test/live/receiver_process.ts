import { writeSync } from 'node:fs'
import { serve } from '@hono/node-server'
import { loadConfig } from '../../infra/config.js'
import { openLake } from '../../infra/lake/lake.js'
import { Secret } from '../../infra/secret.js'
import { openWebhookReceiver } from '../../worker/api/webhook_receiver.js'

/*
 * The process that is killed: a receiver with a lake of its own, as the api process has one. Where the lake is, and where this
 * process is to die, comes from the environment as it does in production.
 */

const [extensionDirectory = '', secret = ''] = process.argv.slice(2)
const config = loadConfig()
if (config.catalog.kind === 'embedded') throw new Error('LAKE_CATALOG is not set')
const lake = await openLake({
  catalog: config.catalog,
  data: config.data,
  extensionDirectory,
  temporaryDirectory: `${config.home}/spill/${process.pid}`,
  failpoint: config.failpoint,
  threads: 1,
})
const receiver = await openWebhookReceiver({
  lake,
  codeVersion: 'test',
  folder: `${config.home}/spool`,
  secrets: [new Secret(secret)],
  committed: async () => undefined,
  log: (line) => process.stderr.write(`${line}\n`),
})
serve({ fetch: receiver.router.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
  writeSync(1, `${JSON.stringify({ port })}\n`)
})
