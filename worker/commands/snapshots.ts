import type { Session } from '../../infra/lake/session.js'
import { time } from '../format.js'
import type { Output } from '../output.js'
import { readSnapshots, type SnapshotsRequest } from '../readings/snapshots.js'

/** Prints the newest snapshots: when, who, which step of which run, and the rows it wrote into each table. */
export const printSnapshots = async (session: Session, output: Output, request: SnapshotsRequest): Promise<void> => {
  const snapshots = await readSnapshots(session, request)
  if (output.json) return output.rows(snapshots)
  output.rows(
    snapshots.map(({ rows, ...row }) => ({
      snapshot: String(row['snapshot_id']),
      time: time(row['snapshot_time']),
      author: row['author'],
      step: row['step'],
      run: row['logical_run'],
      message: row['undone_by'] === null ? row['message'] : `(undone) ${row['message']}`,
      rows: Object.entries(rows)
        .map(([name, count]) => `${name.split('.')[1]} ${count}`)
        .join(', '),
    })),
    'no snapshot changed it',
  )
}
