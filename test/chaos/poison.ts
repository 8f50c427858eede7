import { isDeepStrictEqual } from 'node:util'
import { commit } from '../../activities/commit.js'
import { findReceipt } from '../../activities/receipt.js'
import { QualityRejected, ResultTooLarge } from '../../infra/errors.js'
import { quotedIdentifier } from '../../infra/lake/identifier.js'
import type { Lake } from '../../infra/lake/lake.js'
import { createRandom, type Random } from '../../infra/sandbox/random.js'
import { Book, type Event } from './book.js'
import type { Figures } from './figures.js'
import { perform, toStep } from './perform.js'
import { dumpStage } from './readings.js'
import type { ScheduledStep } from './schedule.js'
import { chaosStages, events, windows } from './stages.js'
import { type CatalogKind, createWorld, type Machine } from './world.js'

/** Texts that have broken somebody's quoting, encoding or parser. */
const nastyTexts = [
  '',
  "'); DROP TABLE lake.chaos_bronze.events; --",
  '"); DETACH lake; --',
  "'' \\' \\\\ $1 $key :name %s %n {}",
  'NUL \u0000 inside',
  'bell \u0007 escape \u001b[31m return \r tab \t feed \f',
  'line\nbreak\r\nand\u2028separator',
  'right \u202e to left, joined \u200d, marked \ufeff',
  'emoji 🏴‍☠️ and 𝒜 beyond the first plane',
  '{"json": [null, 1e999, "\\ud800"]}',
  'NULL',
  'NaN',
  '-Infinity',
  '0x1p3',
  '../../../etc/passwd',
  's3://bucket/../x?y=z#a',
  'a=b/c=d%2F',
  'x'.repeat(100_000),
]

/** The ends of what the columns hold. */
const amounts = [1n, 10n ** 37n, 9_007_199_254_740_993n, 123_456_789_012_345_678_901n]

/**
 * F14 and F15: rows made of what breaks quoting come back as they were, through every layer; rows that break a promise are refused as a
 * whole step, with the verdict written down, as is a step whose result is too large, and the step after them goes through.
 */
