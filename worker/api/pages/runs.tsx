import { Hono } from 'hono'
import type { JsonRow } from '../../../infra/lake/session.js'
import { count, time } from '../../format.js'
import { readRun, readRuns } from '../../readings/runs.js'
import { notFound } from '../problem.js'
import { readWorkflows, workflowLink } from '../workflow_runs.js'
import { type Column, DataTable } from './data_table.js'
import { type PageDependencies, page } from './page.js'
import { Pager, pageNumber } from './pager.js'
import type { Place } from './place.js'
import { duration, iso, minute } from './words.js'

const pageSize = 30
const tones: Readonly<Record<string, string>> = {
  completed: 'good',
  running: 'info',
  failed: 'bad',
  terminated: 'bad',
  timed_out: 'bad',
  canceled: 'warn',
}

/** `/runs`, and `/runs/:pipeline/:run` with its steps. */
export const runsPage = (dependencies: PageDependencies): Hono =>
  new Hono()
    .get('/runs', (context) =>
      page(dependencies, context, async (view, place) => {
        const number = pageNumber(place)
        const runs = await readRuns(view, { limit: pageSize, offset: (number - 1) * pageSize })
        const workflows = await readWorkflows(dependencies.temporal)
        const content = (
          <>
            <h1>Runs</h1>
            <p class="lead">What each run has committed, and how Temporal stands to it.</p>
            <h2>Workflows</h2>
            {workflows instanceof Error ? (
              <p class="empty">{workflows.message}</p>
            ) : (
              <DataTable
                caption="The newest workflows, as Temporal knows them now"
                columns={workflowColumns(dependencies)}
                rows={workflows}
                empty="None yet."
              />
            )}
            <h2>In the lake</h2>
            <DataTable
              caption="Runs by their newest commit"
              columns={runColumns(place)}
              rows={runs}
              empty="No run has committed yet."
            />
            <Pager place={place} page={number} size={pageSize} total={Number(runs[0]?.['of_total'] ?? 0)} what="runs" />
          </>
        )
        return { title: 'Runs', content }
      }),
    )
    .get('/runs/:pipeline/:run', (context) =>
      page(dependencies, context, async (view, place) => {
        const { pipeline, run } = context.req.param()
        const { steps, commits } = await readRun(view, pipeline, run)
        const [first] = commits
        if (first === undefined)
          throw notFound(
            `the run ${run} of ${pipeline} has committed nothing then; the page of runs lists those that have`,
          )
        const link = workflowLink(
          dependencies.config,
          String(first['workflow_id'] ?? ''),
          String(first['run_id'] ?? ''),
        )
        const rowsOf = (step: unknown) => commits.filter((commit) => commit['step'] === step)
        const content = (
          <>
            <h1>
              {pipeline} <span class="faint">as of {run}</span>
            </h1>
            <p class="lead">
              <span class="mono">{String(first['workflow_id'] ?? 'no workflow')}</span>
              {link === undefined ? null : (
                <>
                  {' · '}
                  <a href={link} rel="noreferrer">
                    Temporal UI
                  </a>
                </>
              )}
              {' · '}code {String(first['code_version'])}
            </p>
            <h2>Steps</h2>
            <DataTable
              caption="A step takes from the end of the one before to the end of its own last commit"
              columns={stepColumns(place, rowsOf)}
              rows={steps}
              empty="No step has committed."
            />
            <h2>Commits</h2>
            <DataTable
              caption="Each table that each commit wrote"
              columns={commitColumns(place)}
              rows={commits}
              empty="None."
            />
          </>
        )
        return { title: `Run ${minute(run)}`, content }
      }),
    )

const runPath = (row: JsonRow): string => `/runs/${row['pipeline']}/${encodeURIComponent(String(row['logical_run']))}`

const Snapshots = ({ place, first, last }: { place: Place; first: unknown; last: unknown }) => (
  <a href={place.here({ asOf: String(last) })} title="look at the lake as of then">
    {first === last ? String(first) : `${first}…${last}`}
  </a>
)

