import { sweepOrphans } from '../../activities/lake/remove_files.js'
import type { Lake } from '../../infra/lake/lake.js'
import { maintenanceInput } from '../../schemas/lake/maintenance_input.js'

/** The product's own sweep, as maintenance calls it when nobody tells it otherwise. */
export const sweep = async (lake: Lake): Promise<number> => {
  const { sweep: byDefault, dryRun } = maintenanceInput.parse({})
  return (await sweepOrphans(lake, { dryRun, ...byDefault })).files
}
