export { lakeBackfill } from './backfill.js'
export { lakeMaintenance } from './maintenance.js'
export { lakeReplay } from './replay.js'
export { lakeRollback } from './rollback.js'
