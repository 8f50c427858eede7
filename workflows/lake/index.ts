export { lakeMaintenance } from './maintenance.js'
export { lakeReplay } from './replay.js'
export { lakeRollback } from './rollback.js'
