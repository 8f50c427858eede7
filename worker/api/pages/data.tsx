import { Hono } from 'hono'
import { domains } from '../../domains.js'
import { count, time } from '../../format.js'
import { tablesOf } from '../../readings/lineage_graph.js'
import { readLatestQuality, readRefused } from '../../readings/quality.js'
import { readSnapshots, type SnapshotReading } from '../../readings/snapshots.js'
import { readTables, type TableReading } from '../../readings/tables.js'
import { axes, Chart, color } from './chart.js'
import { type Column, DataTable } from './data_table.js'
import { LineageGraph } from './lineage_graph.js'
import { type PageDependencies, page } from './page.js'
import type { Place } from './place.js'
import { qualityColumns } from './quality_columns.js'
import { bytes, minute } from './words.js'

const shownSnapshots = 60
const shownRefused = 20

/** `/data`: the lake's tables, its snapshots through time, what its checks say, and what follows from what. */
export const dataPage = (dependencies: PageDependencies): Hono =>
  new Hono().get('/data', (context) =>
    page(dependencies, context, async (view, place) => {
      const { snapshotId } = view.moment
      const defined = domains.map(({ domain }) => domain)
      const tables = await readTables(view.session, defined, view.stored)
      const snapshots = await readSnapshots(view.session, { limit: shownSnapshots, upTo: snapshotId })
      const quality = await readLatestQuality(view, {})
      const failing = quality.filter(({ passed }) => passed !== true)
      const refused = await readRefused(view, { limit: shownRefused })
      const content = (
        <>
          <h1>Data</h1>
          <p class="lead">
            One lake; each step of a run is one snapshot of it. Choose a snapshot here, or a time above, and every page
            shows what was known then.
          </p>
          <nav aria-label="On this page" class="pager">
            <a href="#tables">Tables</a> <a href="#lineage">Lineage</a> <a href="#quality">Quality</a>{' '}
            <a href="#snapshots">Snapshots</a>
          </nav>
          <h2 id="tables">Tables</h2>
          <DataTable
            caption={`Rows at snapshot ${snapshotId}; files and bytes now`}
            columns={tableColumns(place)}
            rows={tables}
            empty="None is defined."
          />
          <h2 id="lineage">Lineage</h2>
          <LineageGraph tables={tablesOf(defined)} edges={await dependencies.edges()} place={place} />
          <h2 id="quality">Quality</h2>
          <p>
            {count(quality.length)} checks;{' '}
            {failing.length === 0
              ? 'all held at the newest commit of their table.'
              : `${count(failing.length)} did not hold at the newest commit of their table.`}
          </p>
          {failing.length === 0 ? null : (
            <DataTable caption="What did not hold" columns={qualityColumns(place)} rows={failing} empty="None." />
          )}
          {refused.length === 0 ? null : (
            <DataTable
              caption="Refused: what a blocking check kept out of the lake"
              columns={qualityColumns(place)}
              rows={refused}
              empty="None."
            />
          )}
          <h2 id="snapshots">Snapshots</h2>
          <Timeline snapshots={snapshots} />
          <DataTable
            caption={`The newest ${shownSnapshots}; each leads to the pages as of then`}
            columns={snapshotColumns(place)}
            rows={snapshots}
            empty="None."
          />
        </>
      )
      return { title: 'Data', content }
    }),
  )

const tableColumns = ({ link }: Place): readonly Column<TableReading>[] => [
  { name: 'Table', heading: true, cell: ({ table }) => <a href={link(`/data/tables/${table}`)}>{table}</a> },
  { name: 'Rows', kind: 'number', cell: ({ rows }) => count(rows) },
  { name: 'Files', kind: 'number', minor: true, cell: ({ files }) => count(files) },
  { name: 'Size', kind: 'number', cell: ({ bytes: size }) => bytes(size) },
  { name: 'Version', kind: 'number', minor: true, cell: ({ version }) => version ?? 'none' },
  { name: 'One row is', minor: true, cell: ({ grain }) => grain.replace(/^One row per /, 'per ').replace(/\.$/, '') },
]

const rowsIn = ({ rows }: SnapshotReading): number => Object.values(rows).reduce((sum, each) => sum + each, 0)

const snapshotColumns = ({ here }: Place): readonly Column<SnapshotReading>[] => [
  {
    name: 'Snapshot',
    kind: 'number',
    heading: true,
    cell: ({ snapshot_id }) => <a href={here({ asOf: String(snapshot_id) })}>{String(snapshot_id)}</a>,
  },
  { name: 'Time', kind: 'time', cell: ({ snapshot_time }) => time(snapshot_time) },
  { name: 'Step', kind: 'time', cell: ({ step }) => String(step ?? '').replaceAll('_', ' ') },
  { name: 'Rows', kind: 'number', cell: (row) => count(rowsIn(row)) },
  {
    name: 'Wrote',
    minor: true,
    cell: ({ rows }) =>
      Object.entries(rows)
        .filter(([, each]) => each > 0)
        .map(([name, each]) => `${name.split('.')[1]} ${count(each)}`)
        .join(', '),
  },
  {
    name: 'Message',
    minor: true,
    cell: ({ message, undone_by }) => `${undone_by == null ? '' : '(undone) '}${message ?? ''}`,
  },
]

const Timeline = ({ snapshots }: { snapshots: readonly SnapshotReading[] }) => {
  const shown = snapshots.toReversed()
  const [first, last] = [shown[0], shown.at(-1)]
  if (first === undefined || last === undefined) return null
  const most = shown.toSorted((one, other) => rowsIn(other) - rowsIn(one))[0]
  return (
    <Chart
      label={`Rows written by snapshots ${first['snapshot_id']} to ${last['snapshot_id']}; the most, ${count(most === undefined ? 0 : rowsIn(most))}, by ${most?.['snapshot_id']}`}
      caption={`Rows written by each of the ${shown.length} newest snapshots, ${minute(first['snapshot_time'])} to ${minute(last['snapshot_time'])}; logarithmic`}
      option={{
        ...axes({ type: 'category', data: shown.map((row) => String(row['snapshot_id'])) }, { type: 'log', min: 1 }),
        series: [
          {
            type: 'bar',
            barMaxWidth: 14,
            itemStyle: { color: color('accent') },
            data: shown.map((row) => Math.max(1, rowsIn(row))),
          },
        ],
      }}
    />
  )
}
