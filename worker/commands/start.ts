import { once } from 'node:events'
import type { Client } from '@temporalio/client'
import type { Config } from '../../infra/config.js'
import { SourceUnavailable } from '../../infra/errors.js'
import { connectClient } from '../../infra/temporal/connection.js'
import type { SmartTradersResult } from '../../workflows/traders/smart_traders.js'
import { signInAdvice } from '../api/api_token.js'
import { followRun } from '../follow_run.js'
import { readLake } from '../lake_command.js'
import { type LocalStack, startLocalStack } from '../local_stack.js'
import type { Output } from '../output.js'
import { domainNamed, parsePipelineInput } from '../pipelines.js'
import { schedules } from '../schedules.js'
import { startRun, temporalOf } from './run.js'
import { applyAtStart } from './schedule.js'
import { printTop } from './top.js'

interface StartRequest {
  readonly pipeline: { readonly name: string; readonly input: string } | undefined
  /** Stop when the run is done, instead of staying up. */
  readonly once: boolean
}

const shownWallets = 10

/** Brings the local stack up, runs a pipeline where one is named, shows the result, and stays until it is told to stop. */
export const runStart = async (
  config: Config,
  output: Output,
  log: (line: string) => void,
  request: StartRequest,
): Promise<void> => {
  const begin = Date.now()
  // Before the stack: bad input is told at once, not after it is up.
  if (request.pipeline !== undefined)
    parsePipelineInput(domainNamed(request.pipeline.name).pipeline, request.pipeline.input)
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort())
  log('starting PostgreSQL, Temporal and a worker …')
  const stack = await startLocalStack(config, log)
  try {
    if (stopping.signal.aborted) return
    log(`ready after ${((Date.now() - begin) / 1000).toFixed(1)} s`)
    for (const line of await addresses(stack)) log(`  ${line}`)
    await applyAtStart(stack.config, log, schedules)
    const stopped = stopping.signal.aborted ? Promise.resolve() : once(stopping.signal, 'abort')
    const broken = stack.broken.then((message) => {
      throw new SourceUnavailable(message)
    })
    // Raced below; after the last race nobody waits for it.
    broken.catch(() => undefined)
    const shown = request.pipeline === undefined ? undefined : runAndShow(stack, output, log, request.pipeline)
    await Promise.race([shown, stopped, broken])
    if (stopping.signal.aborted && request.once)
      throw new SourceUnavailable('stopped before the run was done; the next start goes on with it')
    if (request.once || stopping.signal.aborted) return
    log('running until Ctrl-C')
    await Promise.race([stopped, broken])
  } finally {
    log('stopping …')
    await stack.stop()
  }
}

const addresses = async ({ config, uiUrl, sandboxUrl, dashboardUrl }: LocalStack): Promise<string[]> => [
  ...(dashboardUrl === undefined
    ? []
    : [
        `dashboard    ${dashboardUrl}`,
        `             ${await signInAdvice(config, dashboardUrl, process.stderr.isTTY === true)}`,
      ]),
  ...(uiUrl === undefined ? [] : [`Temporal UI  ${uiUrl}`]),
  `home         ${config.home}`,
  ...(sandboxUrl === undefined
    ? []
    : [
        `sandbox      ${sandboxUrl}: no ${keysMissing(config)}, so a generated market answers in its place. Nothing below is real`,
      ]),
]

const keysMissing = ({ birdeye, helius }: Config): string =>
  [...(birdeye.sandbox ? ['BIRDEYE_API_KEY'] : []), ...(helius.sandbox ? ['HELIUS_API_KEY'] : [])].join(' and no ')

const runAndShow = async (
  { config, uiUrl }: LocalStack,
  output: Output,
  log: (line: string) => void,
  { name, input }: { name: string; input: string },
): Promise<void> => {
  const client = await connectClient(await temporalOf(config))
  try {
    const unfinished = await findUnfinished(client, domainNamed(name).pipeline.workflowType)
    const workflowId = unfinished ?? (await startRun(client, name, input))
    log(unfinished === undefined ? `run ${workflowId}` : `going on with the unfinished run ${workflowId}`)
    const result = await followRun<SmartTradersResult>(client, workflowId, log)
    if (result.parked !== undefined) log(`parked: ${result.parked}`)
    log('')
    if (config.catalog.kind === 'file')
      log('the file catalog is the worker’s while it runs; `npx tributary top` shows the ranking afterwards')
    else await readLake(config, log, (lake) => lake.session((session) => printTop(session, output, shownWallets)))
    log('')
    log(`webhook: ${result.webhook}`)
    if (uiUrl !== undefined) log(`the run: ${uiUrl}/namespaces/default/workflows/${encodeURIComponent(workflowId)}`)
    log('explain a wallet:  npx tributary wallet <address>')
    log('query the lake:    npx tributary query "SELECT * FROM traders_published.smart_wallets ORDER BY rank"')
  } finally {
    await client.connection.close()
  }
}

/** A run that a stop or a crash interrupted is finished before another is begun. */
const findUnfinished = async (client: Client, workflowType: string): Promise<string | undefined> => {
  for await (const { workflowId } of client.workflow.list({
    query: `WorkflowType = '${workflowType}' AND ExecutionStatus = 'Running'`,
  })) {
    return workflowId
  }
  return undefined
}
