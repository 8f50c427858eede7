import { writeSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadConfig } from '../../infra/config.js'
import { QualityRejected } from '../../infra/errors.js'
import { type Lake, openLake } from '../../infra/lake/lake.js'
import { reconcile } from '../../infra/lake/reconcile.js'
import { perform } from './perform.js'
import { findHalves } from './readings.js'
import { createSchedule } from './schedule.js'
import { chaosStages, published } from './stages.js'
import { type WriterTask, writerTask } from './writer_task.js'

/*
 * The process that is killed: performs a schedule from a step on, as a worker would, and says on stdout what it may claim to have
 * done. Where the lake is, and where this process is to die, comes from the environment as it does in production.
 */

/** Faults end; a step that still fails after this many attempts fails for a reason of its own. */
const attemptsAtStep = 150

const say = (event: object) => writeSync(1, `${JSON.stringify(event)}\n`)

const run = async (lake: Lake, task: WriterTask): Promise<void> => {
  const snapshots = new Map(Object.entries(task.snapshots).map(([index, id]) => [Number(index), id]))
  const snapshotOf = (index: number) => {
    const id = snapshots.get(index)
    if (id === undefined) throw new Error(`step ${index} has made no snapshot`)
    return id
  }
  for (const step of createSchedule(task.seed, task.length).slice(task.from)) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const receipt = await perform(lake, step, attempt, snapshotOf)
        snapshots.set(step.index, receipt.snapshotId)
        say({ event: 'committed', index: step.index, receipt })
        break
      } catch (error) {
        if (error instanceof QualityRejected) {
          say({ event: 'refused', index: step.index })
          break
        }
        say({
          event: 'failed',
          index: step.index,
          text: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
        })
        if (attempt === (task.attempts ?? attemptsAtStep)) throw error
        await sleep(Math.min(500, 20 * attempt))
      }
    }
  }
}

const main = async (): Promise<void> => {
  const task = writerTask.parse(JSON.parse(process.argv[2] ?? ''))
  const config = loadConfig()
  if (config.catalog.kind === 'embedded') throw new Error('LAKE_CATALOG is not set')
  const lake = await openLake({
    catalog: config.catalog,
    data: config.data,
    extensionDirectory: config.tools.duckdbExtensions ?? '',
    temporaryDirectory: path.join(config.home, 'spill', String(process.pid)),
    threads: 1,
    failpoint: config.failpoint,
    ...(task.lockTimeoutMs === undefined ? {} : { lockTimeoutMs: task.lockTimeoutMs }),
  })
  await reconcile(lake, [...chaosStages, published.stage])
  const { httpTimeoutSeconds, memoryLimitMiB } = task
  await lake.session(async (session) => {
    if (httpTimeoutSeconds !== undefined) await session.run(`SET GLOBAL http_timeout = ${httpTimeoutSeconds}`)
    if (memoryLimitMiB !== undefined) await session.run(`SET GLOBAL memory_limit = '${memoryLimitMiB}MiB'`)
  })
  say({ event: 'ready' })
  let over = false
  const reading = (async () => {
    while (task.reads && !over) {
      const halves = await lake.session((session) => findHalves(session))
      say({ event: 'read', halves })
      await sleep(20)
    }
  })()
  try {
    await run(lake, task)
  } finally {
    over = true
    await reading
  }
  await lake.close()
  say({ event: 'done' })
}

await main()
