import type { Client } from '@temporalio/client'
import { type ScheduleState, scheduleStates } from '../../infra/temporal/schedule_server.js'
import type { Schedule } from '../../schemas/schedule.js'
import { timesBetween } from '../../schemas/schedule_times.js'
import type { Attention } from './attention.js'

/** A start takes no longer than this where Temporal and the machine are well. */
const promptMs = 2 * 60_000
/** How far back a missed time is looked for. */
const backMs = 40 * 86_400_000
const unfinished = ['FAILED', 'TIMED_OUT', 'TERMINATED', 'CANCELLED']

/** What is late against its schedule, held or changed by somebody, or ended badly at its last time. */
export const scheduleAttention = async (
  client: Client,
  schedules: readonly Schedule[],
  now: number = Date.now(),
): Promise<Attention[]> => {
  const states = await scheduleStates(client, schedules)
  const found = await Promise.all(states.map((state) => attentionOf(client, state, now)))
  return found.flat()
}

const attentionOf = async (
  client: Client,
  { id, declared, description, drift }: ScheduleState,
  now: number,
): Promise<Attention[]> => {
  const subject = `schedule ${id}`
  const apply = 'npx tributary schedule apply'
  if (declared === undefined) return []
  if (description === undefined) return [{ subject, problem: 'it is declared and not on the server', next: apply }]
  const { state, info } = description
  const attention: Attention[] = []
  if (drift.length > 0)
    attention.push({
      subject,
      problem: `the server holds otherwise: ${drift.map(({ field, server }) => `${field} ${server}`).join(', ')}`,
      next: `${apply}; npx tributary schedule list shows both`,
    })
  const last = info.recentActions.at(-1)
  if (state.paused)
    attention.push({
      subject,
      problem: `it is paused (${state.note || 'no reason given'})`,
      next: `npx tributary schedule resume ${id}`,
    })
  else {
    const due = lastDue(declared, info.createdAt.getTime(), now - declared.jitter - promptMs)
    if (due !== undefined && (last?.scheduledAt.getTime() ?? 0) < due && info.runningActions.length === 0)
      attention.push({
        subject,
        problem: `nothing was started for ${new Date(due).toISOString()}; ${info.numActionsMissedCatchupWindow} times were missed for good so far`,
        next: `Temporal makes up for what its catch-up window covers; for the rest npx tributary backfill ${declared.domain}, or npx tributary schedule trigger ${id}`,
      })
  }
  if (last === undefined) return attention
  const { workflowId, firstExecutionRunId } = last.action.workflow
  const status = await client.workflow
    .getHandle(workflowId, firstExecutionRunId)
    .describe()
    .then(({ status: { name } }) => name)
    // Temporal keeps a closed run for a day.
    .catch(() => 'UNKNOWN')
  if (unfinished.includes(status))
    attention.push({
      subject,
      problem: `its last run ${workflowId} ended as ${status.toLowerCase()}`,
      next: `see why in the Temporal UI, then start it again: npx tributary schedule trigger ${id}`,
    })
  return attention
}

/** The newest time, since the schedule was made, for which something should have been started by now. */
const lastDue = ({ when, timeZone }: Schedule, createdAt: number, now: number): number | undefined => {
  let due: number | undefined
  for (const time of timesBetween(when, timeZone, Math.max(createdAt, now - backMs), now)) due = time
  return due
}
