import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from './port.js'
import type { ProcessRegistry } from './process_registry.js'
import { dyingWithUs } from './run_as.js'
import { type ServerProcess, startServer, untilReady } from './server_process.js'

export interface SeaweedOptions {
  /** The `weed` program, from provision('weed'). */
  program: string
  folder: string
  logFile: string
  registry: ProcessRegistry
}

export interface RunningSeaweed extends ServerProcess {
  /** http://127.0.0.1:port; addresses are path-style. */
  endpoint: string
  region: string
  accessKeyId: string
  secretAccessKey: string
}

const READY_TIMEOUT_MS = 60_000
// Its gRPC servers wait for their own clients for ever, and nothing in it is worth keeping.
const STOP_GRACE_MS = 500
// Each SeaweedFS part also binds its gRPC port, 10,000 above its HTTP port.
const GRPC_DISTANCE = 10_000
// Known to nobody but tests on the loopback address.
const KEYS = { accessKeyId: 'tributary-test', secretAccessKey: 'tributary-test-secret' }

/** Starts an S3 server for tests, with one account that may do everything. Resolves when it answers requests. */
export async function startSeaweed(options: SeaweedOptions): Promise<RunningSeaweed> {
  const data = join(options.folder, 'data')
  const accounts = join(options.folder, 's3.json')
  await mkdir(data, { recursive: true })
  const credentials = [{ accessKey: KEYS.accessKeyId, secretKey: KEYS.secretAccessKey }]
  const identity = { name: 'tests', credentials, actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'] }
  await writeFile(accounts, JSON.stringify({ identities: [identity] }), { mode: 0o600 })
  const master = await freePort(19_333, [GRPC_DISTANCE])
  const volume = await freePort(master + 1, [GRPC_DISTANCE])
  const filer = await freePort(volume + 1, [GRPC_DISTANCE])
  const s3 = await freePort(filer + 1, [GRPC_DISTANCE])
  const server = await startServer({
    name: 'SeaweedFS',
    command: options.program,
    args: [
      ...['-logtostderr=true', 'server', `-dir=${data}`, '-ip=127.0.0.1', '-ip.bind=127.0.0.1', '-s3'],
      ...[`-master.port=${master}`, `-volume.port=${volume}`, `-filer.port=${filer}`, `-s3.port=${s3}`],
      ...[
        `-s3.config=${accounts}`,
        '-master.volumeSizeLimitMB=64',
        '-volume.max=0',
        '-volume.preStopSeconds=0',
        '-master.telemetry=false',
      ],
    ],
    cwd: options.folder,
    logFile: options.logFile,
    registry: options.registry,
    stopSignal: 'SIGTERM',
    graceMs: STOP_GRACE_MS,
    prefix: await dyingWithUs('TERM'),
  })
  const endpoint = `http://127.0.0.1:${s3}`
  await untilReady(server, READY_TIMEOUT_MS, async () => {
    return (await hasVolumeServer(master)) && (await answer(`${endpoint}/healthz`)) !== undefined
  })
  return { ...server, endpoint, region: 'us-east-1', ...KEYS }
}

/** Until the volume server has registered, which its first try is too early for, writes wait for seconds. */
async function hasVolumeServer(masterPort: number): Promise<boolean> {
  const topology = await answer(`http://127.0.0.1:${masterPort}/dir/status`)
  return topology !== undefined && /"Max":\s*[1-9]/.test(topology)
}

async function answer(url: string): Promise<string | undefined> {
  return fetch(url).then(
    async (response) => (response.ok ? await response.text() : undefined),
    () => undefined,
  )
}
