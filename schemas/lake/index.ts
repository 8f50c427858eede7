import type { Domain } from '../domain.js'
import { maintenanceInput } from './maintenance_input.js'

/** The lake itself: it has no tables of its own and works on those of all domains. */
export const lake: Domain = {
  name: 'lake',
  stages: [],
  pipeline: { workflowType: 'lakeMaintenance', workflowIdPrefix: 'lake/maintenance', input: maintenanceInput },
}
