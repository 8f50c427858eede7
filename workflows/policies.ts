import { type ActivityOptions, proxyActivities } from '@temporalio/workflow'

/**
 * Every timeout and retry of the project, named by what a step touches. The interceptor heartbeats for the activities, so
 * `heartbeatTimeout` is how long a dead worker goes unnoticed. What may be retried is the error's to say: see infra/errors.ts.
 */
const heartbeatTimeout = '10 seconds'

const calm = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' } as const

/** Reads a source and commits what it gave. A source may be away for hours; a batch of wallets may take long. */
export const fetches = <Activities>(options: ActivityOptions = {}) =>
  proxyActivities<Activities>({
    startToCloseTimeout: '1 hour',
    scheduleToCloseTimeout: '12 hours',
    heartbeatTimeout,
    retry: calm,
    ...options,
  })

/** Reads and writes nothing but the lake. */
export const derives = <Activities>(options: ActivityOptions = {}) =>
  proxyActivities<Activities>({
    startToCloseTimeout: '2 hours',
    scheduleToCloseTimeout: '12 hours',
    heartbeatTimeout,
    retry: calm,
    ...options,
  })

/** Tells somebody outside. Given up after minutes: the ranking stands without it, and the next run tells it again. */
export const delivers = <Activities>(options: ActivityOptions = {}) =>
  proxyActivities<Activities>({
    startToCloseTimeout: '2 minutes',
    heartbeatTimeout,
    retry: { ...calm, maximumAttempts: 5 },
    ...options,
  })
