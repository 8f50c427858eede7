import type { FailpointName } from '../../infra/failpoint.js'
import { startFixedOutside } from './fixed_outside.js'
import type { LakeContent } from './lake_content.js'
import { inStack, type Servers, startRun } from './run.js'

export interface WebhookKillReport {
  readonly content: LakeContent
  /** How often a worker was missed. */
  readonly deaths: number
  /** Webhooks that Helius then has, each by what it watches. */
  readonly watched: readonly (readonly string[])[]
}

/** Runs the flagship pipeline on `npx tributary up`, whose first worker dies at one place of telling Helius what to watch. */
export const killAtWebhook = async (
  seed: number,
  place: Extract<FailpointName, `webhook.${string}`>,
  servers: Servers,
): Promise<WebhookKillReport> => {
  const outside = await startFixedOutside(seed)
  try {
    const armed = { TRIBUTARY_FAILPOINT: `${place}:1:kill` }
    let deaths = 0
    const content = await inStack(
      { ...outside.environment, ...(await servers()), ...armed },
      async ({ client, up }) => {
        await (await startRun(client, outside.asOf, 0)).result()
        up.kill('SIGTERM')
        deaths = (await up.ended).stderr.match(/the worker ended \(SIGKILL\)/g)?.length ?? 0
      },
    )
    const watched = [...outside.sandbox.webhooks.values()].map(({ accountAddresses }) => accountAddresses)
    return { content, deaths, watched }
  } finally {
    await outside.sandbox.close()
  }
}
