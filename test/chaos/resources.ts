import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { faultlessHashes } from './faultless.js'
import type { Figures } from './figures.js'
import { type AcknowledgedReceipt, startLife, type WriterEvent } from './life.js'
import { createSchedule } from './schedule.js'
import { verify } from './verify.js'
import { type CatalogKind, createWorld, type Machine } from './world.js'
import type { WriterTask } from './writer_task.js'

const scheduleLength = 6
/** Room for the catalog and a few files of some KB each, and for no more once a filler has taken the rest. */
const diskKiB = 6_144
const fillerKiB = 5_900

const run = promisify(execFile)

/**
 * F10: the disk that holds the data is full when a writer commits; there is room again while it tries, and it gets through.
 * Needs root, for a small file system of its own; resolves to false where it cannot have one.
 */
export const fullDiskWorld = async (machine: Machine, seed: number, figures: Figures): Promise<boolean> => {
  const world = await createWorld(machine, 'postgres')
  const data = path.join(world.folder, 'data')
  await mkdir(data, { recursive: true })
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${diskKiB}k`, 'tmpfs', data]).then(
    () => true,
    () => false,
  )
  const filler = path.join(data, 'filler')
  try {
    if (!mounted) return false
    await (await world.open()).close()
    await run('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1k', `count=${diskKiB}`]).catch(() => undefined)
    await run('rm', [filler])
    await run('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1k', `count=${fillerKiB}`])
    await run('dd', ['if=/dev/zero', `of=${filler}.2`, 'bs=1k', `count=${diskKiB}`]).catch(() => undefined)
    let refusals = 0
    await getThrough(machine, world, { fault: 'F10', seed, kind: 'postgres', figures }, {}, ({ event }) => {
      if (event !== 'failed') return
      refusals += 1
      figures.count('commits that a full disk refused')
      if (refusals === 3) void run('rm', ['-f', filler, `${filler}.2`])
    })
    if (refusals === 0) figures.fail('F10', seed, 'postgres', 'the disk was not full')
    return true
  } finally {
    if (mounted) await run('umount', ['-l', data])
    await world.close()
  }
}

/** F11: DuckDB has too little memory for a step; with enough, in a process started after it, the same schedule goes through. */
export const memoryWorld = async (machine: Machine, seed: number, figures: Figures): Promise<void> => {
  const kind = 'postgres'
  const world = await createWorld(machine, kind)
  try {
    const task = { seed, length: scheduleLength, from: 0, snapshots: {}, reads: false }
    const poor = startLife(machine, world, { ...task, memoryLimitMiB: 1, attempts: 2 })
    await poor.ended
    if (!poor.events.some(({ event }) => event === 'failed')) figures.fail('F11', seed, kind, 'memory was not short')
    figures.count('commits that a lack of memory refused', poor.events.filter(({ event }) => event === 'failed').length)
    // Node itself dies of a heap that is too small, as it would by a signal.
    const dying = startLife(machine, world, task, { nodeArguments: ['--max-old-space-size=8'] })
    await dying.ended
    figures.count('processes that ran with too small a heap')
    await getThrough(machine, world, { fault: 'F11', seed, kind, figures }, {}, () => undefined)
  } finally {
    await world.close()
  }
}

interface Trial {
  readonly fault: 'F10' | 'F11'
  readonly seed: number
  readonly kind: CatalogKind
  readonly figures: Figures
}

const getThrough = async (
  machine: Machine,
  world: Awaited<ReturnType<typeof createWorld>>,
  { fault, seed, kind, figures }: Trial,
  more: Partial<WriterTask>,
  onEvent: (event: WriterEvent) => void,
): Promise<void> => {
  const complain = (what: string) => figures.fail(fault, seed, kind, what)
  const task = { seed, length: scheduleLength, from: 0, snapshots: {}, reads: false, ...more }
  const life = startLife(machine, world, task, { onEvent })
  const { output } = await life.ended
  if (life.events.at(-1)?.event !== 'done') {
    complain(`the writer did not get through: ${output.slice(-1_500)}`)
    return
  }
  const acknowledged = new Map<number, AcknowledgedReceipt>(
    life.events.flatMap((event) => (event.event === 'committed' ? [[event.index, event.receipt]] : [])),
  )
  const steps = createSchedule(seed, scheduleLength)
  const faultless = await faultlessHashes(machine, steps)
  figures.add(await verify(world, { steps, acknowledged, faultless, output }), complain)
}
