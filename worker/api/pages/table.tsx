import { Hono } from 'hono'
import { meta } from '../../../schemas/meta/index.js'
import type { Table } from '../../../schemas/table.js'
import { differenceText } from '../../commands/diff.js'
import { domains } from '../../domains.js'
import { count } from '../../format.js'
import { tablesOf } from '../../readings/lineage_graph.js'
import { readLatestQuality, readQualityHistory } from '../../readings/quality.js'
import { readSnapshots } from '../../readings/snapshots.js'
import { readChanges, type TableChanges } from '../../readings/table_changes.js'
import { notFound } from '../problem.js'
import { DataTable } from './data_table.js'
import { LineageGraph } from './lineage_graph.js'
import { type PageDependencies, page } from './page.js'
import type { Place } from './place.js'
import { qualityColumns } from './quality_columns.js'

const shownDifferences = 100
const shownVerdicts = 60
const shownSnapshots = 30

/** `/data/tables/:table`: what it is, what it comes from, what its checks say, and how it differs between two snapshots. */
export const tablePage = (dependencies: PageDependencies): Hono =>
  new Hono().get('/data/tables/:table', (context) =>
    page(dependencies, context, async (view, place) => {
      const defined = domains.map(({ domain }) => domain)
      const name = context.req.param('table')
      const table = [...meta.tables, ...tablesOf(defined)].find((each) => each.name === name)
      if (table === undefined) throw notFound(`there is no table "${name}"; the page of data lists them`)
      const { from, to } = place.query
      const changes =
        from === undefined ? undefined : await readChanges(view.session, table, { from, to, limit: shownDifferences })
      const snapshots = await readSnapshots(view.session, {
        table: name,
        limit: shownSnapshots,
        upTo: view.moment.snapshotId,
      }).catch(() => [])
      const content = (
        <>
          <h1>{table.name}</h1>
          <p class="lead">
            {table.grain} {table.source.length === 0 ? '' : `From ${table.source.join(', ')}.`}
          </p>
          {table.schema === 'meta' ? null : (
            <LineageGraph tables={tablesOf(defined)} edges={await dependencies.edges()} place={place} here={name} />
          )}
          <h2 id="diff">Difference of two snapshots</h2>
          <DiffForm place={place} snapshots={snapshots.map((row) => String(row['snapshot_id']))} />
          {changes === undefined ? null : <Difference changes={changes} />}
          <h2>Columns</h2>
          <Columns table={table} />
          <h2>Quality</h2>
          <DataTable
            caption="Each check at the newest commit"
            columns={qualityColumns(place)}
            rows={await readLatestQuality(view, { table: name })}
            empty="No commit has checked it then."
          />
          <h2>Quality through time</h2>
          <DataTable
            caption={`The newest ${shownVerdicts} verdicts`}
            columns={qualityColumns(place)}
            rows={await readQualityHistory(view, { table: name, limit: shownVerdicts })}
            empty="None yet."
          />
        </>
      )
      return { title: table.name, content }
    }),
  )

const DiffForm = ({ place: { path, query }, snapshots }: { place: Place; snapshots: readonly string[] }) => (
  <form class="controls" method="get" action={`${path}#diff`}>
    {query['asOf'] === undefined ? null : <input type="hidden" name="asOf" value={query['asOf']} />}
    <datalist id="snapshots">
      {snapshots.map((id) => (
        <option value={id} />
      ))}
    </datalist>
    <label>
      <span>From snapshot or time</span>
      <input name="from" list="snapshots" required value={query['from'] ?? snapshots[1] ?? ''} autocomplete="off" />
    </label>
    <label>
      <span>To (now, if empty)</span>
      <input name="to" list="snapshots" value={query['to'] ?? snapshots[0] ?? ''} autocomplete="off" />
    </label>
    <button type="submit">Compare</button>
    {snapshots.length === 0 ? null : (
      <span class="faint">
        It changed in {snapshots.slice(0, 6).join(', ')}
        {snapshots.length > 6 ? ', …' : ''}
      </span>
    )}
  </form>
)

const Difference = ({ changes: { from, to, added, removed, changed, columns, rows } }: { changes: TableChanges }) => (
  <>
    <p>
      Snapshot {from} to {to}: <span class="up">{count(added)} added</span>,{' '}
      <span class="down">{count(removed)} removed</span>, {count(changed)} changed
      {changed === 0
        ? ''
        : ` (${Object.entries(columns)
            .map(([name, each]) => `${name} in ${count(each)}`)
            .join(', ')})`}
      .
    </p>
    <DataTable
      caption={`The first ${rows.length} rows that differ`}
      columns={[
        {
          name: 'Change',
          cell: ({ change }) => (
            <span class={`badge ${change === 'added' ? 'good' : change === 'removed' ? 'bad' : 'warn'}`}>{change}</span>
          ),
        },
        {
          name: 'Key',
          heading: true,
          cell: ({ key }) => <span class="mono">{Object.values(key).map(String).join(', ')}</span>,
        },
        { name: 'What', cell: (row) => <div class="wrap">{differenceText(row)}</div> },
      ]}
      rows={rows}
      empty="They are equal."
    />
  </>
)

const Columns = ({ table }: { table: Table }) => (
  <DataTable
    caption={`Key: ${table.key.join(', ')}`}
    columns={[
      { name: 'Column', heading: true, cell: ([name]) => <span class="mono">{name}</span> },
      { name: 'Type', cell: ([, { sql }]) => <span class="mono">{sql}</span> },
      { name: 'May be unknown', cell: ([, { nullable }]) => (nullable ? 'yes' : 'no') },
    ]}
    rows={Object.entries(table.columns)}
    empty="None."
  />
)
