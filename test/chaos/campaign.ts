import { catalogFaultKinds, catalogFaultWorld } from './catalog_faults.js'
import type { Figures } from './figures.js'
import { interleavedWorld } from './interleavings.js'
import { killWorld } from './kills.js'
import { poisonedWorld } from './poison.js'
import { fullDiskWorld, memoryWorld } from './resources.js'
import { storeFaultWorld } from './store_faults.js'
import { type CatalogKind, catalogKinds, type Machine } from './world.js'
import { zombieWorld } from './zombies.js'

export const faultNames = ['F1', 'F2', 'F5', 'F6', 'F10', 'F11', 'F13', 'F14'] as const
export type FaultName = (typeof faultNames)[number]

export interface CampaignOptions {
  readonly seed: number
  readonly kills: number
  readonly zombies: number
  readonly interleavings: number
  readonly catalogs: readonly CatalogKind[]
  readonly only: readonly FaultName[]
  /** Worlds at a time; each keeps about one core busy. */
  readonly lanes: number
  /** At most this many worlds of each fault; to bring one failure about again. */
  readonly worlds?: number
  /** Whether somebody asked for no more kills: the worlds under way are ended, and the other faults follow. */
  readonly isEnough?: () => boolean
}

export const shortCampaign: CampaignOptions = {
  ...{ seed: 1, kills: 200, zombies: 10, interleavings: 100, lanes: 2 },
  catalogs: catalogKinds,
  only: faultNames,
}

/** Interleavings of one world: enough to make a history, few enough that a failure is found again quickly. */
const interleavingsOfWorld = 10

/** Runs the faults one after another, each in worlds of its own whose seeds follow each other. */
export const runCampaign = async (
  machine: Machine,
  options: CampaignOptions,
  figures: Figures,
  log: (line: string) => void,
): Promise<void> => {
  const { catalogs, kills, zombies, interleavings, isEnough = () => false } = options
  const faults: Record<FaultName, Omit<Fault, 'name'>> = {
    F1: {
      isDone: () => figures.killCount >= kills || isEnough(),
      world: (seed, kind) => killWorld(machine, seed, kind, figures),
    },
    F2: {
      isDone: (started) => started >= zombies,
      world: (seed) => zombieWorld(machine, seed, figures),
    },
    F5: {
      isDone: (started) => started >= catalogFaultKinds.length,
      world: (seed) => catalogFaultWorld(machine, seed, figures),
    },
    F6: { isDone: (started) => started >= 1, world: (seed) => storeFaultWorld(machine, seed, figures) },
    F10: {
      isDone: (started) => started >= 1,
      world: async (seed) => {
        if (!(await fullDiskWorld(machine, seed, figures))) log('F10 is SKIPPED: it needs root and mount')
      },
    },
    F11: { isDone: (started) => started >= 1, world: (seed) => memoryWorld(machine, seed, figures) },
    F13: {
      isDone: (started) => started * interleavingsOfWorld >= interleavings,
      world: (seed, kind) => interleavedWorld(machine, seed, kind, interleavingsOfWorld, figures),
    },
    F14: { isDone: (started) => started >= 2, world: (seed, kind) => poisonedWorld(machine, seed, kind, figures) },
  }
  for (const name of options.only) {
    const startedMs = performance.now()
    await runFault({ name, ...faults[name] }, catalogs, options, log)
    const seconds = Math.round((performance.now() - startedMs) / 1_000)
    log(`${name}: ${seconds} s, ${figures.killCount} kills, ${figures.failures.length} failures so far`)
  }
}

interface Fault {
  readonly name: FaultName
  readonly isDone: (worldsStarted: number) => boolean
  readonly world: (seed: number, kind: CatalogKind) => Promise<void>
}

const runFault = async (
  fault: Fault,
  catalogs: readonly CatalogKind[],
  { seed, lanes, worlds = Number.POSITIVE_INFINITY }: CampaignOptions,
  log: (line: string) => void,
): Promise<void> => {
  let started = 0
  const lane = async () => {
    while (started < worlds && !fault.isDone(started)) {
      const own = seed + started
      started += 1
      const kind = catalogs[own % catalogs.length]
      if (kind === undefined) throw new Error('no catalog is given')
      log(`${fault.name}, seed ${own}, ${kind} catalog`)
      await fault.world(own, kind)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
