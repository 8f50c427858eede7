import { inLake } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import type { BillingImportInput } from '../../schemas/billing/billing_import_input.js'
import { loadStates } from '../../schemas/billing/bronze/load_states.js'
import type { Delivery } from './deliveries.js'

/** A delivery that was loaded. */
interface Loaded {
  readonly versionId: string
  readonly exportName: string
  readonly fingerprint: string
  readonly deliveredAtMs: number
}

/** What was loaded of each account's month, by `account/month`, the one in force last. */
export const readLoaded = async (session: Session): Promise<ReadonlyMap<string, readonly Loaded[]>> => {
  const rows = await session.all(`
    SELECT account_id || '/' || billing_month AS account_month, version_id, export_name, content_fingerprint,
      epoch_ms(delivered_at) AS delivered_at
    FROM ${inLake(loadStates.name)} WHERE status = 'completed' ORDER BY load_end_time, logical_run`)
  const loaded = new Map<string, Loaded[]>()
  for (const row of rows) {
    const accountMonth = String(row['account_month'])
    const list = loaded.get(accountMonth) ?? []
    list.push({
      versionId: String(row['version_id']),
      exportName: String(row['export_name']),
      fingerprint: String(row['content_fingerprint']),
      deliveredAtMs: Number(row['delivered_at']),
    })
    loaded.set(accountMonth, list)
  }
  return loaded
}

/** What is to be done with a delivery: load it, nothing as it is loaded, or refuse it for a reason. */
export type Decision = 'load' | 'loaded' | { readonly refused: string }

/** The same delivery twice is a no-op, a newer one supersedes, an older one or another export's is refused, unless it is forced. */
export const decide = (
  delivery: Delivery,
  loaded: readonly Loaded[] | undefined,
  { force }: Pick<BillingImportInput, 'force'>,
): Decision => {
  const current = loaded?.at(-1)
  if (force || current === undefined) return 'load'
  const { versionId, fingerprint, exportName, deliveredAt, manifestPath, accountId, billingMonth } = delivery
  if (loaded?.some((each) => each.versionId === versionId && each.fingerprint === fingerprint)) return 'loaded'
  const which = `${manifestPath}: ${versionId} of ${accountId} ${billingMonth}`
  if (exportName !== current.exportName)
    return {
      refused: `${which} is of the export ${exportName}, and the month was loaded from ${current.exportName}; "force": true replaces it`,
    }
  if (deliveredAt.getTime() < current.deliveredAtMs)
    return { refused: `${which} is older than ${current.versionId}, which is loaded; "force": true replaces it` }
  return 'load'
}