const runColumns = (place: Place): readonly Column<JsonRow>[] => [
  { name: 'Run', heading: true, cell: (row) => <a href={place.link(runPath(row))}>{String(row['logical_run'])}</a> },
  { name: 'Pipeline', minor: true, cell: ({ pipeline }) => String(pipeline) },
  { name: 'Steps', kind: 'number', cell: ({ steps }) => count(steps) },
  { name: 'Commits', kind: 'number', cell: ({ commits }) => count(commits) },
  { name: 'Rows', kind: 'number', cell: ({ rows }) => count(rows) },
  {
    name: 'Snapshots',
    kind: 'number',
    minor: true,
    cell: (row) => <Snapshots place={place} first={row['first_snapshot']} last={row['last_snapshot']} />,
  },
  { name: 'Last commit', kind: 'time', minor: true, cell: ({ last_commit_at }) => time(last_commit_at) },
  {
    name: 'State',
    cell: ({ published, undone }) =>
      Number(undone) > 0 ? (
        <span class="badge warn">rolled back</span>
      ) : published === true ? (
        <span class="badge good">published</span>
      ) : (
        ''
      ),
  },
]

const workflowColumns = ({ config }: PageDependencies): readonly Column<JsonRow>[] => [
  {
    name: 'Workflow',
    heading: true,
    cell: ({ workflow, run_id }) => {
      const link = workflowLink(config, String(workflow), String(run_id))
      return link === undefined ? (
        <span class="mono wrap">{String(workflow)}</span>
      ) : (
        <a href={link}>{String(workflow)}</a>
      )
    },
  },
  { name: 'Type', minor: true, cell: ({ type }) => String(type) },
  {
    name: 'Status',
    cell: ({ status }) => <span class={`badge ${tones[String(status)] ?? ''}`}>{String(status)}</span>,
  },
  { name: 'Started', kind: 'time', minor: true, cell: ({ started }) => minute(started) },
  { name: 'Took', kind: 'number', cell: ({ seconds }) => duration(seconds) },
]

const stepColumns = (place: Place, rowsOf: (step: unknown) => readonly JsonRow[]): readonly Column<JsonRow>[] => [
  { name: 'Step', heading: true, cell: ({ step }) => String(step).replaceAll('_', ' ') },
  { name: 'Stage', minor: true, cell: ({ stage }) => String(stage) },
  { name: 'Commits', kind: 'number', cell: ({ commits }) => count(commits) },
  {
    name: 'Rows',
    kind: 'number',
    cell: ({ step }) => count(rowsOf(step).reduce((sum, row) => sum + Number(row['row_count'] ?? 0), 0)),
  },
  { name: 'Took', kind: 'number', cell: ({ seconds }) => duration(seconds) },
  { name: 'Attempts', kind: 'number', minor: true, cell: ({ attempts }) => count(attempts) },
  {
    name: 'Snapshots',
    kind: 'number',
    cell: (row) => <Snapshots place={place} first={row['first_snapshot']} last={row['last_snapshot']} />,
  },
  { name: 'Ended', kind: 'time', minor: true, cell: ({ ended_at }) => time(ended_at) },
]

const commitColumns = (place: Place): readonly Column<JsonRow>[] => [
  {
    name: 'Snapshot',
    kind: 'number',
    cell: ({ snapshot_id }) => <Snapshots place={place} first={snapshot_id} last={snapshot_id} />,
  },
  { name: 'Step', heading: true, cell: ({ step }) => String(step).replaceAll('_', ' ') },
  {
    name: 'Table',
    cell: ({ dataset }) =>
      dataset === null ? '' : <a href={place.link(`/data/tables/${dataset}`)}>{String(dataset)}</a>,
  },
  { name: 'Rows', kind: 'number', cell: ({ row_count }) => count(row_count) },
  {
    name: 'Message',
    minor: true,
    cell: ({ message, undone_by }) => `${undone_by === null ? '' : '(undone) '}${message}`,
  },
  { name: 'At', kind: 'time', minor: true, cell: ({ committed_at }) => iso(committed_at) },
]
