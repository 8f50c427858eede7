import type { Session } from '../../infra/lake/session.js'
import { time } from '../format.js'
import type { Output } from '../output.js'

/** Prints the newest snapshots: when, who, which step of which run, and the rows it wrote. */
export const printSnapshots = async (session: Session, output: Output, limit: number): Promise<void> => {
  const rows = await session.all(
    `
    SELECT s.snapshot_id, s.snapshot_time, s.author, s.commit_message AS message, c.step, c.logical_run, c.workflow_id, c.row_counts
    FROM lake.snapshots() AS s
    LEFT JOIN lake.meta.commits AS c ON c.commit_key = json_extract_string(s.commit_extra_info, '$.key')
    ORDER BY s.snapshot_id DESC LIMIT $limit`,
    { limit: BigInt(limit) },
  )
  if (output.json) return output.rows(rows.map(({ row_counts, ...row }) => ({ ...row, rows: rowCounts(row_counts) })))
  output.rows(
    rows.map((row) => ({
      snapshot: String(row['snapshot_id']),
      time: time(row['snapshot_time']),
      author: row['author'],
      step: row['step'],
      message: row['message'],
      rows: Object.entries(rowCounts(row['row_counts']))
        .map(([table, count]) => `${table.split('.')[1]} ${count}`)
        .join(', '),
    })),
  )
}

const rowCounts = (text: unknown): Record<string, number> => (typeof text === 'string' ? JSON.parse(text) : {})
