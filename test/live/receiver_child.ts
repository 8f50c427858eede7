import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { libpqString, type PostgresAddress } from '../../infra/postgres_address.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = path.join(root, 'dist.live_test')

/** Compiles what the child runs. Types are another check's matter. */
export const compileReceiver = async (): Promise<void> => {
  const tsc = path.join(root, 'node_modules', '.bin', 'tsc')
  await promisify(execFile)(tsc, ['-p', path.join(root, 'test', 'live', 'tsconfig.json'), '--noCheck'], { cwd: root })
}

export interface ReceiverHome {
  readonly home: string
  readonly data: string
  readonly address: PostgresAddress
  readonly extensionDirectory: string
  readonly secret: string
}

export interface ReceiverChild {
  readonly url: string
  readonly process: ChildProcess
  /** Resolves when it has ended, however. */
  readonly ended: Promise<unknown>
}

/** Starts a receiver and waits until it listens; nothing where it died before. */
export const startReceiver = async (home: ReceiverHome, failpoint?: string): Promise<ReceiverChild | undefined> => {
  const child = spawn(
    process.execPath,
    [path.join(folder, 'test', 'live', 'receiver_process.js'), home.extensionDirectory, home.secret],
    {
      env: {
        ...process.env,
        TRIBUTARY_HOME: home.home,
        LAKE_DATA: home.data,
        LAKE_CATALOG: `postgres:${libpqString(home.address)}`,
        ...(failpoint === undefined ? {} : { TRIBUTARY_FAILPOINT: failpoint }),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const port = await Promise.race([
    once(lines, 'line').then(([line]) => Number(JSON.parse(String(line)).port)),
    ended.then(() => undefined),
  ])
  return port === undefined ? undefined : { url: `http://127.0.0.1:${port}/webhooks/helius`, process: child, ended }
}
