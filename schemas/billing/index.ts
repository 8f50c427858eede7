import type { Domain, Published } from '../domain.js'
import { billingImportInput } from './billing_import_input.js'
import { lineItems } from './bronze/line_items.js'
import { billingBronze } from './bronze/stage.js'
import { billingGold } from './gold/stage.js'
import { publications } from './published/publications.js'
import { billingPublished } from './published/stage.js'
import { billingSilver } from './silver/stage.js'

/** What the cloud costs: AWS's deliveries in, each account's month replaced as a whole; costs by account, service and day out. */
export const billing: Domain & { readonly published: Published } = {
  name: 'billing',
  stages: [billingBronze, billingSilver, billingGold, billingPublished],
  pipeline: { workflowType: 'billingImport', workflowIdPrefix: 'billing/import', input: billingImportInput },
  published: {
    stage: billingPublished,
    publications,
    tables: [lineItems, ...billingSilver.tables, ...billingGold.tables].filter(
      ({ name }) => !name.endsWith('.reconciliations'),
    ),
  },
}
