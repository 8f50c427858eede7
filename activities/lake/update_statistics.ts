import type { Lake } from '../../infra/lake/lake.js'
import { catalogKind } from '../../infra/lake/table_files.js'

/** Gives back what the catalog's own tables no longer need and has its planner look at them anew: every commit and reader asks them. */
export const updateStatistics = (lake: Lake): Promise<{ readonly note: string }> =>
  lake.session(async (session) => {
    if ((await catalogKind(session)) === 'postgres') {
      await session.run(
        `CALL postgres_execute('__ducklake_metadata_lake', 'VACUUM (ANALYZE)', use_transaction => false)`,
      )
      return { note: 'catalog vacuumed and analyzed' }
    }
    await session.run('CHECKPOINT __ducklake_metadata_lake')
    return { note: 'catalog checkpointed' }
  })
