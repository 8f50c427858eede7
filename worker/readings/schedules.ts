import type { Client } from '@temporalio/client'
import { SourceUnavailable } from '../../infra/errors.js'
import type { JsonRow } from '../../infra/lake/session.js'
import { timingText } from '../../infra/temporal/schedule_drift.js'
import { scheduleStates } from '../../infra/temporal/schedule_server.js'
import { describeState, driftText } from '../commands/schedule.js'
import { schedules } from '../schedules.js'

const deadlineMs = 3_000

/** Every schedule, as declared and as the server holds it; the reason where Temporal does not answer. */
export const readSchedules = async (client: Client | undefined): Promise<JsonRow[] | SourceUnavailable> => {
  if (client === undefined) return new SourceUnavailable('no Temporal is configured: set TEMPORAL_ADDRESS')
  try {
    const states = await client.withDeadline(Date.now() + deadlineMs, () => scheduleStates(client, schedules))
    return states.map((each) => {
      const { id, state, next, last, missed } = describeState(each)
      const [word = '', ...note] = state.split(': ')
      return {
        id,
        when: each.declared === undefined ? null : `${timingText(each.declared)} ${each.declared.timeZone}`,
        state: word,
        note: note.length === 0 ? null : note.join(': '),
        next,
        last,
        missed,
        drift: driftText(each),
      }
    })
  } catch (cause) {
    return new SourceUnavailable('Temporal does not answer now, so the schedules are not known', undefined, { cause })
  }
}
