import { randomUUID } from 'node:crypto'
import { libpqString, type PostgresAddress } from '../../infra/postgres_address.js'
import type { LakeContent } from './lake_content.js'
import { calmContent, type Servers } from './run.js'
import { interruptTemporal } from './temporal_outages.js'
import { endWorkers } from './worker_kills.js'
import { administer } from './world.js'

export const stackFaultNames = ['F3', 'F4'] as const
export type StackFaultName = (typeof stackFaultNames)[number]

export interface StackFaultOptions {
  readonly seed: number
  readonly only: readonly StackFaultName[]
  readonly workerKills: number
  readonly outages: number
  readonly outageMs: number
}

export const shortStackFaults = { workerKills: 3, outages: 1, outageMs: 2_000 } as const
export const longStackFaults = { workerKills: 20, outages: 3, outageMs: 60_000 } as const

/** What faults of the whole product have shown: `npx tributary up`, its supervisor, its worker, Temporal. */
export interface StackFigures {
  /** From each SIGKILL of the worker to the next completed activity. */
  recoveriesMs: readonly number[]
  /** From each time Temporal answered again to the next completed activity. */
  resumesMs: readonly number[]
  readonly failures: readonly string[]
}

interface StackMachine {
  /** A PostgreSQL on which databases may be made. */
  readonly server: PostgresAddress
  /** The `temporal` program. */
  readonly program: () => Promise<string>
}

/** Runs the flagship pipeline under these faults, and compares what it leaves with the same run undisturbed. */
export const runStackFaults = async (
  { server, program }: StackMachine,
  { seed, only, workerKills, outages, outageMs }: StackFaultOptions,
  log: (line: string) => void,
): Promise<StackFigures> => {
  const failures: string[] = []
  const recoveriesMs: number[] = []
  const resumesMs: number[] = []
  const compare = (fault: StackFaultName, what: string, found: LakeContent, calm: LakeContent) => {
    // Runs before the last one, where one was too short for all the kills, are commits of their own.
    const differing = (Object.keys(calm) as (keyof LakeContent)[]).filter(
      (name) => name !== 'commits' && found[name] !== calm[name],
    )
    for (const name of differing)
      failures.push(
        `${fault}, seed ${seed}: ${name} is ${found[name]} ${what}, and ${calm[name]} undisturbed\n  npm run chaos -- --only ${fault} --seed ${seed}`,
      )
  }
  const servers: Servers = async () => ({})
  if (only.includes('F3')) {
    log(`F3, seed ${seed}: ${workerKills} workers are killed`)
    const report = await endWorkers({ seed, kills: workerKills, signals: ['SIGKILL'], servers })
    recoveriesMs.push(...report.recoveriesMs)
    compare('F3', 'after the kills', report.content, await calmContent(seed, report.seconds, servers))
    for (const file of report.filesWithSecrets) failures.push(`F3, seed ${seed}: a secret stands in ${file}`)
  }
  if (only.includes('F4')) {
    log(`F4, seed ${seed}: ${outages} outages of ${outageMs / 1_000} s`)
    const database = `chaos_${randomUUID().replaceAll('-', '')}`
    await administer(server, `CREATE DATABASE ${database}`)
    const catalog = { LAKE_CATALOG: `postgres:${libpqString({ ...server, database })}` }
    const report = await interruptTemporal({ seed, outages, outageMs, program: await program(), catalog })
    resumesMs.push(...report.resumesMs)
    if (report.disk !== 'filled') log(`F10 of Temporal's disk is left out: ${report.disk}`)
    const calm = await calmContent(seed, 0, servers)
    compare('F4', 'after the outages', report.content, calm)
    compare('F4', 'after Temporal was set back', report.contentAfterRestore, calm)
    if (report.contentAfterRestore.commits !== report.content.commits)
      failures.push(`F4, seed ${seed}: a commit was made twice after Temporal was set back`)
  }
  return { recoveriesMs, resumesMs, failures }
}
