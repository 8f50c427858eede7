import type { Lake } from '../../infra/lake/lake.js'

/** Removes files that no snapshot refers to and that are older than any transaction can be. */
export const sweep = (lake: Lake): Promise<number> =>
  lake.session(async (session) => {
    const files = await session.all(`CALL ducklake_delete_orphaned_files('lake', older_than => now() - INTERVAL 1 DAY)`)
    return files.length
  })
