import type { Connection } from '@temporalio/client'
import { InvalidInput } from '../errors.js'

/** What the workflows write about themselves, so that the Temporal UI can filter by it. */
export const searchAttributes = {
  Domain: 'Keyword',
  RunKind: 'Keyword',
  Snapshot: 'Int',
  QualityStatus: 'Keyword',
} as const

/** The numbers of temporal.api.enums.v1.IndexedValueType. */
const indexedTypes = { Keyword: 2, Int: 3 } as const

/**
 * Registers the search attributes that the namespace does not know yet: a workflow that writes an unknown one would hang for
 * ever. Throws InvalidInput, with the command to run, where this login may not register them.
 */
export const ensureSearchAttributes = async (
  { operatorService }: Pick<Connection, 'operatorService'>,
  namespace: string,
): Promise<void> => {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace })
  const missing = Object.entries(searchAttributes).filter(([name]) => !(name in customAttributes))
  if (missing.length === 0) return
  try {
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, indexedTypes[type]])),
    })
  } catch (cause) {
    const flags = missing.map(([name, type]) => `--name ${name} --type ${type}`).join(' ')
    throw new InvalidInput(
      `the Temporal namespace ${namespace} lacks search attributes and this login may not add them; run: temporal operator search-attribute create --namespace ${namespace} ${flags}`,
      { cause },
    )
  }
}
