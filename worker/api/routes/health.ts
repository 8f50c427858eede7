import { Hono } from 'hono'
import { timeLimited } from '../../../infra/time_limit.js'
import type { ApiDependencies } from '../dependencies.js'

/** A probe gives up sooner than this or not much later. */
const answerWithinMs = 2_000

/**
 * `GET /healthz`: this process answers, so that it is not to be restarted. `GET /readyz`: what it works with answers too, the lake and,
 * where one is configured, Temporal; 503 with what does not.
 */
export const healthRoutes = ({ lake, temporal }: ApiDependencies): Hono =>
  new Hono()
    .get('/healthz', (context) => context.json({ ok: true }))
    .get('/readyz', async (context) => {
      const parts: Record<string, () => Promise<unknown>> = {
        lake: () => lake.session((session) => session.one('SELECT count(*) AS n FROM lake.meta.pins')),
        ...(temporal === undefined ? {} : { temporal: () => temporal.connection.workflowService.getSystemInfo({}) }),
      }
      const asked = Object.entries(parts).map(async ([part, ask]) => {
        const answered = await timeLimited(ask(), answerWithinMs).then(
          () => 'ok',
          () => 'away',
        )
        return [part, answered] as const
      })
      const states: Record<string, string> = Object.fromEntries(await Promise.all(asked))
      const isReady = Object.values(states).every((state) => state === 'ok')
      return context.json({ ok: isReady, ...states }, isReady ? 200 : 503)
    })
