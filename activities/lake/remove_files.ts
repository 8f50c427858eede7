import { quotedLiteral } from '../../infra/lake/identifier.js'
import type { Lake } from '../../infra/lake/lake.js'

export interface RemoveRequest {
  readonly dryRun: boolean
  readonly olderThanHours: number
}

interface Removed {
  readonly files: number
  readonly note: string
}

/** Deletes the files that no snapshot has needed for so long: a reader that began with them has ended. */
export const cleanUpFiles = (lake: Lake, request: RemoveRequest): Promise<Removed> =>
  remove(lake, 'ducklake_cleanup_old_files', request)

/** Deletes the files that the catalog has not known for so long: a writer that is about to commit a file has made it later. */
export const sweepOrphans = async (lake: Lake, request: RemoveRequest): Promise<Removed> => {
  await lake.failpoint('sweep.before_delete')
  const removed = await remove(lake, 'ducklake_delete_orphaned_files', request)
  await lake.failpoint('sweep.deleted')
  return removed
}

const remove = (lake: Lake, operation: string, { dryRun, olderThanHours }: RemoveRequest): Promise<Removed> =>
  lake.session(async (session) => {
    const before = new Date(Date.now() - olderThanHours * 3_600_000).toISOString()
    const files = await session.all(
      `CALL ${operation}('lake', dry_run => ${dryRun}, older_than => TIMESTAMPTZ ${quotedLiteral(before)})`,
    )
    return { files: files.length, note: `${files.length} files` }
  })
