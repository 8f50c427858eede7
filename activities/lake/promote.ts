import { quotedIdentifier } from '../../infra/lake/identifier.js'
import type { Lake } from '../../infra/lake/lake.js'
import type { Session } from '../../infra/lake/session.js'
import type { Stage } from '../../schemas/table.js'
import { commit } from '../commit.js'
import { commitKey } from '../commit_key.js'
import type { Provenance, Receipt } from '../receipt.js'
import type { Write } from '../write.js'
import type { Replay } from './replay.js'
import type { Run, RunCommit } from './run_commits.js'

/**
 * Commits what `replayed` derives in the session it is given: all of the run's derived tables, whole, as one snapshot. The next
 * derivation of these stages takes nothing of theirs for granted.
 */
export const promote = (
  lake: Lake,
  { pipeline, logicalRun }: Run,
  commits: readonly RunCommit[],
  stages: readonly Stage[],
  provenance: Provenance,
  replayed: (session: Session) => Promise<Replay>,
): Promise<Receipt> => {
  const own = stages.filter(({ name }) => commits.some(({ stage }) => stage === name))
  const [stage, ...otherStages] = own
  if (stage === undefined) throw new Error(`${pipeline}/${logicalRun} has no stage to promote to`)
  const names = new Set(own.map(({ name }) => name))
  const inputs = commits.flatMap((each) => Object.entries(each.inputs)).filter(([name]) => !names.has(name))
  return commit(lake, {
    stage,
    otherStages,
    key: commitKey({
      pipeline: 'lake',
      logicalRun: provenance.logicalRun,
      step: 'promote',
      decidedBy: [pipeline, logicalRun, commits.map(({ key }) => key), provenance.codeVersion],
    }),
    name: 'promote',
    message: `promote the replay of ${pipeline}/${logicalRun}`,
    provenance,
    parameters: { run: `${pipeline}/${logicalRun}` },
    prepare: async (session) => {
      const { replayed: tables } = await replayed(session)
      const writes: Write[] = []
      for (const { table, select } of tables) {
        const staged = quotedIdentifier(`promoted ${table.name}`)
        await session.run(`CREATE OR REPLACE TEMP VIEW ${staged} AS ${select}`)
        writes.push({ table, staged, replaces: { kind: 'everything' } })
      }
      return { writes, inputs: Object.fromEntries(inputs) }
    },
  })
}
