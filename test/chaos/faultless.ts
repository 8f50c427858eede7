import { perform } from './perform.js'
import type { ScheduledStep } from './schedule.js'
import { sortedHashes } from './verify.js'
import { createWorld, type Machine } from './world.js'

/** What the receipts of a schedule say where nothing goes wrong, by key. */
export const faultlessHashes = async (
  machine: Machine,
  steps: readonly ScheduledStep[],
): Promise<Map<string, string>> => {
  const world = await createWorld(machine, 'file')
  const lake = await world.open()
  try {
    const hashes = new Map<string, string>()
    const snapshots: number[] = []
    for (const step of steps) {
      if (step.kind === 'poison') continue
      const receipt = await perform(lake, step, 1, (index) => snapshots[index] ?? 0)
      snapshots[step.index] = receipt.snapshotId
      hashes.set(step.key, sortedHashes(receipt.contentHashes))
    }
    return hashes
  } finally {
    await lake.close()
    await world.close()
  }
}
