import { type Domain, defineStage } from '../table.js'
import { transactionHistory } from './bronze/transaction_history.js'

export const bronze = defineStage('traders_bronze', [transactionHistory])

/** Which wallets trade well: BirdEye's view of the market in, a watched set of wallets out. */
export const traders: Domain = { name: 'traders', stages: [bronze] }
