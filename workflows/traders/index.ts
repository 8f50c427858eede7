export { smartTraders } from './smart_traders.js'
export { traderActivity } from './trader_activity.js'
