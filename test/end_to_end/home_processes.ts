import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface HomeProcess {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

const pollMs = 100

/** Every process that has to do with the home: by its arguments, environment, folder or open files. Linux only: it reads /proc. */
export const homeProcesses = (home: string): HomeProcess[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => describe(`/proc/${name}`, home))

const describe = (folder: string, home: string): HomeProcess[] => {
  try {
    const status = readFileSync(`${folder}/stat`, 'utf8')
    const [state = '', parent = ''] = status.slice(status.lastIndexOf(')') + 2).split(' ')
    const command = readFileSync(`${folder}/cmdline`, 'utf8').replaceAll('\0', ' ')
    const traces = [
      command,
      readFileSync(`${folder}/environ`, 'utf8'),
      readlinkSync(`${folder}/cwd`),
      ...readdirSync(`${folder}/fd`).map((file) => readlinkSync(`${folder}/fd/${file}`)),
    ]
    if (state === 'Z' || !traces.some((trace) => trace.includes(home))) return []
    return [{ pid: Number(folder.slice('/proc/'.length)), parent: Number(parent), command }]
  } catch {
    // It ended while it was looked at.
    return []
  }
}

/** The one child of a process whose command has this in it. */
export const childOf = (home: string, parent: number, command: RegExp): HomeProcess => {
  const found = homeProcesses(home).find((each) => each.parent === parent && command.test(each.command))
  if (found === undefined) throw new Error(`no child of ${parent} is ${command}`)
  return found
}

/** Sends SIGKILL, unless it has ended since it was looked for. */
export const killed = ({ pid }: HomeProcess): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Its parent was ended before it, and took it along.
  }
}

/** Waits until nothing of the home runs; resolves to what still does after the time. */
export const untilNoneRuns = async (home: string, timeoutMs: number): Promise<HomeProcess[]> => {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const running = homeProcesses(home)
    if (running.length === 0 || Date.now() > deadline) return running
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}
