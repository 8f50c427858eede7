import type { LakeDependencies } from '../activities/lake/dependencies.js'
import type { Config } from '../infra/config.js'
import { InvalidInput } from '../infra/errors.js'
import { reconcile } from '../infra/lake/reconcile.js'
import { connectClient, type RemoteTemporal } from '../infra/temporal/connection.js'
import { codeVersion } from './code_version.js'
import { temporalOf } from './commands/run.js'
import { whatIsDefined } from './domains.js'
import { followRun, type RunResult } from './follow_run.js'
import { writeLake } from './lake_command.js'

interface LakeWork<Result> {
  readonly workflowType: string
  readonly workflowId: string
  readonly input: object
  readonly summary: string
  /** The same work in this process. */
  readonly direct: (dependencies: LakeDependencies) => Promise<Result>
}

/**
 * Does something to the lake: as a workflow where a stack runs or is configured, so that it is seen, retried and recorded as any
 * run is, and else in this process, on the catalog that is there: a lake must be mendable when nothing else starts.
 */
export const doLakeWork = async <Result extends object>(
  config: Config,
  log: (line: string) => void,
  work: LakeWork<Result>,
): Promise<Result> => {
  const temporal = await runningTemporal(config)
  if (temporal === undefined)
    return writeLake(config, log, async (lake) => {
      const defined = whatIsDefined()
      await reconcile(lake, defined.stages)
      return work.direct({ lake, ...defined, codeVersion: await codeVersion() })
    })
  const client = await connectClient(temporal)
  try {
    await client.workflow.start(work.workflowType, {
      taskQueue: 'lake',
      workflowId: work.workflowId,
      args: [work.input],
      staticSummary: work.summary,
    })
    log(`run ${work.workflowId}`)
    return await followRun<Result & RunResult>(client, work.workflowId, log)
  } finally {
    await client.connection.close()
  }
}

const runningTemporal = (config: Config): Promise<RemoteTemporal | undefined> =>
  temporalOf(config).catch((error: unknown) => {
    if (error instanceof InvalidInput) return undefined
    throw error
  })
