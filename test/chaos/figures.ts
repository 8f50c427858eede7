import type { Verdict } from './verify.js'
import type { CatalogKind } from './world.js'

/** What a run of faults has shown so far. */
export class Figures {
  readonly kills = new Map<string, Record<CatalogKind, number>>()
  readonly recoveriesMs: number[] = []
  readonly failures: string[] = []
  worlds = 0
  landed = 0
  reads = 0
  snapshots = 0
  orphans = 0
  duplicates = 0
  losses = 0
  /** Figures of the other faults, by the words they are published in. */
  readonly counts = new Map<string, number>()

  kill(place: string, kind: CatalogKind): void {
    const known = this.kills.get(place) ?? { postgres: 0, file: 0 }
    this.kills.set(place, { ...known, [kind]: known[kind] + 1 })
  }

  get killCount(): number {
    return [...this.kills.values()].reduce((sum, { postgres, file }) => sum + postgres + file, 0)
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by)
  }

  /** Notes a failure with the command that brings it about again. */
  fail(fault: string, seed: number, kind: CatalogKind, what: string): void {
    this.failures.push(
      `${fault}, seed ${seed}, ${kind} catalog: ${what}\n  npm run chaos -- --only ${fault} --seed ${seed} --catalog ${kind} --worlds 1`,
    )
  }

  add(verdict: Verdict, complain: (what: string) => void): void {
    this.worlds += 1
    this.snapshots += verdict.snapshots
    this.orphans += verdict.orphans
    this.duplicates += verdict.duplicates.length
    this.losses += verdict.losses.length
    for (const what of verdict.duplicates) complain(what)
    for (const what of verdict.losses) complain(what)
    for (const what of verdict.wrongRows) complain(what)
    for (const what of verdict.halves) complain(`a snapshot holds half a step: ${what}`)
    for (const what of verdict.leaks) complain(what)
    for (const what of verdict.sweepFaults) complain(what)
  }

  /** The time below which this share of recoveries lies. */
  recoveryMs(share: number): number {
    return percentile(this.recoveriesMs, share)
  }
}

/** The value below which this share of the values lies; 0 where there is none. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
