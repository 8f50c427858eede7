import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { currentSnapshotId } from '../../../infra/lake/version.js'
import { count } from '../../format.js'
import { lakeView } from '../../readings/lake_view.js'
import { readAlerts, readDeliveries, readEvents, readLiveTrades } from '../../readings/live.js'
import { DataTable, TableRow } from './data_table.js'
import { Figures } from './figures.js'
import { alertColumns, eventColumns, liveTradeColumns } from './live_columns.js'
import { type PageDependencies, page } from './page.js'
import { placeOf } from './place.js'
import { duration, minute } from './words.js'

const shownEvents = 100
const shownAlerts = 25
const shownTrades = 25
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
            <h2 id="alerts">Alerts</h2>
            <DataTable
              caption="The newest alerts"
              columns={alertColumns(place)}
              rows={await readAlerts(view, { limit: shownAlerts })}
              empty="There was no alert yet."
            />
            <h2 id="trades">Trades</h2>
            <DataTable
              caption="What the newest transactions bought or sold, by how balances changed"
              columns={liveTradeColumns(place)}
              rows={await readLiveTrades(view, { limit: shownTrades })}
              empty="No watched wallet has traded since it is watched."
            />
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
