export { lakeMaintenance } from './maintenance.js'
