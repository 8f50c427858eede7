import { createHash } from 'node:crypto'

interface LogicalStep {
  readonly pipeline: string
  /** The run's logical time or window. Never Temporal's run id: a repeated run is the same run. */
  readonly logicalRun: string
  readonly step: string
  readonly shard?: number
  /** Everything that decides the rows: inputs with their snapshots, parameters, code version. */
  readonly decidedBy: readonly unknown[]
}

/** The key under which a step commits once, for ever: `traders/2026-11-21T06:00:00.000Z/fetch_histories/003/9f86d081884c7d65`. */
export const commitKey = ({ pipeline, logicalRun, step, shard, decidedBy }: LogicalStep): string => {
  const fingerprint = createHash('sha256').update(JSON.stringify(decidedBy)).digest('hex').slice(0, 16)
  const part = shard === undefined ? '-' : String(shard).padStart(3, '0')
  return [pipeline, logicalRun, step, part, fingerprint].join('/')
}
