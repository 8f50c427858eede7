import { billing } from '../schemas/billing/index.js'
import { lake } from '../schemas/lake/index.js'
import { declareSchedules } from '../schemas/schedule.js'
import { traderActivity, traders } from '../schemas/traders/index.js'

/** Every schedule. `npx tributary schedule apply` and each `up` make the server hold these; the scheduled time is the run's `asOf`. */
export const schedules = declareSchedules([
  {
    id: 'smart-traders',
    domain: traders,
    when: { cron: '0 */6 * * *' },
    jitter: '2 minutes',
    // A run reads on from where the last one ended, so one late run stands for all that were missed.
    overlap: 'buffer one',
    catchupWindow: '6 hours',
    pauseOnFailure: true,
    // Each run spends the account's compute units.
    startsPaused: true,
  },
  {
    // What comes is worked on when it comes; this is for what does not: a webhook that was switched off, a receiver of alerts that was away.
    id: 'trader-activity',
    domain: traders,
    pipeline: traderActivity,
    when: { every: '5 minutes' },
    overlap: 'skip',
    // One look now stands for all that were missed.
    catchupWindow: '1 minute',
    pauseOnFailure: false,
  },
  {
    id: 'billing-import',
    domain: billing,
    when: { cron: '41 */6 * * *' },
    jitter: '10 minutes',
    // A run loads all that is new, so the next one stands for those that were missed.
    overlap: 'skip',
    catchupWindow: '6 hours',
    pauseOnFailure: false,
    // Without BILLING_SOURCE there is nothing to load.
    startsPaused: true,
  },
  {
    id: 'lake-maintenance',
    domain: lake,
    when: { cron: '17 3 * * *' },
    jitter: '10 minutes',
    overlap: 'skip',
    // A machine that sleeps at night does it in the morning.
    catchupWindow: '12 hours',
    pauseOnFailure: false,
  },
])
