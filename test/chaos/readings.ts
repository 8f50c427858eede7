import { atSnapshot, inLake, quotedIdentifier } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import type { Stage, Table } from '../../schemas/table.js'
import type { Dump } from './book.js'
import { published } from './stages.js'

/** Finds half a step, now or as of a snapshot: every layer says in one table what the other adds up to. One query, one snapshot. */
export const findHalves = async (session: Session, snapshotId?: number): Promise<string[]> => {
  const table = (name: string) => (snapshotId === undefined ? inLake(name) : atSnapshot(name, snapshotId))
  const rows = await session.all(`
    SELECT 'window ' || window_start || ' has ' || coalesce(count, 0) || ' events, its row says ' || coalesce(event_count, -1) AS half
    FROM (SELECT window_start, count(*) AS count, sum(amount) AS total FROM ${table('chaos_bronze.events')} GROUP BY window_start)
    FULL JOIN ${table('chaos_bronze.windows')} USING (window_start)
    WHERE coalesce(count, 0) IS DISTINCT FROM event_count OR coalesce(total, 0) IS DISTINCT FROM amount_total
    UNION ALL
    SELECT 'an event is there twice: ' || event_id FROM ${table('chaos_bronze.events')} GROUP BY event_id HAVING count(*) > 1
    UNION ALL
    SELECT 'balances add up to ' || coalesce(b.total, 0) || ' of ' || b.accounts || ' accounts, the totals say ' || coalesce(t.amount_total, -1)
    FROM (SELECT count(*) AS accounts, sum(event_count) AS events, sum(amount_total) AS total FROM ${table('chaos_silver.balances')}) AS b
    LEFT JOIN (FROM ${table('chaos_silver.totals')}) AS t ON true
    WHERE (coalesce(b.accounts, 0), coalesce(b.events, 0), coalesce(b.total, 0))
      IS DISTINCT FROM (coalesce(t.account_count, 0), coalesce(t.event_count, 0), coalesce(t.amount_total, 0))
    UNION ALL
    SELECT 'leaders add up to ' || coalesce(l.total, 0) || ', the podium says ' || coalesce(p.amount_total, -1)
    FROM (SELECT count(*) AS leaders, sum(amount_total) AS total FROM ${table('chaos_gold.leaders')}) AS l
    LEFT JOIN (FROM ${table('chaos_gold.podium')}) AS p ON true
    WHERE (coalesce(l.leaders, 0), coalesce(l.total, 0)) IS DISTINCT FROM (coalesce(p.leader_count, 0), coalesce(p.amount_total, 0))`)
  return rows.map(({ half }) => String(half))
}

/** The tables of a stage at a snapshot, as the oracle writes them down. */
export const dumpStage = (session: Session, { tables }: Stage, snapshotId: number): Promise<Dump> =>
  dump(session, tables, (name) => atSnapshot(name, snapshotId))

/** What readers are shown of gold now, under the names of its tables. */
export const dumpPublished = (session: Session): Promise<Dump> =>
  dump(session, published.tables, (name) => inLake(`chaos_published.${name.slice(name.indexOf('.') + 1)}`))

const dump = async (session: Session, tables: readonly Table[], relation: (name: string) => string): Promise<Dump> => {
  const content: Record<string, string[]> = {}
  for (const { name, columns, key } of tables) {
    const texts = Object.entries(columns).map(([column, { sql }]) =>
      sql === 'TIMESTAMPTZ' ? `epoch_ms(${column})::VARCHAR` : `${quotedIdentifier(column)}::VARCHAR`,
    )
    const rows = await session.all(
      `SELECT concat_ws(' | ', ${texts.join(', ')}) AS line FROM ${relation(name)} ORDER BY ${key.join(', ')}`,
    )
    content[name] = rows.map(({ line }) => String(line))
  }
  return content
}
