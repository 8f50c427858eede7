import type { Client } from '@temporalio/client'
import type { Config } from '../../infra/config.js'
import { SourceUnavailable } from '../../infra/errors.js'
import type { JsonRow } from '../../infra/lake/session.js'

const shownRuns = 15
const deadlineMs = 3_000

/** The newest runs as Temporal knows them, of those that `query` names in its own language; the reason, in words, where it does not answer: the lake can be looked at all the same. */
export const readWorkflows = async (
  client: Client | undefined,
  query?: string,
): Promise<JsonRow[] | SourceUnavailable> => {
  if (client === undefined) return new SourceUnavailable('no Temporal is configured: set TEMPORAL_ADDRESS')
  const rows: JsonRow[] = []
  try {
    await client.withDeadline(Date.now() + deadlineMs, async () => {
      for await (const run of client.workflow.list(query === undefined ? {} : { query })) {
        if (rows.length === shownRuns) break
        const { workflowId, runId, type, status, startTime, closeTime } = run
        rows.push({
          workflow: workflowId,
          run_id: runId,
          type,
          status: status.name.toLowerCase(),
          started: startTime.toISOString(),
          closed: closeTime?.toISOString() ?? null,
          seconds: ((closeTime ?? new Date()).getTime() - startTime.getTime()) / 1000,
        })
      }
    })
    return rows
  } catch (cause) {
    return new SourceUnavailable('Temporal does not answer now, so what runs is not known', undefined, { cause })
  }
}

/** Where a person sees the run in Temporal's own UI, if there is one. */
export const workflowLink = (
  { temporalUiUrl, temporal }: Config,
  workflowId: string,
  runId: string,
): string | undefined =>
  temporalUiUrl === undefined || workflowId === ''
    ? undefined
    : `${temporalUiUrl}/namespaces/${temporal.namespace}/workflows/${encodeURIComponent(workflowId)}${runId === '' ? '' : `/${runId}/history`}`
