import type { Lake } from '../infra/lake/lake.js'
import type { Session } from '../infra/lake/session.js'
import type { Stage } from '../schemas/table.js'
import { commit } from './commit.js'
import { commitKey } from './commit_key.js'
import { type DerivationRequest, deriveStage } from './derive.js'
import { currentProvenance } from './provenance.js'
import type { Receipt } from './receipt.js'
import type { Write } from './write.js'

interface DeriveStep {
  readonly pipeline: string
  readonly stage: Stage
  readonly step: string
  readonly snapshotId: number
  readonly parameters: DerivationRequest['parameters']
  readonly everything?: boolean
  /** Stages what belongs to the step and no SELECT of a definition derives. */
  readonly also?: (session: Session) => Promise<readonly Write[]>
}

/** Derives a stage from its definitions at a pinned snapshot and commits it as one snapshot. */
export const commitDerived = (lake: Lake, codeVersion: string, request: DeriveStep): Promise<Receipt> => {
  const { pipeline, stage, step, snapshotId, parameters, everything = false, also } = request
  const logicalRun = parameters.as_of
  return commit(lake, {
    stage,
    key: commitKey({ pipeline, logicalRun, step, decidedBy: [snapshotId, parameters, everything, codeVersion] }),
    name: step,
    message: `${step} as of ${logicalRun} from snapshot ${snapshotId}`,
    provenance: currentProvenance(pipeline, logicalRun, codeVersion),
    parameters,
    prepare: async (session) => {
      const derived = await deriveStage(session, { stage, step, snapshotId, parameters, everything })
      return { ...derived, writes: [...derived.writes, ...((await also?.(session)) ?? [])] }
    },
  })
}
