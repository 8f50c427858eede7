import { currentPublication } from '../../activities/publish.js'
import { inLake } from '../../infra/lake/identifier.js'
import type { JsonRow, Session } from '../../infra/lake/session.js'
import { billing } from '../../schemas/billing/index.js'
import { count, money, percent, time } from '../format.js'
import type { Cells, Output } from '../output.js'
import { type BillingQuestion, type BillSource, readBills } from '../readings/bills.js'

/** Answers one question about the bills: from the published views, loads from their record. */
export const printBilling = async (session: Session, output: Output, request: BillingQuestion): Promise<void> => {
  const source: BillSource = {
    session,
    published: ({ name }) => inLake(`${billing.published.stage.name}.${name.split('.')[1]}`),
    stored: ({ name }) => inLake(name),
  }
  if (request.question !== 'loads' && (await currentPublication(session, billing.published)) === undefined)
    return output.rows([], 'no bill is published yet: npx tributary run billing --wait loads what BILLING_SOURCE holds')
  const rows = await readBills(source, request)
  output.rows(output.json ? rows : rows.map(forPeople), 'nothing there')
}

/** Exact in JSON; for people rounded to cents, counts with commas, and times without what is always the same. */
const forPeople = (row: JsonRow): Cells =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (name.endsWith('cost')) return [name, money(value)]
      if (name === 'lines') return [name, count(value)]
      if (name === 'utilization' || name === 'change_share') return [name, percent(value)]
      return [name, name === 'delivered' || name === 'ended' ? time(value) : value]
    }),
  )
