import { setTimeout as sleep } from 'node:timers/promises'

/** The places at which a fault test may stop the world: around every stage of what must not be done twice or by half. */
export const failpointNames = [
  'commit.before_claim',
  'commit.claimed',
  'commit.staged',
  'commit.before_begin',
  'commit.fenced',
  'commit.checked',
  'commit.mid_write',
  'commit.written',
  'commit.receipt_written',
  'commit.before_commit',
  'commit.committed',
  'commit.refused',
  'publish.before_begin',
  'publish.views_replaced',
  'publish.committed',
  'sweep.before_delete',
  'sweep.deleted',
  'webhook.before_send',
  'webhook.sent',
  'drain.committed',
  'alert.sent',
] as const
export type FailpointName = (typeof failpointNames)[number]

/** Called where a name's place is passed. Resolves at once, but for the one that a fault test has armed. */
export type Failpoint = (name: FailpointName) => Promise<void>

export const noFailpoint: Failpoint = () => Promise.resolve()

type Action = 'kill' | 'stop' | 'error'

export interface ArmedFailpoint {
  readonly name: FailpointName
  /** Which passing, from 1. */
  readonly nth: number
  readonly action: Action
  /** Lets the process go on and acts this much later, to hit the middle of what follows. */
  readonly delayMs?: number
}

const pattern = /^([a-z_.]+):([1-9]\d*):(kill|stop|error)(?:\+(\d+)ms)?$/

/** Reads `name:nth:action` or `name:nth:action+20ms`; undefined where it is neither. */
export const parseFailpoint = (text: string): ArmedFailpoint | undefined => {
  const [, given, nth, action, delay] = pattern.exec(text) ?? []
  const name = failpointNames.find((each) => each === given)
  if (name === undefined || (action !== 'kill' && action !== 'stop' && action !== 'error')) return undefined
  if (action === 'error' && delay !== undefined) return undefined
  return { name, nth: Number(nth), action, ...(delay === undefined ? {} : { delayMs: Number(delay) }) }
}

export const failpointText = ({ name, nth, action, delayMs }: ArmedFailpoint): string =>
  `${name}:${nth}:${action}${delayMs === undefined ? '' : `+${delayMs}ms`}`

/** Arms one failpoint for the life of the process: SIGKILL, SIGSTOP (a zombie, until SIGCONT) or an error at its nth passing. */
export const armFailpoint = ({ name, nth, action, delayMs }: ArmedFailpoint): Failpoint => {
  let passed = 0
  return async (here) => {
    if (here !== name) return
    passed += 1
    if (passed !== nth) return
    if (action === 'error') throw new Error(`the failpoint ${name} was armed to fail`)
    const signal = () => process.kill(process.pid, action === 'kill' ? 'SIGKILL' : 'SIGSTOP')
    if (delayMs !== undefined) {
      setTimeout(signal, delayMs)
      return
    }
    signal()
    // A signal may reach another thread first; this one is not to get any further meanwhile.
    await sleep(50)
  }
}
