import { setTimeout as sleep } from 'node:timers/promises'
import { meta } from '../../schemas/meta/index.js'
import type { Stage } from '../../schemas/table.js'
import { CommitConflict, InvalidInput } from '../errors.js'
import { type Change, recordChanges } from './changes.js'
import { isCollision } from './collision.js'
import { inLake, quotedIdentifier } from './identifier.js'
import type { Lake } from './lake.js'
import { fillFences, Overtaken, openMeta, raiseFence, raiseMetaFence } from './reconcile/fences.js'
import { nothing, type Plan, together } from './reconcile/plan.js'
import { register } from './reconcile/registry.js'
import { viewShapeOf } from './reconcile/shape.js'
import { readStoredLake, type StoredLake } from './reconcile/stored_lake.js'
import { planTable } from './reconcile/table_plan.js'
import { displaceTable, planView } from './reconcile/view_plan.js'
import type { Session } from './session.js'

export interface Reconciliation {
  readonly changes: readonly Change[]
  /** Where the lake is newer than this build, and left as it is. */
  readonly notices: readonly string[]
}

/** Whoever was in the way is done in one transaction's time; past this many something else is wrong. */
const attempts = 8

/**
 * Brings the catalog to the definitions in one transaction, with a row in meta.changes for everything it does and one in
 * meta.schema_versions for every new shape; nothing is written where nothing differs. Of processes that start at once one does
 * it. What cannot be done without losing something is refused before anything is changed, with InvalidInput that lists every
 * difference and the migration to write; so is a build that is too old for what is stored.
 */
export const reconcile = (
  lake: Lake,
  stages: readonly Stage[],
  appliedBy = 'tributary/reconcile',
): Promise<Reconciliation> =>
  lake.exclusively('reconcile', async () => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await reconcileOnce(lake, stages, appliedBy)
      } catch (error) {
        if (!(error instanceof Overtaken) && !isCollision(error)) throw error
        if (attempt >= attempts) {
          throw new CommitConflict(`the lake's tables are being changed by others; ${attempt} attempts collided`, {
            cause: error,
          })
        }
        await sleep(Math.random() * 50 * 2 ** attempt)
      }
    }
  })

const reconcileOnce = (lake: Lake, stages: readonly Stage[], appliedBy: string): Promise<Reconciliation> =>
  lake.session(async (session) => {
    // Read before the catalog: whatever changes after it makes the transaction fail.
    const version = await openMeta(session)
    const all = [meta, ...stages]
    const stored = await readStoredLake(session)
    const plan = planLake(all, stored)
    refuse(plan.refusals)
    if (plan.statements.length > 0 || plan.versions.length > 0) {
      const touched = new Set(plan.changes.map(({ dataset }) => dataset.slice(0, dataset.indexOf('.'))))
      const written = stages.filter(({ name }) => touched.has(name)).map(({ name }) => name)
      await holding(lake, written.sort(), () =>
        session.transaction(async () => {
          await raiseMetaFence(session, version)
          await apply(session, all, stored, plan, appliedBy)
        }),
      )
    }
    await fillFences(session, stages)
    return { changes: plan.changes, notices: plan.notices }
  })

/** Takes the writers' locks in the order of the names, as commits do, so that an ALTER waits its turn instead of colliding. */
const holding = <T>(lake: Lake, [first, ...rest]: readonly string[], work: () => Promise<T>): Promise<T> =>
  first === undefined ? work() : lake.exclusively(first, () => holding(lake, rest, work))

const refuse = (refusals: readonly string[]): void => {
  if (refusals.length > 0)
    throw new InvalidInput(`the lake cannot be brought to its definitions:\n${refusals.join('\n')}`)
}

/** All tables before the views that read them. */
const planLake = (stages: readonly Stage[], stored: StoredLake): Plan => {
  const fences = stages.filter(({ name }) => name !== meta.name && !stored.tables.has(`${name}._fence`))
  const views = stages.flatMap((stage) => stage.views ?? [])
  return together([
    {
      ...nothing,
      statements: fences.flatMap(({ name }) => [
        `CREATE SCHEMA IF NOT EXISTS lake.${quotedIdentifier(name)}`,
        `CREATE TABLE ${inLake(`${name}._fence`)} (version BIGINT)`,
      ]),
    },
    ...stages.flatMap(({ tables }) => tables).map((table) => planTable(table, stored)),
    ...views.map((view) =>
      together([
        stored.tables.has(view.name) ? displaceTable(view.name, `${view.name}_before_view`, 'now a view') : nothing,
        planView({ name: view.name, ...viewShapeOf(view) }, stored),
      ]),
    ),
  ])
}

const apply = async (
  session: Session,
  stages: readonly Stage[],
  stored: StoredLake,
  plan: Plan,
  appliedBy: string,
): Promise<void> => {
  for (const stage of new Set(plan.fenced)) await raiseFence(session, stage)
  for (const statement of plan.statements) await session.run(statement)
  const found: string[] = []
  for (const verify of plan.verifications) found.push(...(await verify(session)))
  refuse(found)
  await register(
    session,
    plan,
    stages.flatMap(({ tables }) => tables),
    stored,
  )
  await recordChanges(session, appliedBy, plan.changes)
  await session.run(`CALL lake.set_commit_message($author, 'bring the tables to their definitions')`, {
    author: appliedBy,
  })
}
