import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client'
import type { Config } from '../../infra/config.js'
import { InvalidInput } from '../../infra/errors.js'
import { homeHolder } from '../../infra/stack/home_lock.js'
import { connectClient, type RemoteTemporal } from '../../infra/temporal/connection.js'
import { followRun } from '../follow_run.js'
import type { Output } from '../output.js'
import { domainNamed, parsePipelineInput } from '../pipelines.js'

interface RunRequest {
  readonly name: string
  /** JSON text. */
  readonly input: string
  readonly wait: boolean
}

/** Starts a pipeline's workflow; with `wait`, follows it to its end, and fails where it does. */
export const runPipeline = async (
  config: Config,
  output: Output,
  log: (line: string) => void,
  request: RunRequest,
): Promise<void> => {
  const { pipeline } = domainNamed(request.name)
  parsePipelineInput(pipeline, request.input)
  const client = await connectClient(await temporalOf(config))
  try {
    const workflowId = await startRun(client, request.name, request.input)
    if (!request.wait) return output.document({ workflow_id: workflowId }, () => output.line(`started ${workflowId}`))
    const result = await followRun(client, workflowId, log)
    output.document({ workflow_id: workflowId, result }, () => output.line(`${workflowId} is done`))
  } finally {
    await client.connection.close()
  }
}

/** Starts the workflow under its business key. Resolves to the workflow id, also where that run had been started before. */
export const startRun = async (client: Client, name: string, inputText: string): Promise<string> => {
  const { pipeline } = domainNamed(name)
  const input = parsePipelineInput(pipeline, inputText)
  const workflowId = `${pipeline.workflowIdPrefix}/${input.asOf}`
  try {
    await client.workflow.start(pipeline.workflowType, {
      taskQueue: name,
      workflowId,
      args: [input],
      staticSummary: `${pipeline.workflowType} as of ${input.asOf}`,
    })
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
  }
  return workflowId
}

/** The Temporal that was configured, else the one of the `up` that runs in this home. */
export const temporalOf = async (config: Config): Promise<RemoteTemporal> => {
  if (config.temporal.kind === 'remote') return config.temporal
  const address = (await homeHolder(config.home))?.details['temporal']
  if (address !== undefined) return { kind: 'remote', address, namespace: config.temporal.namespace }
  throw new InvalidInput('no Temporal runs here: start one with `npx tributary up`, or set TEMPORAL_ADDRESS')
}
