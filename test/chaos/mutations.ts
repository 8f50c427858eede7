import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { FaultName } from './campaign.js'
import { root } from './report.js'

/** A guard taken out of a copy of the sources, and the fault that has to notice. */
interface Mutation {
  readonly name: string
  readonly file: string
  /** Occurs exactly once in the file: where it does not, the guard has moved and this list is to follow. */
  readonly from: string
  readonly to: string
  readonly noticedBy: FaultName
  readonly catalog: 'postgres' | 'file'
}

export const mutations: readonly Mutation[] = [
  {
    name: 'the fence: its row is not touched',
    file: 'activities/fence.ts',
    from: 'for (const name of stages) {',
    to: 'for (const name of stages.slice(stages.length)) {',
    ...{ noticedBy: 'F13', catalog: 'postgres' },
  },
  {
    name: 'the fence’s version: it is raised whatever was seen',
    file: 'activities/fence.ts',
    from: 'WHERE abs(version) = $version`',
    to: 'WHERE $version IS NOT NULL`',
    ...{ noticedBy: 'F13', catalog: 'postgres' },
  },
  {
    name: 'the marker: nobody looks whether the key is committed',
    file: 'activities/commit.ts',
    from: 'committed ? await findReceipt(session, step.key) : undefined',
    to: 'committed ? undefined : undefined',
    ...{ noticedBy: 'F1', catalog: 'file' },
  },
  {
    name: 'the pin of inputs: they are read as they are now',
    file: 'activities/derive.ts',
    from: 'atSnapshot(source.name, this.request.snapshotId)',
    to: 'atSnapshot(source.name, this.ownSnapshotId)',
    ...{ noticedBy: 'F1', catalog: 'file' },
  },
  {
    name: 'the age of what is swept',
    file: 'activities/lake/remove_files.ts',
    from: 'Date.now() - olderThanHours * 3_600_000',
    to: 'Date.now() + olderThanHours * 3_600_000',
    ...{ noticedBy: 'F13', catalog: 'file' },
  },
  {
    name: 'the rollback after an error: what was written so far is committed',
    file: 'infra/lake/session.ts',
    from: "await this.run('ROLLBACK').catch(() => undefined)\n      throw error",
    to: "await this.run('COMMIT').catch(() => undefined)\n      throw error",
    ...{ noticedBy: 'F14', catalog: 'file' },
  },
  {
    name: 'the snapshot of the own commit: the newest of the process is taken for it',
    file: 'activities/own_snapshot.ts',
    from: "return typeof extra === 'object' && extra !== null && 'key' in extra && extra.key === key",
    to: 'return extra !== undefined',
    ...{ noticedBy: 'F13', catalog: 'file' },
  },
]

export interface FoundMutation {
  readonly name: string
  readonly noticed: boolean
  readonly outcome: string
  readonly command: string
  readonly evidence: string
}

/** Worlds to be tried before a removed guard counts as unnoticed. */
const worldsLimit = 12

/** Removes each guard once in a copy, and runs the fault that is there for it until it shows. */
export const runMutations = async (log: (line: string) => void): Promise<FoundMutation[]> => {
  const found: FoundMutation[] = []
  for (const mutation of mutations) {
    log(`without ${mutation.name}`)
    const result = await runMutation(mutation)
    log(result.outcome)
    found.push(result)
  }
  return found
}

const run = promisify(execFile)

const runMutation = async (mutation: Mutation): Promise<FoundMutation> => {
  const folder = path.join(root, 'dist.mutant')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const name of [
    'schemas',
    'activities',
    'infra',
    'workflows',
    'worker',
    'test',
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'tsconfig.chaos.json',
  ]) {
    await cp(path.join(root, name), path.join(folder, name), { recursive: true })
  }
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  const target = path.join(folder, mutation.file)
  const text = await readFile(target, 'utf8')
  if (text.split(mutation.from).length !== 2) {
    throw new Error(`${mutation.file} has not exactly one "${mutation.from}": correct test/chaos/mutations.ts`)
  }
  await writeFile(
    target,
    text.replace(mutation.from, () => mutation.to),
  )
  const dist = path.join(folder, 'dist')
  // What the removed guard has used is unused now, which is no reason not to emit.
  await run(path.join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.chaos.json', '--outDir', dist], {
    cwd: folder,
  }).catch(() => undefined)
  await cp(path.join(folder, 'infra'), path.join(dist, 'infra'), {
    recursive: true,
    filter: (name) => !name.endsWith('.ts'),
  })
  const failures = path.join(folder, 'failures.json')
  const options = ['--only', mutation.noticedBy, '--catalog', mutation.catalog]
  const limits = ['--lanes', '1', '--kills', '100000', '--zombies', '100000', '--interleavings', '100000']
  for (let seed = 1; seed <= worldsLimit; seed += 1) {
    const own = [...options, '--seed', String(seed), '--worlds', '1']
    const ended: { stderr?: unknown } = await run(
      process.execPath,
      [path.join(dist, 'test/chaos/main.js'), ...own, ...limits, '--failures', failures],
      { cwd: folder, maxBuffer: 1 << 28 },
    ).catch((error: { stderr?: unknown }) => error)
    const reported = await readFile(failures, 'utf8').catch(() => undefined)
    if (reported === undefined) {
      throw new Error(`the run without ${mutation.name} broke off: ${String(ended.stderr).slice(-2_000)}`)
    }
    const list: unknown = JSON.parse(reported)
    const [first] = Array.isArray(list) ? list.map(String) : []
    if (first === undefined) continue
    const evidence = (first.split('\n')[0] ?? '').replace(/^.*? catalog: /, '').slice(0, 160)
    const command = `npm run chaos -- ${own.join(' ')}`
    return { name: mutation.name, noticed: true, outcome: `seed ${seed}: ${evidence}`, command, evidence }
  }
  const outcome = `NOT noticed in ${worldsLimit} worlds`
  return { name: mutation.name, noticed: false, outcome, command: '-', evidence: outcome }
}
