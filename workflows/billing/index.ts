export { billingImport } from './billing_import.js'
