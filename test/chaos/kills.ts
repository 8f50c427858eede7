import { type ArmedFailpoint, type FailpointName, failpointNames } from '../../infra/failpoint.js'
import { createRandom, type Random, shuffle } from '../../infra/sandbox/random.js'
import { faultlessHashes } from './faultless.js'
import type { Figures } from './figures.js'
import { type AcknowledgedReceipt, startLife, type WriterEvent } from './life.js'
import { createSchedule, type ScheduledStep } from './schedule.js'
import { verify } from './verify.js'
import { age, type CatalogKind, createWorld, type Machine, parquetFiles } from './world.js'

/** Steps of one world: enough for every kind, few enough that a failure is read by a person. */
const scheduleLength = 8
/** A writer that is killed this often without an end is not getting anywhere. */
const livesLimit = 200
/** Longer than any COMMIT of a dozen rows takes here, so that the delayed kill hits before, inside and after it. */
const commitMs = 25
/** From before the catalog is attached until some steps are done. */
const startMs = 900

/** How one life is to end. `time` is killed from outside, wherever it then is. */
type Death =
  | { readonly kind: 'failpoint'; readonly at: ArmedFailpoint }
  | { readonly kind: 'time'; readonly afterMs: number }

const placeOf = (death: Death): string => {
  if (death.kind === 'time') return 'at any time'
  if (death.at.action === 'error') return `${death.at.name}, an error`
  return death.at.delayMs === undefined ? death.at.name : 'inside COMMIT'
}

/**
 * F1: a writer is killed at a place that the seed decides and started again, until its schedule is done. Then the lake must be
 * what it would be if nothing had happened. One world; `figures` takes what was seen.
 */
export const killWorld = async (machine: Machine, seed: number, kind: CatalogKind, figures: Figures): Promise<void> => {
  const world = await createWorld(machine, kind)
  const steps = createSchedule(seed, scheduleLength)
  const random = createRandom(seed, 1)
  const deck = new Deck(random)
  const acknowledged = new Map<number, AcknowledgedReceipt>()
  const refused = new Set<number>()
  const complain = (what: string) => figures.fail('F1', seed, kind, what)
  let output = ''
  let diedAtMs: number | undefined
  let diedAt: Date | undefined
  try {
    for (let life = 1; ; life += 1) {
      const done = firstUndone(steps, acknowledged, refused)
      // A step that was acknowledged is repeated now and then, as by a worker whose reply was lost.
      const from = Math.max(0, done - (random.chance(0.3) ? 1 : 0))
      const death = deck.draw(new Set(steps.slice(from, from + 3).map((step) => step.kind)))
      const snapshots = Object.fromEntries([...acknowledged].map(([index, { snapshotId }]) => [index, snapshotId]))
      const task = { seed, length: scheduleLength, from, snapshots, reads: random.chance(0.5) }
      let failed = false
      const onEvent = (event: WriterEvent) => {
        if (event.event === 'read') figures.reads += 1
        if (event.event === 'read') for (const half of event.halves) complain(`a reader saw half a step: ${half}`)
        if (event.event === 'refused') refused.add(event.index)
        if (event.event === 'failed') failed = true
        if (event.event !== 'committed' && event.event !== 'refused') return
        if (diedAtMs !== undefined) figures.recoveriesMs.push(event.atMs - diedAtMs)
        if (event.event === 'committed') {
          const known = acknowledged.get(event.index)
          if (known !== undefined && known.snapshotId !== event.receipt.snapshotId)
            complain(
              `${event.receipt.key} was acknowledged at ${known.snapshotId} and then at ${event.receipt.snapshotId}`,
            )
          if (known === undefined && diedAt !== undefined && new Date(event.receipt.committedAt) < diedAt)
            figures.landed += 1
          acknowledged.set(event.index, event.receipt)
        }
        diedAtMs = undefined
        diedAt = undefined
        // An error kills nobody: this one is to be survived, and its step repeated, first.
        if (failed) child.kill('SIGKILL')
      }
      const armed = death.kind === 'failpoint' ? { failpoint: death.at } : {}
      const { process: child, ended, events } = startLife(machine, world, task, { ...armed, onEvent })
      const timer = death.kind === 'time' ? setTimeout(() => child.kill('SIGKILL'), death.afterMs) : undefined
      const { signal, code, atMs, output: printed } = await ended
      clearTimeout(timer)
      output += printed
      if (events.at(-1)?.event === 'done') break
      if (signal !== 'SIGKILL') {
        complain(`a writer ended by itself (${signal ?? code}), to die ${placeOf(death)}: ${printed.slice(-1_500)}`)
        break
      }
      figures.kill(placeOf(death), kind)
      // What the dead left behind is old for the sweep of a later life.
      if (random.chance(0.3)) await age(await parquetFiles(world))
      diedAtMs = atMs
      diedAt = new Date()
      if (life === livesLimit) {
        complain(`${life} lives were not enough for ${scheduleLength} steps`)
        break
      }
    }
    const faultless = await faultlessHashes(machine, steps)
    const verdict = await verify(world, { steps, acknowledged, faultless, output })
    figures.add(verdict, complain)
  } catch (error) {
    complain(error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    await world.close()
  }
}

const firstUndone = (
  steps: readonly ScheduledStep[],
  acknowledged: ReadonlyMap<number, unknown>,
  refused: ReadonlySet<number>,
): number => steps.find(({ index }) => !acknowledged.has(index) && !refused.has(index))?.index ?? steps.length

/** All places in a shuffled order, over and over, so that no place is left out. */
class Deck {
  #places: (string | undefined)[] = []

  constructor(private readonly random: Random) {}

  draw(ahead: ReadonlySet<ScheduledStep['kind']>): Death {
    if (this.#places.length === 0) this.#places = shuffle(this.random, [...places])
    const place = this.#places.pop()
    const nth = 1 + this.random.integer(2)
    const other = this.random.pick(commitPlaces)
    if (place === 'time') return { kind: 'time', afterMs: this.random.integer(startMs) }
    if (place === 'error') return { kind: 'failpoint', at: { name: other, nth, action: 'error' } }
    if (place === 'inside') {
      const delayMs = this.random.integer(commitMs)
      return { kind: 'failpoint', at: { name: 'commit.before_commit', nth, action: 'kill', delayMs } }
    }
    const common = commitPlaces.find((name) => name === place)
    if (common !== undefined) return { kind: 'failpoint', at: { name: common, nth, action: 'kill' } }
    // A place that only some steps pass is aimed at when one of them is near.
    const rare = rarePlaces.find(({ name, of }) => name === place && ahead.has(of))
    return { kind: 'failpoint', at: { name: rare?.name ?? other, nth: 1, action: 'kill' } }
  }
}

const rarePlaces = failpointNames.flatMap((name): { name: FailpointName; of: ScheduledStep['kind'] }[] => {
  if (name === 'commit.refused') return [{ name, of: 'poison' }]
  return /^(publish|sweep)\./.test(name) ? [{ name, of: 'publish' }] : []
})
const commitPlaces = failpointNames.filter((name) => name.startsWith('commit.') && name !== 'commit.refused')
const places = [
  ...[...commitPlaces, ...rarePlaces.map(({ name }) => name)],
  ...['inside', 'inside', 'inside', 'time', 'time', 'error', 'error'],
]
