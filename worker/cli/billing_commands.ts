import type { Command } from 'commander'
import { printBilling } from '../commands/billing.js'
import type { BillingQuestion } from '../readings/bills.js'
import { type JsonFlag, jsonOption, positive, reading } from './terminal.js'

/** Questions about what the cloud costs. */
export const addBillingCommands = (program: Command): void => {
  program
    .command('billing <question>')
    .description(
      'what the cloud costs: accounts, months, loads, cost, movers, restatements, anomalies, commitments, untagged',
    )
    .option('--by <names>', 'cost: by payer, account, service, region, category, month, day, tag:NAME', 'service')
    .option('--cost <kind>', 'billed, effective (amortized), net_billed, net_effective or list', 'billed')
    .option('--month <month>', 'only this billing month, like 2026-10')
    .option('--account <id>', 'only this payer or account')
    .option('--limit <count>', 'how many rows', positive, 30)
    .option('--at <version or time>', 'as it was known at a snapshot')
    .addOption(jsonOption)
    .action((question: string, flags: JsonFlag & { at?: string } & Omit<BillingQuestion, 'question'>) =>
      reading((session, out) => printBilling(session, out, { ...flags, question }), flags),
    )
}