export const poisonedWorld = async (
  machine: Machine,
  seed: number,
  kind: CatalogKind,
  figures: Figures,
): Promise<void> => {
  const complain = (what: string) => figures.fail('F14', seed, kind, what)
  const world = await createWorld(machine, kind)
  const lake = await world.open()
  try {
    const random = createRandom(seed, 6)
    const rows = nastyRows(random)
    const book = Book.empty.replaced(1n, rows)
    const snapshots: number[] = []
    const key = (index: number) => `chaos/${seed}/poison/${index}`
    const steps: Exclude<ScheduledStep, { kind: 'publish' }>[] = [
      { index: 0, key: key(0), kind: 'window', window: 1n, rows, book, expected: book.bronze() },
      { index: 1, key: key(1), kind: 'silver', pinned: 0, expected: book.silver() },
      { index: 2, key: key(2), kind: 'gold', pinned: 1, expected: book.gold() },
    ]
    for (const step of steps) {
      // Who commits, and what for, comes from outside as well.
      const text = random.pick(nastyTexts.slice(0, -1))
      const made = toStep(step, 1, (index) => snapshots[index] ?? 0)
      const receipt = await commit(lake, {
        ...made,
        message: text,
        provenance: { ...made.provenance, logicalRun: text },
      })
      snapshots[step.index] = receipt.snapshotId
      const stored = await lake.session((session) => findReceipt(session, step.key))
      if (!isDeepStrictEqual(stored, receipt)) complain(`the receipt of ${step.key} is stored otherwise`)
    }
    figures.count('rows of nasty text that came back as they were', rows.length)
    await compare(lake, steps, complain)
    for (const [index, refusal] of refusals(rows).entries()) {
      const before = await commitCount(lake)
      const made = toStep(first(steps), 1, () => 0)
      const parameters = { ...made.parameters, ...refusal.parameters }
      const refused = { ...made, key: key(10 + index), prepare: refusal.prepare, parameters }
      const error = await commit(lake, refused).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      if (!(error instanceof (refusal.error ?? QualityRejected)))
        complain(`${refusal.what} was not refused but ended with ${String(error)}`)
      if ((await commitCount(lake)) !== before) complain(`${refusal.what} left a receipt`)
      await compare(lake, steps, complain)
      figures.count('poison steps refused as a whole')
    }
    const last = { ...first(steps), index: 3, key: key(3) }
    await perform(lake, last, 1, () => 0)
    await compare(lake, steps, complain)
  } catch (error) {
    complain(error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    await lake.close()
    await world.close()
  }
}

const first = <S extends ScheduledStep>(steps: readonly S[]): S => {
  const [step] = steps
  if (step === undefined) throw new Error('there is no step')
  return step
}

const nastyRows = (random: Random): Event[] =>
  nastyTexts.map((note, index) => ({
    window_start: 1n,
    event_id: BigInt(index),
    // The derivation's key is nasty as well, and found again by it.
    account: (index % 2 === 0 ? note : random.pick(nastyTexts)).slice(0, 100),
    amount: random.pick(amounts),
    note,
    occurred_at: random.pick([new Date('0001-01-01T00:00:00Z'), new Date('9999-12-31T23:59:59.999Z'), new Date(0)]),
  }))

const commitCount = (lake: Lake): Promise<number> =>
  lake.session(async (session) => Number((await session.one('SELECT count(*) AS n FROM lake.meta.commits'))['n']))

const compare = async (
  lake: Lake,
  steps: readonly ScheduledStep[],
  complain: (what: string) => void,
): Promise<void> => {
  const expected: Readonly<Record<string, readonly string[]>> = Object.assign({}, ...steps.map((step) => step.expected))
  await lake.session(async (session) => {
    const last = Number((await session.one('SELECT id FROM lake.current_snapshot()'))['id'])
    for (const stage of chaosStages) {
      for (const [table, lines] of Object.entries(await dumpStage(session, stage, last))) {
        const stranger = lines.findIndex((line, index) => line !== expected[table]?.[index])
        if (stranger >= 0 || lines.length !== expected[table]?.length)
          complain(
            `${table}: ${JSON.stringify(lines[stranger])} is not ${JSON.stringify(expected[table]?.[stranger])}`.slice(
              0,
              600,
            ),
          )
      }
    }
  })
}

interface Refusal {
  readonly what: string
  readonly prepare: ReturnType<typeof toStep>['prepare']
  readonly parameters?: Readonly<Record<string, string>>
  /** Default: QualityRejected. */
  readonly error?: typeof ResultTooLarge
}

/** No receipt may be as large as this: Temporal would keep it in the history for ever. */
const oversizeBytes = 20_000

/** Steps of two tables of which one row breaks one promise: by SQL, since validated rows could not. */
const refusals = (rows: readonly Event[]): Refusal[] => {
  const spoiled = (what: string, spoil: string): Refusal => ({
    what,
    prepare: async (session) => {
      const step = {
        ...{ index: 9, key: 'spoiled', kind: 'window' as const, window: 1n, rows },
        ...{ book: Book.empty.replaced(1n, rows), expected: {} },
      }
      const preparation = await toStep(step, 1, () => 0).prepare(session)
      const [stagedEvents, stagedWindows] = [events, windows].map(({ name }) => quotedIdentifier(`staged ${name}`))
      await session.run(spoil.replace('$events', stagedEvents ?? '').replace('$windows', stagedWindows ?? ''))
      return preparation
    },
  })
  return [
    spoiled('a NULL in a required column', 'UPDATE $events SET account = NULL WHERE event_id = 3'),
    spoiled('an amount of 0', 'UPDATE $events SET amount = 0 WHERE event_id = 4'),
    spoiled('a key that is there twice', 'UPDATE $events SET event_id = 5 WHERE event_id = 4'),
    spoiled('a bad row in the second table', 'UPDATE $windows SET event_count = -1'),
    {
      // Refused when its rows are written already.
      ...spoiled('a receipt too large to travel', "UPDATE $events SET note = 'never to be seen'"),
      parameters: { cursor: 'x'.repeat(oversizeBytes) },
      error: ResultTooLarge,
    },
  ]
}
