import { z } from 'zod'
import { readRun, readRuns } from '../../readings/runs.js'
import { readSchedules } from '../../readings/schedules.js'
import { notFound } from '../problem.js'
import { readWorkflows } from '../workflow_runs.js'
import { digits, moment } from './json_row.js'
import { defineResource, list, paging, type Resource } from './resource.js'

const text = z.string().nullable()

const runs = defineResource({
  path: '/runs',
  summary: 'What the lake holds of runs, the newest first',
  query: paging,
  answer: list(
    z.object({
      pipeline: z.string(),
      logical_run: z.string(),
      workflow_id: text,
      commits: digits,
      steps: digits,
      first_commit_at: moment,
      last_commit_at: moment,
      first_snapshot: digits,
      last_snapshot: digits,
      undone: digits,
      published: z.boolean(),
      code_version: z.string(),
      rows: digits,
      of_total: digits,
    }),
  ),
  read: async (view, { query }) => {
    const items = await readRuns(view, query)
    return { items, total: Number(items[0]?.['of_total'] ?? 0) }
  },
})

const run = defineResource({
  path: '/runs/{pipeline}/{run}',
  summary: 'What one run wrote, step by step and commit by commit',
  parameters: { pipeline: z.string(), run: z.string().describe('its logical time') },
  answer: {
    steps: z.array(
      z.object({
        step: z.string(),
        stage: z.string(),
        commits: digits,
        first_snapshot: digits,
        last_snapshot: digits,
        began_at: moment,
        ended_at: moment,
        attempts: z.int(),
        undone: z.boolean(),
        seconds: z.number().nullable(),
      }),
    ),
    commits: z.array(
      z.object({
        step: z.string(),
        stage: z.string(),
        commit_key: z.string(),
        snapshot_id: digits,
        committed_at: moment,
        attempt: z.int(),
        message: z.string(),
        workflow_id: text,
        run_id: text,
        code_version: z.string(),
        undone_by: text,
        inputs: z.string(),
        parameters: z.string(),
        dataset: text,
        row_count: digits.nullable(),
      }),
    ),
  },
  read: async (view, { parameters }) => {
    const reading = await readRun(view, parameters.pipeline, parameters.run)
    if (reading.commits.length === 0)
      throw notFound(
        `the run ${parameters.run} of ${parameters.pipeline} has committed nothing then; /api/v1/runs lists those that have`,
      )
    return reading
  },
})

const workflows = defineResource({
  path: '/workflows',
  summary: 'The newest workflows, as Temporal knows them now',
  answer: list(
    z.object({
      workflow: z.string(),
      run_id: z.string(),
      type: z.string(),
      status: z.string(),
      started: moment,
      closed: moment.nullable(),
      seconds: z.number(),
    }),
  ),
  read: async (_, { dependencies }) => {
    const items = await readWorkflows(dependencies.temporal)
    if (items instanceof Error) throw items
    return { items }
  },
})

const schedules = defineResource({
  path: '/schedules',
  summary: 'Every schedule, as declared and as Temporal holds it now',
  answer: list(
    z.object({
      id: z.string(),
      when: text,
      state: z.string(),
      note: text,
      next: moment.nullable(),
      last: moment.nullable(),
      missed: z.int(),
      drift: z.string(),
    }),
  ),
  read: async (_, { dependencies }) => {
    const items = await readSchedules(dependencies.temporal)
    if (items instanceof Error) throw items
    return { items }
  },
})

/** What is known of runs and of what starts them. */
export const runResources: readonly Resource[] = [runs, run, workflows, schedules]
