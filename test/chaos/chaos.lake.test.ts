import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import { parsePostgresAddress } from '../../infra/postgres_address.js'
import { provision } from '../../infra/provision/provision.js'
import { faultNames, runCampaign, shortCampaign } from './campaign.js'
import { Figures } from './figures.js'
import { figureLines } from './report.js'
import type { Machine } from './world.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Beside that of `npm run chaos`, which may be running. */
const dist = path.join(root, 'dist.chaos_test')
let machine: Machine

beforeAll(async () => {
  const { cacheDir, tools } = loadConfig({ ...process.env, LAKE_CATALOG: undefined })
  const log = (line: string) => process.stderr.write(`${line}\n`)
  const tsc = path.join(root, 'node_modules', '.bin', 'tsc')
  await promisify(execFile)(tsc, ['-p', 'tsconfig.chaos.json', '--outDir', dist], { cwd: root })
  machine = {
    server: parsePostgresAddress(`postgres:${inject('catalogServer')}`),
    extensionDirectory: inject('extensionDirectory'),
    weed: async () => (await provision('weed', { cacheDir, overrides: tools, log })).path,
    writer: path.join(dist, 'test', 'chaos', 'writer.js'),
    folder: await mkdtemp(path.join(tmpdir(), 'tributary-chaos-')),
  }
})
afterAll(async () => {
  await rm(machine.folder, { recursive: true, force: true })
})

// A machine that is busy with other tests takes several times what an idle one does.
test.each(faultNames)('%s leaves no trace', { timeout: 45 * 60_000 }, async (fault) => {
  const figures = new Figures()
  await runCampaign(machine, { ...shortCampaign, only: [fault] }, figures, () => undefined)
  console.log(figureLines(figures).join('\n'))
  expect(figures.failures.join('\n')).toBe('')
  if (fault === 'F1') expect(figures.killCount).toBeGreaterThanOrEqual(200)
})
