import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { JsonRow } from '../../../infra/lake/session.js'
import { currentSnapshotId } from '../../../infra/lake/version.js'
import { count, time, tokens } from '../../format.js'
import { lakeView } from '../../readings/lake_view.js'
import { alertsTable, readAlerts, readDeliveries, readEvents } from '../../readings/live.js'
import { type Column, DataTable, TableRow } from './data_table.js'
import { Figures } from './figures.js'
import { type PageDependencies, page } from './page.js'
import { type Place, placeOf } from './place.js'
import { Tier } from './tier.js'
import { duration, minute, shortAddress } from './words.js'

const shownEvents = 100
const shownAlerts = 50
/** A commit of deliveries comes every few seconds; asking for the newest snapshot costs one small query. */
const pollMs = 2_000

/** `/live`: what Helius delivers of the ranked wallets, as it comes. */
export const livePage = (dependencies: PageDependencies): Hono =>
  new Hono()
    .get('/live', (context) =>
      page(dependencies, context, async (view, place) => {
        const events = await readEvents(view, { limit: shownEvents })
        const deliveries = await readDeliveries(view)
        const newest = String(events[0]?.['received_at'] ?? '')
        const live = view.moment.newest ? `/live/events?${new URLSearchParams({ after: newest })}` : undefined
        const content = (
          <>
            <h1>Live</h1>
            <p class="lead">
              Changes of balances of ranked wallets, from the transactions that Helius delivers to /webhooks/helius.
            </p>
            <Figures
              figures={[
                ['Transactions', count(deliveries['events']), `${count(deliveries['last_hour'])} in the last hour`],
                [
                  'Last received',
                  minute(deliveries['last_received_at']).slice(11) || 'never',
                  minute(deliveries['last_received_at']).slice(0, 10),
                ],
                ['Behind the chain', duration(deliveries['lag_seconds']) || 'unknown', 'median of all'],
              ]}
            />
            <Alerts alerts={await readAlerts(view, shownAlerts)} />
            <h2 id="events">Balance changes</h2>
            {live === undefined ? null : (
              <p class="pager">
                <button type="button" data-live-switch hidden>
                  Pause
                </button>
                <span data-live-state role="status">
                  reload to see newer ones
                </span>
              </p>
            )}
            <DataTable
              caption="The newest on top"
              columns={eventColumns(place)}
              rows={events}
              empty="Nothing was delivered then."
              {...(live === undefined ? {} : { live })}
            />
            {events.length === 0 ? <p class="faint">Nothing of a ranked wallet was delivered yet.</p> : null}
          </>
        )
        return { title: 'Live', content, ...(live === undefined ? {} : { scriptPath: dependencies.assets.live.path }) }
      }),
    )
    .get('/live/events', (context) =>
      streamSSE(context, async (stream) => {
        const place = placeOf(context)
        let after = context.req.query('after') || undefined
        let seen: number | undefined
        let gone = false
        stream.onAbort(() => {
          gone = true
        })
        await stream.writeSSE({ event: 'hello', data: '' })
        while (!gone) {
          const rows = await dependencies.lake.session(async (session) => {
            const snapshotId = await currentSnapshotId(session)
            if (snapshotId === seen) return []
            seen = snapshotId
            return readEvents(await lakeView(session, undefined, dependencies.known), { after, limit: shownEvents })
          })
          if (rows.length > 0) {
            after = String(rows[0]?.['received_at'])
            const html = rows.map((row) => String(<TableRow columns={eventColumns(place)} row={row} />)).join('')
            await stream.writeSSE({ event: 'rows', data: html.replaceAll('\n', ' ') })
          }
          await sleep(pollMs)
        }
      }),
    )

const eventColumns = ({ link }: Pick<Place, 'link'>): readonly Column<JsonRow>[] => [
  { name: 'Received', kind: 'time', cell: ({ received_at }) => time(received_at) },
  {
    name: 'Wallet',
    heading: true,
    cell: ({ wallet_address }) => (
      <a class="mono" href={link(`/wallets/${wallet_address}`)}>
        {shortAddress(wallet_address)}
      </a>
    ),
  },
  { name: 'Rank', kind: 'number', cell: ({ rank }) => count(rank) },
  { name: 'Tier', minor: true, cell: ({ tier }) => <Tier name={tier} /> },
  {
    name: 'Asset',
    cell: ({ symbol, token_address }) => (
      <a href={link(`/tokens/${token_address}`)}>{symbol === null ? shortAddress(token_address) : String(symbol)}</a>
    ),
  },
  {
    name: 'Change',
    kind: 'number',
    cell: ({ change_raw, decimals }) => (
      <span class={String(change_raw).startsWith('-') ? 'down' : 'up'}>{tokens(change_raw, decimals)}</span>
    ),
  },
  { name: 'Block time', kind: 'time', minor: true, cell: ({ block_time }) => time(block_time) },
  { name: 'Transaction', minor: true, cell: ({ signature }) => <span class="mono">{shortAddress(signature)}</span> },
]

const shownAlertColumns = 8

/** In the columns that its definition has. */
const Alerts = ({ alerts }: { alerts: readonly JsonRow[] }) => {
  const names = Object.entries(alertsTable()?.columns ?? {}).slice(0, shownAlertColumns)
  if (names.length === 0) return null
  return (
    <section aria-labelledby="alerts">
      <h2 id="alerts">Alerts</h2>
      <DataTable
        caption="The newest alerts"
        columns={names.map(([name, { sql }]) => ({
          name: name.replaceAll('_', ' '),
          kind: sql === 'TIMESTAMPTZ' ? ('time' as const) : ('text' as const),
          cell: (row: JsonRow) =>
            sql === 'TIMESTAMPTZ'
              ? time(row[name])
              : /^[1-9A-HJ-NP-Za-km-z]{32,90}$/.test(String(row[name]))
                ? shortAddress(row[name])
                : String(row[name] ?? ''),
        }))}
        rows={alerts}
        empty="There was no alert yet."
      />
    </section>
  )
}
