import { randomUUID } from 'node:crypto'
import { type ChangeType, changes } from '../../schemas/meta/changes.js'
import type { Row } from '../../schemas/table.js'
import { insertJson } from './insert_json.js'
import type { Session } from './session.js'

export interface Change {
  /** The table or view: `traders_silver.wallet_pnl`. */
  readonly dataset: string
  readonly type: ChangeType
  readonly description: string
  readonly rollbackSql?: string
}

/** Writes what is done to tables into meta.changes, in the caller's transaction, which must be the one that does it. */
export const recordChanges = async (session: Session, appliedBy: string, applied: readonly Change[]): Promise<void> => {
  if (applied.length === 0) return
  const now = new Date()
  const rows = applied.map(
    ({ dataset, type, description, rollbackSql }): Row<typeof changes> => ({
      id: randomUUID(),
      dataset,
      change_type: type,
      description,
      applied_by: appliedBy,
      applied_at: now,
      rollback_sql: rollbackSql ?? null,
    }),
  )
  await insertJson(session, changes, rows)
}
