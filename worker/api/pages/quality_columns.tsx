import type { JsonRow } from '../../../infra/lake/session.js'
import { count, time } from '../../format.js'
import type { Column } from './data_table.js'
import type { Place } from './place.js'

const Verdict = ({ row: { passed, refused, severity } }: { row: JsonRow }) => {
  if (passed === true) return <span class="badge good">holds</span>
  if (refused === true) return <span class="badge bad">refused</span>
  return (
    <span class={`badge ${severity === 'blocking' ? 'bad' : 'warn'}`}>
      {severity === 'blocking' ? 'failed' : 'warning'}
    </span>
  )
}

/** Columns of verdicts, wherever they are shown. */
export const qualityColumns = ({ link }: Place): readonly Column<JsonRow>[] => [
  { name: 'Verdict', cell: (row) => <Verdict row={row} /> },
  { name: 'Check', heading: true, cell: ({ check_name }) => String(check_name) },
  {
    name: 'Table',
    minor: true,
    cell: ({ dataset }) => <a href={link(`/data/tables/${dataset}`)}>{String(dataset)}</a>,
  },
  {
    name: 'Offending',
    kind: 'number',
    cell: ({ offending_count, row_count }) => `${count(offending_count)} of ${count(row_count)}`,
  },
  {
    name: 'Failed, ever',
    kind: 'number',
    minor: true,
    cell: ({ failed_commits, commits }) =>
      commits === undefined ? '' : `${count(failed_commits)} of ${count(commits)}`,
  },
  { name: 'At', kind: 'time', minor: true, cell: ({ created_at }) => time(created_at) },
]
