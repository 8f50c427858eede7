import { createLakeActivities } from '../../activities/lake/index.js'
import { CommitConflict } from '../../infra/errors.js'
import type { Lake } from '../../infra/lake/lake.js'
import type { Random } from '../../infra/sandbox/random.js'
import { chaosStages } from './stages.js'
import { sweep } from './sweep.js'

const tables = [
  ...chaosStages.flatMap((stage) => [...stage.tables.map(({ name }) => name), `${stage.name}._fence`]),
  'meta.commits',
]

/** One work of maintenance on one table, as the workflow would do it; resolves to its name. */
export const upkeep = async (lake: Lake, random: Random): Promise<string> => {
  const { flushTable, mergeFiles, rewriteFiles } = createLakeActivities({
    ...{ lake, codeVersion: 'chaos', stages: chaosStages, published: [] },
  })
  const table = random.pick(tables)
  const works = {
    sweep: () => sweep(lake),
    flush: () => flushTable({ table }),
    merge: () => mergeFiles({ table }),
    rewrite: () => rewriteFiles({ table }),
  }
  const name = random.pick(['sweep', 'flush', 'merge', 'rewrite'] as const)
  try {
    await works[name]()
  } catch (error) {
    // What Temporal would try again.
    if (!(error instanceof CommitConflict)) throw error
  }
  return name
}
