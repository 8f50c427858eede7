import type { LakeDependencies } from './dependencies.js'
import { surveyTables } from './survey_tables.js'

/** Everything the lake's own workflows can have done. */
export const createLakeActivities = ({ lake, stages }: LakeDependencies) => ({
  surveyTables: () => surveyTables(lake, stages),
})

export type LakeActivities = ReturnType<typeof createLakeActivities>
