import { CommitConflict, QualityRejected } from '../../infra/errors.js'
import type { Lake } from '../../infra/lake/lake.js'
import { createRandom, shuffle } from '../../infra/sandbox/random.js'
import { Book } from './book.js'
import type { Figures } from './figures.js'
import { Interleaver } from './interleaver.js'
import { perform } from './perform.js'
import { dumpStage, findHalves } from './readings.js'
import { createEvents, type ScheduledStep } from './schedule.js'
import { bronze, gold, silver } from './stages.js'
import { upkeep } from './upkeep.js'
import { type CatalogKind, createWorld, type Machine } from './world.js'

/** As often as Temporal would let a step be tried again before somebody has to look. */
const attemptsAtStep = 12
/** Of the four kinds of step; each is attempted twice. */
const stepsAtOnce = 2

/**
 * F13: the same steps twice and different ones of the same stages at once, without the lock that would make them take turns, in
 * `count` orders that the seed decides, with maintenance between their moves. Whatever the order, each commits once, and readers between any two moves see whole steps.
 */
export const interleavedWorld = async (
  machine: Machine,
  seed: number,
  kind: CatalogKind,
  count: number,
  figures: Figures,
): Promise<void> => {
  const complain = (what: string) => figures.fail('F13', seed, kind, what)
  const world = await createWorld(machine, kind)
  const lake = await world.open()
  try {
    const start = load(seed, 0, 'window', Book.empty, 5n)
    let book = start.book
    let silverBook = book
    let goldBook = book
    let bronzeSnapshot = (await perform(lake, start, 1, () => 0)).snapshotId
    let silverSnapshot = (await perform(lake, deduce(seed, 0, 'silver', book), 1, () => bronzeSnapshot)).snapshotId
    await perform(lake, deduce(seed, 0, 'gold', book), 1, () => silverSnapshot)
    for (let index = 1; index <= count; index += 1) {
      const random = createRandom(seed, 3, index)
      const interleaver = new Interleaver(random)
      const [before, pinned] = [book, { bronze: bronzeSnapshot, silver: silverSnapshot }]
      // Windows of their own, so that the answer does not depend on who is first.
      const one = load(seed, index, 'window', before, BigInt(1 + random.integer(2)))
      const other = load(seed, index, 'append', before, BigInt(3 + random.integer(2)))
      const all = [one, other, deduce(seed, index, 'silver', before), deduce(seed, index, 'gold', silverBook)]
      const steps = shuffle(random, all).slice(0, stepsAtOnce)
      const twice = steps.flatMap((step) => [1, 2].map((attempt) => [`${step.kind} ${attempt}`, step] as const))
      const attempts: readonly (readonly [string, ScheduledStep])[] = random.chance(0.7)
        ? twice
        : [...twice, ['poison', poison(seed, index, before)]]
      const snapshots = new Map<string, number>()
      const work = new Map(
        attempts.map(([name, step]) => [
          name,
          async () => {
            const own = { ...lake, failpoint: interleaver.failpointOf(name), exclusively: unlocked }
            const pin = step.kind === 'gold' ? pinned.silver : pinned.bronze
            const snapshotId = await persist(own, step, pin, complain)
            const known = snapshots.get(step.key)
            if (snapshotId === undefined) return
            if (known !== undefined && known !== snapshotId) complain(`${step.key} is at ${known} and at ${snapshotId}`)
            snapshots.set(step.key, snapshotId)
          },
        ]),
      )
      await interleaver.run(work, async () => {
        if (random.chance(0.03)) {
          const name = await upkeep(lake, random)
          interleaver.trace.push(`maintenance: ${name}`)
          figures.count('works of maintenance beside writers in the middle of a commit')
        }
        if (!random.chance(0.06)) return
        figures.count('reads between the moves of interleaved attempts')
        const halves = await lake.session((session) => findHalves(session))
        for (const half of halves) complain(`between moves: ${half}\n${interleaver.trace.join('\n')}`)
      })
      if (steps.includes(one)) book = book.replaced(one.window, one.rows)
      if (steps.includes(other)) book = book.appended(other.window, other.rows)
      bronzeSnapshot = Math.max(bronzeSnapshot, snapshots.get(one.key) ?? 0, snapshots.get(other.key) ?? 0)
      for (const step of steps) {
        if (step.kind === 'gold') goldBook = silverBook
      }
      const derived = steps.find(({ kind }) => kind === 'silver')
      if (derived !== undefined) {
        silverBook = before
        silverSnapshot = snapshots.get(derived.key) ?? silverSnapshot
      }
      const expected = { ...book.bronze(), ...silverBook.silver(), ...goldBook.gold() }
      const faults = await examine(lake, steps, expected)
      if (faults.length > 0) complain(`interleaving ${index}: ${faults.join('; ')}\n${interleaver.trace.join('\n')}`)
      figures.count('interleavings')
    }
  } catch (error) {
    complain(error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    await lake.close()
    await world.close()
  }
}

const unlocked: Lake['exclusively'] = (_stage, work) => work()

/** Tries a step again for as long as the errors say that this may help; resolves to its snapshot, or nothing where it was refused. */
const persist = async (
  lake: Lake,
  step: ScheduledStep,
  pin: number,
  complain: (what: string) => void,
): Promise<number | undefined> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { snapshotId } = await perform(lake, step, attempt, () => pin)
      if (step.kind === 'poison') complain(`${step.key} was not refused`)
      return snapshotId
    } catch (error) {
      if (error instanceof QualityRejected && step.kind === 'poison') return undefined
      if (!(error instanceof CommitConflict) || attempt === attemptsAtStep) throw error
    }
  }
}

const examine = async (
  lake: Lake,
  steps: readonly ScheduledStep[],
  expected: Readonly<Record<string, readonly string[]>>,
): Promise<string[]> =>
  lake.session(async (session) => {
    const last = Number((await session.one('SELECT id FROM lake.current_snapshot()'))['id'])
    const faults: string[] = []
    for (const { key } of steps) {
      const { n } = await session.one('SELECT count(*) AS n FROM lake.meta.commits WHERE commit_key = $key', { key })
      if (Number(n) !== 1) faults.push(`${key} is committed ${n} times`)
    }
    for (const stage of [bronze, silver, gold]) {
      for (const [table, lines] of Object.entries(await dumpStage(session, stage, last))) {
        if (JSON.stringify(lines) !== JSON.stringify(expected[table]))
          faults.push(`${table} has ${lines.length} rows that are not the ${expected[table]?.length} expected`)
      }
    }
    return faults
  })

type Loading = Extract<ScheduledStep, { rows: unknown }>

const load = (seed: number, index: number, kind: 'window' | 'append', before: Book, window: bigint): Loading => {
  const rows = createEvents(createRandom(seed, 4, index, Number(window)), window, kind)
  const book = kind === 'append' ? before.appended(window, rows) : before.replaced(window, rows)
  return { index, kind, key: `chaos/${seed}/interleaved/${index}/${kind}`, window, rows, book, expected: book.bronze() }
}

const poison = (seed: number, index: number, before: Book): Loading => {
  const rows = createEvents(createRandom(seed, 5, index), 1n, 'poison')
  return {
    ...{ index, kind: 'poison', key: `chaos/${seed}/interleaved/${index}/poison` },
    ...{ window: 1n, rows, book: before, expected: before.bronze() },
  }
}

const deduce = (seed: number, index: number, kind: 'silver' | 'gold', book: Book): ScheduledStep => ({
  ...{ index, kind, key: `chaos/${seed}/interleaved/${index}/${kind}`, pinned: 0 },
  expected: kind === 'silver' ? book.silver() : book.gold(),
})
