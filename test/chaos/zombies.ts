import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ArmedFailpoint, failpointNames } from '../../infra/failpoint.js'
import { createRandom } from '../../infra/sandbox/random.js'
import { faultlessHashes } from './faultless.js'
import type { Figures } from './figures.js'
import { type AcknowledgedReceipt, type Life, startLife } from './life.js'
import { createSchedule } from './schedule.js'
import { verify } from './verify.js'
import { createWorld, type Machine } from './world.js'

const scheduleLength = 4
/** The second attempt waits this long for the zombie's lock; production waits longer. */
const lockTimeoutMs = 300
/** A zombie that was stopped inside COMMIT may hold rows of the catalog that the second attempt waits for. */
const patienceMs = 15_000

const places = failpointNames.filter((name) => name.startsWith('commit.') && name !== 'commit.refused')

/**
 * F2: an attempt is stopped where the seed says and taken for dead; a second one does the whole schedule; then the first goes on
 * from where it was. Both must end with the same receipts, and the lake must not show that there were two.
 */
export const zombieWorld = async (machine: Machine, seed: number, figures: Figures): Promise<void> => {
  const world = await createWorld(machine, 'postgres')
  const steps = createSchedule(seed, scheduleLength)
  const random = createRandom(seed, 2)
  const complain = (what: string) => figures.fail('F2', seed, 'postgres', what)
  const inside = random.chance(0.2)
  const at: ArmedFailpoint = {
    name: inside ? 'commit.before_commit' : random.pick(places),
    nth: 1 + random.integer(2),
    action: 'stop',
    ...(inside ? { delayMs: random.integer(25) } : {}),
  }
  const task = { seed, length: scheduleLength, from: 0, snapshots: {}, reads: false, lockTimeoutMs }
  try {
    // The catalog is made by one process, before there are two.
    await (await world.open()).close()
    const zombie = startLife(machine, world, task, { failpoint: at })
    if (!(await isStopped(zombie))) {
      complain(`the zombie ended before ${at.name}: ${(await zombie.ended).output.slice(-1_000)}`)
      return
    }
    const second = startLife(machine, world, task)
    const ended = await Promise.race([second.ended.then(() => true), sleep(patienceMs, false)])
    if (!ended) figures.count('zombies that the second attempt had to wait for')
    zombie.process.kill('SIGCONT')
    const [one, other] = await Promise.all([zombie.ended, second.ended])
    const [first, repeated] = [receiptsOf(zombie), receiptsOf(second)]
    for (const [who, life, { output }] of [
      ['the zombie', zombie, one],
      ['the second attempt', second, other],
    ] as const) {
      if (life.events.at(-1)?.event !== 'done') complain(`${who} did not end well: ${output.slice(-1_500)}`)
    }
    for (const [index, { snapshotId, key }] of first) {
      if (repeated.get(index)?.snapshotId !== snapshotId)
        complain(
          `${key} is at ${snapshotId} for the zombie and at ${repeated.get(index)?.snapshotId} for the second attempt`,
        )
    }
    const faultless = await faultlessHashes(machine, steps)
    const output = one.output + other.output
    const verdict = await verify(world, { steps, acknowledged: new Map([...first, ...repeated]), faultless, output })
    figures.add(verdict, complain)
    figures.count('zombies that went on after a second attempt had committed')
  } catch (error) {
    complain(error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    await world.close()
  }
}

const receiptsOf = ({ events }: Life): Map<number, AcknowledgedReceipt> =>
  new Map(events.flatMap((event) => (event.event === 'committed' ? [[event.index, event.receipt]] : [])))

/** Waits until the process has stopped itself; false where it ended instead. */
const isStopped = async (life: Life): Promise<boolean> => {
  let over = false
  void life.ended.then(() => {
    over = true
  })
  while (!over) {
    const stat = await readFile(`/proc/${life.process.pid}/stat`, 'utf8').catch(() => '')
    if (/\) T /.test(stat)) return true
    await sleep(20)
  }
  return false
}
