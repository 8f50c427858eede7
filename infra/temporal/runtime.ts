import { type LogLevel, makeTelemetryFilterString, Runtime } from '@temporalio/worker'
import type { Log, LogFields } from '../log.js'

const levels = { INFO: 'info', WARN: 'warn', ERROR: 'error' } as const
/** What of Temporal's own lines is told besides their text. */
const toldFields = ['taskQueue', 'workflowType', 'workflowId', 'runId', 'activityType', 'attempt', 'eventId']

/**
 * Temporal's runtime of this process, once: its lines go to the log, its numbers to `metricsAddress` (`host:port`) in Prometheus' format.
 */
export const installRuntime = (log: Log, metricsAddress: string): void => {
  const tell = (level: LogLevel, message: string, meta: object = {}) => {
    if (level !== 'TRACE' && level !== 'DEBUG') log(message, fieldsOf(meta), levels[level])
  }
  Runtime.install({
    logger: {
      log: tell,
      trace: () => undefined,
      debug: () => undefined,
      info: (message, meta) => tell('INFO', message, meta),
      warn: (message, meta) => tell('WARN', message, meta),
      error: (message, meta) => tell('ERROR', message, meta),
    },
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
      metrics: {
        prometheus: {
          bindAddress: metricsAddress,
          countersTotalSuffix: true,
          unitSuffix: true,
          useSecondsForDurations: true,
        },
      },
    },
  })
}

const fieldsOf = (meta: object): LogFields => {
  const fields: Record<string, string | number | boolean> = {}
  for (const [name, value] of Object.entries(meta)) {
    if (value instanceof Error) fields['error'] = `${value.name}: ${value.message}`
    else if (toldFields.includes(name) && isPlain(value)) fields[name] = value
  }
  return fields
}

const isPlain = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value)
