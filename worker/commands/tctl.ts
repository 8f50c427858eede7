import type { Config } from '../../infra/config.js'
import { connectClient, type RemoteTemporal } from '../../infra/temporal/connection.js'
import type { Output } from '../output.js'
import { parseTctl } from '../tctl/invocation.js'
import { notFound, workflowActions } from '../tctl/workflow_actions.js'
import { temporalOf } from './run.js'

/** Does what an invocation of the retired tctl did, on the configured Temporal or the one that `--address` names. */
export const runTctl = async (config: Config, output: Output, words: readonly string[]): Promise<void> => {
  const { command, flags } = parseTctl(words)
  const { address, namespace } = flags
  const temporal: RemoteTemporal =
    address === undefined ? await temporalOf(config) : { kind: 'remote', address, namespace: config.temporal.namespace }
  const client = await connectClient({ ...temporal, ...(namespace === undefined ? {} : { namespace }) })
  try {
    await workflowActions[command](client, flags, output)
  } catch (error) {
    throw notFound(error, flags)
  } finally {
    await client.connection.close()
  }
}
