import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort } from '../../infra/stack/port.js'
import { ProcessRegistry } from '../../infra/stack/process_registry.js'
import { type RunningTemporal, startTemporalServer } from '../../infra/stack/temporal_server.js'
import { testPort } from '../lake/test_port.js'

export interface KillableTemporal {
  readonly address: string
  /** Holds its database. */
  readonly folder: string
  /** Whether its process lives. */
  isRunning(): Promise<boolean>
  kill(): Promise<void>
  /** At the same address, over the same database. */
  restart(): Promise<void>
  copyDatabase(): Promise<void>
  restoreDatabase(): Promise<void>
  remove(): Promise<void>
}

/**
 * A Temporal server of its own that can be killed, set back and started again. `prepare` gets the empty folder of its database, and
 * resolves to what undoes it.
 */
export const startKillableTemporal = async (
  program: string,
  prepare: (folder: string) => Promise<() => Promise<unknown>> = async () => async () => undefined,
): Promise<KillableTemporal> => {
  const home = await mkdtemp(path.join(tmpdir(), 'tributary-temporal-chaos-'))
  const [folder, copy] = [path.join(home, 'database'), path.join(home, 'copy')]
  await mkdir(folder)
  const undo = await prepare(folder)
  const registry = new ProcessRegistry(home)
  const port = await freePort(testPort(19_233))
  const uiPort = await freePort(testPort(20_233))
  const launch = (): Promise<RunningTemporal> =>
    startTemporalServer({
      program,
      databaseFile: path.join(folder, 'temporal.db'),
      port,
      uiPort,
      logFile: path.join(home, 'temporal.log'),
      registry,
    })
  const remove = async () => {
    await undo()
    await rm(home, { recursive: true, force: true })
  }
  let server = await launch().catch(async (error: unknown) => {
    await remove()
    throw error
  })
  return {
    address: server.address,
    folder,
    isRunning: async () => (await server.failure()) === undefined,
    kill: async () => {
      process.kill(server.pid, 'SIGKILL')
      await server.exited
    },
    restart: async () => {
      server = await launch()
    },
    copyDatabase: () => cp(folder, copy, { recursive: true }),
    restoreDatabase: async () => {
      for (const name of await readdir(folder)) await rm(path.join(folder, name), { recursive: true })
      await cp(copy, folder, { recursive: true })
    },
    remove: async () => {
      await server.stop()
      await remove()
    },
  }
}
