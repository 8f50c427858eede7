export { smartTraders } from './smart_traders.js'
