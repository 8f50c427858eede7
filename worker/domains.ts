import type { BillingDependencies } from '../activities/billing/dependencies.js'
import { createBillingActivities } from '../activities/billing/index.js'
import type { BackfilledPipeline, LakeDependencies } from '../activities/lake/dependencies.js'
import { createLakeActivities } from '../activities/lake/index.js'
import type { TradersDependencies } from '../activities/traders/dependencies.js'
import { createTradersActivities } from '../activities/traders/index.js'
import { present } from '../infra/optional.js'
import { billing } from '../schemas/billing/index.js'
import { assembleDomains, type Domain } from '../schemas/domain.js'
import { lake } from '../schemas/lake/index.js'
import { traders } from '../schemas/traders/index.js'
import { schedules } from './schedules.js'

export type Dependencies = TradersDependencies & BillingDependencies & LakeDependencies

interface DomainEntry {
  readonly domain: Domain
  readonly activities: (dependencies: Dependencies) => object
}

/** The table of contents: a domain is its folders in schemas, activities, workflows and test, and one line here. */
export const domains: readonly DomainEntry[] = assembleDomains([
  { domain: traders, activities: createTradersActivities },
  { domain: billing, activities: createBillingActivities },
  { domain: lake, activities: createLakeActivities },
])

/** The stages of all domains, and what those that publish show. */
export const whatIsDefined = () => ({
  stages: domains.flatMap(({ domain }) => domain.stages),
  published: domains.flatMap(({ domain }) => (domain.published === undefined ? [] : [domain.published])),
  backfilled: domains.flatMap(({ domain }) => backfilledPipeline(domain)),
})

const backfilledPipeline = ({ name, pipeline }: Domain): BackfilledPipeline[] => {
  const { workflowType, workflowIdPrefix, closingStep, input } = pipeline
  if (closingStep === undefined) return []
  const schedule = schedules.find((each) => each.domain === name && each.pipeline.workflowType === workflowType)
  return [{ name, taskQueue: name, workflowType, workflowIdPrefix, closingStep, input, ...present({ schedule }) }]
}
