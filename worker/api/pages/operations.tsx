import { Hono } from 'hono'
import { measureHealth } from '../../../infra/lake/health.js'
import type { JsonRow } from '../../../infra/lake/session.js'
import { count, percent, time } from '../../format.js'
import { readRuns } from '../../readings/runs.js'
import { readSchedules } from '../../readings/schedules.js'
import { readWorkflows, workflowLink } from '../workflow_runs.js'
import { type Column, DataTable } from './data_table.js'
import { type Figure, Figures } from './figures.js'
import { type PageDependencies, page } from './page.js'
import { bytes, duration, minute } from './words.js'

/** `/operations`: what starts by itself, what was started for the past, and whether all is well. */
export const operationsPage = (dependencies: PageDependencies): Hono =>
  new Hono().get('/operations', (context) =>
    page(dependencies, context, async (view) => {
      const { config, temporal } = dependencies
      const schedules = await readSchedules(temporal)
      const workflows = await readWorkflows(temporal, backfillQuery)
      const health = await measureHealth(view.session)
      const [newest] = await readRuns(view, { limit: 1, offset: 0 })
      const figures: readonly Figure[] = [
        [
          'Temporal',
          schedules instanceof Error ? 'away' : 'answers',
          config.temporal.kind === 'remote' ? config.temporal.address : 'not configured',
        ],
        [
          'Newest commit',
          minute(newest?.['last_commit_at']).slice(11) || 'none',
          minute(newest?.['last_commit_at']).slice(0, 10),
        ],
        ['Snapshots', count(health.snapshots), `since ${minute(health.oldestSnapshotAt)}`],
        ['Data', bytes(health.bytes), `${count(health.files)} files`],
        ['Catalog', bytes(health.catalogBytes), `${count(health.inlinedRows)} inlined rows`],
        ['Small files', count(health.smallFiles.count), health.smallFiles.table],
        ['Deleted rows', percent(health.deleted.share), health.deleted.table],
        ['To clean up', count(health.filesToCleanUp), `files; ${count(health.pins)} pins`],
      ]
      const content = (
        <>
          <h1>Operations</h1>
          <h2>Health</h2>
          <Figures figures={figures} />
          <p class="faint">
            <code>npx tributary maintain</code> merges small files and cleans up; <code>npx tributary doctor</code>{' '}
            looks at what is installed and reachable.
          </p>
          <h2>Schedules</h2>
          {schedules instanceof Error ? (
            <p class="empty">{schedules.message}</p>
          ) : (
            <DataTable
              caption="As declared in worker/schedules.ts, and as the server holds them"
              columns={scheduleColumns}
              rows={schedules}
              empty="None is declared."
            />
          )}
          <h2>Backfills</h2>
          {workflows instanceof Error ? (
            <p class="empty">{workflows.message}</p>
          ) : (
            <DataTable
              caption="Runs for the past"
              columns={[
                {
                  name: 'Workflow',
                  heading: true,
                  cell: ({ workflow, run_id }: JsonRow) => (
                    <a href={workflowLink(config, String(workflow), String(run_id))}>{String(workflow)}</a>
                  ),
                },
                { name: 'Status', cell: ({ status }) => String(status) },
                { name: 'Started', kind: 'time', cell: ({ started }) => minute(started) },
                { name: 'Took', kind: 'number', cell: ({ seconds }) => duration(seconds) },
              ]}
              rows={workflows}
              empty="None was started. npx tributary backfill traders --from … --to … starts one."
            />
          )}
        </>
      )
      return { title: 'Operations', content }
    }),
  )

const backfillQuery = `WorkflowId STARTS_WITH 'backfill' OR WorkflowType STARTS_WITH 'backfill'`

const states: Readonly<Record<string, string>> = { active: 'good', paused: 'warn', missing: 'bad' }

const scheduleColumns: readonly Column<JsonRow>[] = [
  { name: 'Schedule', heading: true, cell: ({ id }) => String(id) },
  { name: 'When', cell: ({ when }) => String(when ?? '') },
  {
    name: 'State',
    cell: ({ state }) => <span class={`badge ${states[String(state)] ?? 'warn'}`}>{String(state)}</span>,
  },
  { name: 'Next', kind: 'time', cell: ({ next }) => time(next) },
  { name: 'Last', kind: 'time', minor: true, cell: ({ last }) => time(last) },
  { name: 'Note', minor: true, cell: ({ note }) => String(note ?? '') },
  { name: 'Drift', minor: true, cell: ({ drift }) => String(drift ?? '') },
]
