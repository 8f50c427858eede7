import { inLake } from '../infra/lake/identifier.js'
import type { Session } from '../infra/lake/session.js'

/** Another commit to the stage took place since it was looked at: the transaction is rolled back, and the look is to be repeated. */
export class FenceMoved extends Error {
  constructor(readonly stage: string) {
    super(`${stage} was committed to since it was looked at`)
  }
}

/**
 * Raises the fences of the stages, in the caller's transaction, from the versions seen. That one row changed proves that nobody
 * committed to the stage since, so what the look said of the key still holds; and as inserts never collide in DuckLake, this
 * UPDATE of an existing row is what makes the later of two overlapping attempts fail. Throws FenceMoved.
 */
export const raiseFences = async (
  session: Session,
  stages: readonly string[],
  versions: ReadonlyMap<string, number>,
): Promise<void> => {
  for (const name of stages) {
    // A function, as for a bare column (and `version + 0`, which is simplified to one) DuckLake asks the catalog for file
    // statistics, which a table without files has none of.
    const changed = await session.run(
      `UPDATE ${inLake(`${name}._fence`)} SET version = version + 1 WHERE abs(version) = $version`,
      { version: BigInt(versions.get(name) ?? -1) },
    )
    if (changed !== 1) throw new FenceMoved(name)
  }
}
