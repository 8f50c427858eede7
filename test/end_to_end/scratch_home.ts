import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { homeProcesses, killed } from './home_processes.js'

export interface ScratchHome {
  readonly home: string
  /** Ends whatever a failed test left running in the home, and removes it. */
  remove(): Promise<void>
}

/** An empty TRIBUTARY_HOME. */
export const scratchHome = async (): Promise<ScratchHome> => {
  const home = await mkdtemp(path.join(tmpdir(), 'tributary-home-'))
  return {
    home,
    remove: async () => {
      for (const each of homeProcesses(home)) killed(each)
      await rm(home, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
