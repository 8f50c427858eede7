import type { JsonRow } from '../../../infra/lake/session.js'
import { count, money, percent, time } from '../../format.js'
import type { Column } from './data_table.js'
import type { Place } from './place.js'
import { direction, signedMoney } from './words.js'

const text = (name: string, column: string, more: Partial<Column<JsonRow>> = {}): Column<JsonRow> => ({
  name,
  cell: ({ [column]: value }) => String(value ?? ''),
  ...more,
})
const amount = (name: string, column: string, minor = false): Column<JsonRow> => ({
  name,
  kind: 'number',
  minor,
  cell: ({ [column]: value }) => money(value),
})
/** More to pay is red. */
const change: Column<JsonRow> = {
  name: 'Change',
  kind: 'number',
  cell: ({ change_cost }) => <span class={direction(-Number(change_cost))}>{signedMoney(change_cost)}</span>,
}
const service = text('Service', 'service', { heading: true })
const account = text('Account', 'account', { minor: true })
const currency = text('Currency', 'currency', { minor: true })

export const costColumns: readonly Column<JsonRow>[] = [service, amount('Billed', 'cost'), currency]

export const moverColumns: readonly Column<JsonRow>[] = [
  service,
  account,
  amount('Month before', 'previous_cost', true),
  amount('This month', 'effective_cost'),
  change,
  { name: 'Share', kind: 'number', minor: true, cell: ({ change_share }) => percent(change_share) },
  currency,
]

export const restatementColumns = ({ here }: Place): readonly Column<JsonRow>[] => [
  service,
  account,
  change,
  { name: 'Lines added', kind: 'number', minor: true, cell: ({ added }) => count(added) },
  { name: 'Removed', kind: 'number', minor: true, cell: ({ removed }) => count(removed) },
  { name: 'Changed', kind: 'number', minor: true, cell: ({ changed }) => count(changed) },
  {
    name: 'Known before',
    kind: 'number',
    cell: ({ from }) => <a href={here({ asOf: String(from) })}>snapshot {String(from)}</a>,
  },
  text('Delivery', 'version', { minor: true }),
]

export const anomalyColumns: readonly Column<JsonRow>[] = [
  text('Day', 'day', { kind: 'time' }),
  service,
  account,
  text('Why', 'reason'),
]

export const untaggedColumns: readonly Column<JsonRow>[] = [
  service,
  account,
  amount('Amortized', 'untagged_cost'),
  currency,
]

export const loadColumns: readonly Column<JsonRow>[] = [
  text('Month', 'month', { heading: true }),
  text('Payer', 'payer'),
  text('Export', 'export', { minor: true }),
  {
    name: 'Status',
    cell: ({ status }) => (
      <span class={`badge ${status === 'completed' ? 'good' : status === 'failed' ? 'bad' : 'info'}`}>
        {String(status)}
      </span>
    ),
  },
  { name: 'Lines', kind: 'number', cell: ({ lines }) => count(lines) },
  amount('Cost', 'cost'),
  currency,
  { name: 'Delivered', kind: 'time', minor: true, cell: ({ delivered }) => time(delivered) },
  text('Why not', 'error', { minor: true }),
]
