import { SourceChanged } from '../../infra/errors.js'
import type { Session } from '../../infra/lake/session.js'
import type { FileStore } from '../../infra/store/file_store.js'
import type { BillingImportInput } from '../../schemas/billing/billing_import_input.js'
import type { Delivery } from './deliveries.js'
import { columnsOf, relationOf } from './delivery_files.js'
import { typedValue } from './line_select.js'
import { mapSource } from './source_mapping.js'

/** A delivery whose payer is known. */
export type AccountDelivery = Delivery & { readonly accountId: string }

/** The deliveries of the accounts asked for. Where a manifest names no account, as Data Exports' need not, the first line does. */
export const withAccounts = async (
  session: Session,
  store: FileStore,
  deliveries: readonly Delivery[],
  { accounts }: BillingImportInput,
): Promise<AccountDelivery[]> => {
  const known: AccountDelivery[] = []
  for (const delivery of deliveries) {
    const accountId = delivery.accountId ?? (await payerOf(session, store, delivery))
    if (accounts === undefined || accounts.includes(accountId)) known.push({ ...delivery, accountId })
  }
  return known
}

const payerOf = async (session: Session, store: FileStore, delivery: Delivery): Promise<string> => {
  const { manifestPath, storedFiles } = delivery
  const [file] = storedFiles
  const nobody = new SourceChanged(`${manifestPath}: names no account, and neither do its files`)
  if (file === undefined) throw nobody
  const relation = relationOf(store, [file])
  const mapping = mapSource(await columnsOf(session, relation))
  const payer = mapping?.columns.get(mapping.format === 'cur' ? 'bill_payer_account_id' : 'billing_account_id')
  if (payer === undefined) throw nobody
  const [line] = await session.all(`SELECT ${typedValue(payer.kind, payer.source)} AS payer FROM ${relation} LIMIT 1`)
  if (typeof line?.['payer'] !== 'string') throw nobody
  return line['payer']
}
