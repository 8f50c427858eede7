import { InvalidInput } from '../../infra/errors.js'
import type { Session } from '../../infra/lake/session.js'
import type { Output } from '../output.js'

/** Runs one statement on the read-only lake; tables are named as they are defined, `traders_gold.smart_wallets`. */
export const printQuery = async (session: Session, output: Output, sql: string): Promise<void> => {
  await session.run('USE lake')
  try {
    output.rows(await session.all(sql), 'no rows')
  } catch (cause) {
    throw new InvalidInput(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
