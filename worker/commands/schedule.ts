import type { Client } from '@temporalio/client'
import type { Config } from '../../infra/config.js'
import { InvalidInput } from '../../infra/errors.js'
import { connectClient } from '../../infra/temporal/connection.js'
import { timingText } from '../../infra/temporal/schedule_drift.js'
import {
  type Applied,
  applySchedules,
  type ScheduleState,
  scheduleStates,
} from '../../infra/temporal/schedule_server.js'
import type { Schedule } from '../../schemas/schedule.js'
import { time } from '../format.js'
import type { Output } from '../output.js'
import { temporalOf } from './run.js'

export const scheduleActions = ['list', 'apply', 'pause', 'resume', 'trigger'] as const
export type ScheduleAction = (typeof scheduleActions)[number]

interface ScheduleRequest {
  readonly action: ScheduleAction
  /** Which one; `list` and `apply` are for all. */
  readonly id: string | undefined
  readonly reason: string | undefined
  /** Deletes what the file has no more. */
  readonly prune: boolean
}

/** Shows the schedules, makes the server hold them, or pauses, resumes or triggers one. */
export const runSchedule = async (
  config: Config,
  output: Output,
  schedules: readonly Schedule[],
  request: ScheduleRequest,
): Promise<void> => {
  const { action, id, reason, prune } = request
  const single = action !== 'list' && action !== 'apply'
  if (single !== (id !== undefined))
    throw new InvalidInput(
      single
        ? `schedule ${action} needs a schedule: ${idsOf(schedules)}`
        : `schedule ${action} is for all schedules; leave out "${id}"`,
    )
  const client = await connectClient(await temporalOf(config))
  try {
    if (action === 'list') return await list(client, output, schedules)
    if (action === 'apply') return await apply(client, output, schedules, prune)
    await changeOne(client, schedules, { action, id: id ?? '', reason })
    output.document({ schedule: id, done: action }, () => output.line(`${id}: ${pastTense[action]}`))
  } finally {
    await client.connection.close()
  }
}

const pastTense = { pause: 'paused', resume: 'resumed', trigger: 'triggered' } as const
const idsOf = (schedules: readonly Schedule[]): string => schedules.map(({ id }) => id).join(', ')

const changeOne = async (
  client: Client,
  schedules: readonly Schedule[],
  { action, id, reason }: { action: keyof typeof pastTense; id: string; reason: string | undefined },
): Promise<void> => {
  const found = (await scheduleStates(client, schedules)).find((state) => state.id === id)
  if (found === undefined) throw new InvalidInput(`"${id}" is not a schedule; there is ${idsOf(schedules)}`)
  if (found.description === undefined)
    throw new InvalidInput(`${id} is not on the server yet: run npx tributary schedule apply`)
  const handle = client.schedule.getHandle(id)
  if (action === 'pause') await handle.pause(reason ?? 'by npx tributary schedule pause')
  else if (action === 'resume') await handle.unpause(reason ?? 'by npx tributary schedule resume')
  else await handle.trigger()
}

const list = async (client: Client, output: Output, schedules: readonly Schedule[]): Promise<void> => {
  const states = await scheduleStates(client, schedules)
  output.document(states.map(describeState), () => {
    output.rows(
      states.map((state) => {
        const { id, state: is, next, last } = describeState(state)
        const when = state.declared === undefined ? '' : `${timingText(state.declared)} ${state.declared.timeZone}`
        return { schedule: id, when, state: is, next: time(next), last: time(last), drift: driftText(state) }
      }),
      'none declared',
    )
    const drifting = states.flatMap(({ id, drift }) => drift.map((each) => ({ schedule: id, ...each })))
    if (drifting.length > 0) {
      output.line()
      output.rows(drifting)
    }
    if (drifting.length > 0 || states.some(({ description }) => description === undefined))
      output.line('\nnpx tributary schedule apply makes the server hold what the file says')
  })
}

/** Where file and server differ, in words. */
export const driftText = ({ declared, description, drift }: ScheduleState): string => {
  if (declared === undefined) return 'not in the file; schedule apply --prune deletes it'
  if (description === undefined) return 'not on the server'
  return drift.length === 0 ? 'none' : drift.map(({ field }) => field).join(', ')
}

/** A schedule as programs are told of it. */
export const describeState = ({ id, declared, description, drift }: ScheduleState) => {
  const { state, info } = description ?? {}
  return {
    id,
    declared: declared !== undefined,
    applied: description !== undefined,
    state: state === undefined ? 'absent' : state.paused ? `paused${state.note ? `: ${state.note}` : ''}` : 'active',
    next: state?.paused === false ? (info?.nextActionTimes[0]?.toISOString() ?? null) : null,
    last: info?.recentActions.at(-1)?.scheduledAt.toISOString() ?? null,
    missed: info?.numActionsMissedCatchupWindow ?? 0,
    drift,
  }
}

const apply = async (client: Client, output: Output, schedules: readonly Schedule[], prune: boolean): Promise<void> => {
  const applied = await applySchedules(client, schedules)
  const surplus = (await scheduleStates(client, schedules)).filter(({ declared }) => declared === undefined)
  if (prune) for (const { id } of surplus) await client.schedule.getHandle(id).delete()
  output.document({ applied, [prune ? 'deleted' : 'notInTheFile']: surplus.map(({ id }) => id) }, () => {
    for (const each of applied) output.line(appliedText(each))
    for (const { id } of surplus)
      output.line(prune ? `${id}: deleted` : `${id}: not in the file; schedule apply --prune deletes it`)
  })
}

/** One line for a person: what was done to a schedule. */
const appliedText = ({ id, change, drift }: Applied): string =>
  [`${id}: ${change}`, ...drift.map(({ field, file, server }) => `${field} ${server || 'nothing'} -> ${file}`)].join(
    '; ',
  )

/** Applies the schedules for an `up` and says what it changed, and each time what is paused: a person may be waiting for it. */
export const applyAtStart = async (
  config: Config,
  log: (line: string) => void,
  schedules: readonly Schedule[],
): Promise<void> => {
  const client = await connectClient(await temporalOf(config))
  try {
    for (const each of await applySchedules(client, schedules))
      if (each.change !== 'unchanged') log(`  schedule     ${appliedText(each)}`)
    for (const { id, description } of await scheduleStates(client, schedules))
      if (description?.state.paused) log(`  schedule     ${id} is paused: npx tributary schedule resume ${id}`)
  } finally {
    await client.connection.close()
  }
}
