import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { ApplicationFailure, workflowInfo } from '@temporalio/workflow'
import type { z } from 'zod'
import { inputProblems } from '../schemas/input.js'

/** The input with its defaults. A bad one ends the workflow at once, with a line per problem. */
export const parseInput = <Schema extends z.ZodType>(schema: Schema, given: unknown): z.infer<Schema> => {
  const parsed = schema.safeParse(given ?? {})
  if (parsed.success) return parsed.data
  const lines = inputProblems(parsed.error, given)
  throw ApplicationFailure.nonRetryable(`The input cannot be used:\n${lines.join('\n')}`, 'InvalidInput')
}

const scheduledStart = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME)

/** The run's logical time, ISO 8601 in UTC: what the input says, else the schedule's time, else the start. */
export const logicalTime = (asOf: string | undefined): string => {
  const scheduled = workflowInfo().typedSearchAttributes.get(scheduledStart)
  return (asOf === undefined ? (scheduled ?? workflowInfo().startTime) : new Date(asOf)).toISOString()
}
