import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadConfig } from '../../infra/config.js'
import { provision, provisionExtensions } from '../../infra/provision/provision.js'
import { freePort } from '../../infra/stack/port.js'
import { startPostgres } from '../../infra/stack/postgres.js'
import { ProcessRegistry } from '../../infra/stack/process_registry.js'
import { faultNames, runCampaign, shortCampaign } from './campaign.js'
import { Figures } from './figures.js'
import { runMutations } from './mutations.js'
import { figureLines, publishFigures, publishMutations, publishStackFigures, stackFigureLines } from './report.js'
import {
  longStackFaults,
  runStackFaults,
  type StackFigures,
  shortStackFaults,
  stackFaultNames,
} from './stack_faults.js'
import { catalogKinds } from './world.js'

/*
 * Breaks the lake on purpose and looks whether it shows.
 *
 *   npm run chaos                                  the short run, as in npm test
 *   npm run chaos -- --long --write-docs           5,000 kills; the figures go into docs/reliability.md
 *   npm run chaos -- --only F2 --seed 7 --catalog postgres --worlds 1
 *   npm run chaos -- --only F3,F4 --long --write-docs   the whole product: 20 kills of its worker, 60 s outages of Temporal
 *   (Ctrl-C once: no more kills, the other faults follow)
 *   npm run chaos -- --mutations --write-docs      each guard removed once: the run has to fail
 */
const { values } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    kills: { type: 'string' },
    zombies: { type: 'string' },
    interleavings: { type: 'string' },
    /** How often F3 kills a worker of the whole product. */
    'worker-kills': { type: 'string' },
    seed: { type: 'string', default: '1' },
    catalog: { type: 'string', default: 'both' },
    only: { type: 'string' },
    worlds: { type: 'string' },
    lanes: { type: 'string', default: '2' },
    mutations: { type: 'boolean', default: false },
    'write-docs': { type: 'boolean', default: false },
    /** Where the failures go, a JSON list; for the run that looks for removed guards. */
    failures: { type: 'string' },
  },
})
const whole = (name: string, text: string | undefined, preset: number): number => {
  if (text === undefined) return preset
  if (/^\d+$/.test(text)) return Number(text)
  throw new Error(`--${name} ${text}: must be a whole number`)
}
const log = (line: string) => process.stderr.write(`${line}\n`)

if (values.mutations) {
  const found = await runMutations(log)
  if (values['write-docs']) await publishMutations(found)
  for (const { name, outcome } of found) console.log(`${name}: ${outcome}`)
  process.exitCode = found.every(({ noticed }) => noticed) ? 0 : 1
} else {
  const only = faultNames.filter((name) => values.only === undefined || values.only.split(',').includes(name))
  const catalogs = catalogKinds.filter((kind) => values.catalog === 'both' || values.catalog === kind)
  const stackFaults = stackFaultNames.filter(
    (name) => values.only === undefined || values.only.split(',').includes(name),
  )
  if (only.length + stackFaults.length === 0 || catalogs.length === 0) {
    throw new Error(
      `--only takes ${[...faultNames, ...stackFaultNames].join(',')}; --catalog takes ${catalogKinds.join(', ')} or both`,
    )
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-chaos-'))
  const { cacheDir, tools } = loadConfig({ ...process.env, LAKE_CATALOG: undefined })
  const { directory } = await provisionExtensions({ cacheDir, overrides: tools, log })
  const server = await startPostgres({
    folder: path.join(folder, 'postgres'),
    port: await freePort(15_633),
    logFile: path.join(folder, 'postgres.log'),
    registry: new ProcessRegistry(folder),
    log: () => undefined,
  })
  const figures = new Figures()
  let isEnough = false
  process.once('SIGINT', () => {
    isEnough = true
  })
  const machine = {
    server: server.address,
    extensionDirectory: directory,
    weed: async () => (await provision('weed', { cacheDir, overrides: tools, log })).path,
    writer: fileURLToPath(new URL('writer.js', import.meta.url)),
    folder: path.join(folder, 'worlds'),
  }
  const options = {
    ...{ seed: whole('seed', values.seed, 1), lanes: whole('lanes', values.lanes, 2), catalogs, only },
    kills: whole('kills', values.kills, values.long ? 5_000 : shortCampaign.kills),
    zombies: whole('zombies', values.zombies, values.long ? 100 : shortCampaign.zombies),
    interleavings: whole('interleavings', values.interleavings, shortCampaign.interleavings),
    isEnough: () => isEnough,
    ...(values.worlds === undefined ? {} : { worlds: whole('worlds', values.worlds, 1) }),
  }
  const preset = values.long ? longStackFaults : shortStackFaults
  const workerKills = whole('worker-kills', values['worker-kills'], preset.workerKills)
  const stackOptions = { ...preset, seed: options.seed, only: stackFaults, workerKills }
  const program = async () => (await provision('temporal-cli', { cacheDir, overrides: tools, log })).path
  let stackFigures: StackFigures | undefined
  try {
    await runCampaign(machine, options, figures, log)
    if (stackFaults.length > 0) stackFigures = await runStackFaults({ ...machine, program }, stackOptions, log)
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
  const failures = [...figures.failures, ...(stackFigures?.failures ?? [])]
  for (const failure of failures) console.log(failure)
  if (only.length > 0) console.log(figureLines(figures).join('\n'))
  if (stackFigures !== undefined) console.log(stackFigureLines(stackFigures).join('\n'))
  if (values.failures !== undefined) await writeFile(values.failures, JSON.stringify(failures))
  if (values['write-docs'] && only.length > 0) await publishFigures(figures, options)
  if (values['write-docs'] && stackFigures !== undefined) await publishStackFigures(stackFigures, stackOptions)
  process.exitCode = failures.length === 0 ? 0 : 1
}
