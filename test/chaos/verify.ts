import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Lake } from '../../infra/lake/lake.js'
import type { Session } from '../../infra/lake/session.js'
import type { AcknowledgedReceipt } from './life.js'
import { dumpPublished, dumpStage, findHalves } from './readings.js'
import type { ScheduledStep } from './schedule.js'
import { bronze, gold, published, silver } from './stages.js'
import { sweep } from './sweep.js'
import { age, canary, parquetFiles, type World } from './world.js'

/** What a world that went through faults may be accused of, and what was found in it. */
export interface Verdict {
  readonly duplicates: string[]
  readonly losses: string[]
  readonly wrongRows: string[]
  readonly halves: string[]
  readonly leaks: string[]
  readonly sweepFaults: string[]
  readonly orphans: number
  readonly snapshots: number
}

interface Evidence {
  readonly steps: readonly ScheduledStep[]
  readonly acknowledged: ReadonlyMap<number, AcknowledgedReceipt>
  /** The content hashes of the same schedule without faults, by key. */
  readonly faultless: ReadonlyMap<string, string>
  /** What the processes printed. */
  readonly output: string
}

const stageOf = { window: bronze, append: bronze, poison: bronze, silver, gold, publish: published.stage } as const

/** Looks for every way in which the world could differ from one in which nothing ever went wrong. */
export const verify = async (world: World, evidence: Evidence): Promise<Verdict> => {
  const lake = await world.open()
  try {
    const verdict = await lake.session((session) => examine(session, evidence))
    // Objects of a store cannot be made to look old.
    const { orphans, faults } =
      world.options.data.kind === 'folder' ? await sweepAll(world, lake) : { orphans: 0, faults: [] }
    const leaks = await findLeaks(world, lake, evidence.output)
    const after = await lake.session((session) => examine(session, evidence))
    const sweepFaults = [...faults, ...after.wrongRows.filter((line) => !verdict.wrongRows.includes(line))]
    return { ...verdict, leaks, sweepFaults, orphans }
  } finally {
    await lake.close()
  }
}

const examine = async (
  session: Session,
  { steps, acknowledged, faultless }: Evidence,
): Promise<Omit<Verdict, 'leaks' | 'sweepFaults' | 'orphans'>> => {
  const [duplicates, losses, wrongRows, halves]: [string[], string[], string[], string[]] = [[], [], [], []]
  const commits = await session.all(
    'SELECT snapshot_id, commit_key, step, logical_run, datasets FROM lake.meta.commits ORDER BY snapshot_id',
  )
  const last = Number((await session.one('SELECT id FROM lake.current_snapshot()'))['id'])
  const latest = new Map<string, ScheduledStep>()
  for (const step of steps) {
    const rows = commits.filter(({ commit_key, step: name, logical_run }) =>
      step.kind === 'publish' ? name === 'publish' && logical_run === step.asOf : commit_key === step.key,
    )
    const said = acknowledged.get(step.index)
    if (step.kind === 'poison') {
      if (rows.length > 0) wrongRows.push(`${step.key} was to be refused and is committed`)
      continue
    }
    latest.set(stageOf[step.kind].name, step)
    const [row] = rows
    if (rows.length > 1) duplicates.push(`${step.key} is committed ${rows.length} times`)
    if (said !== undefined && said.snapshotId !== Number(row?.['snapshot_id'] ?? -1))
      losses.push(`${step.key} was acknowledged at ${said.snapshotId} and is at ${row?.['snapshot_id']}`)
    if (row === undefined) {
      wrongRows.push(`${step.key} is not committed`)
      continue
    }
    const hashes = sortedHashes(checksumsOf(String(row['datasets'])))
    if (said !== undefined && sortedHashes(said.contentHashes) !== hashes)
      losses.push(`${step.key} is not what was acknowledged`)
    // When it was published, and at which snapshot, is no other's.
    if (step.kind === 'publish') continue
    if (faultless.get(step.key) !== hashes)
      wrongRows.push(`${step.key} has other hashes than without faults: ${hashes}`)
    wrongRows.push(...(await compareAt(session, step, Number(row['snapshot_id']))))
  }
  for (const step of latest.values()) wrongRows.push(...(await compareAt(session, step, last)))
  const first = Number(commits[0]?.['snapshot_id'] ?? last)
  for (let id = first; id <= last; id += 1) {
    halves.push(...(await findHalves(session, id).catch(describeFailure)).map((half) => `at ${id}: ${half}`))
  }
  return { duplicates, losses, wrongRows, halves, snapshots: last }
}

const compareAt = async (session: Session, step: ScheduledStep, snapshotId: number): Promise<string[]> => {
  const reading = step.kind === 'publish' ? dumpPublished(session) : dumpStage(session, stageOf[step.kind], snapshotId)
  const found = await reading.catch(describeFailure)
  if (Array.isArray(found)) return found.map((text) => `${step.key} at ${snapshotId}: ${text}`)
  return Object.entries(step.expected).flatMap(([table, lines]) => {
    const rows = found[table] ?? []
    if (JSON.stringify(rows) === JSON.stringify(lines)) return []
    const stranger = rows.find((line) => !lines.includes(line)) ?? 'none'
    const missing = lines.find((line) => !rows.includes(line)) ?? 'none'
    return [
      `${table} at ${snapshotId}, ${step.key}: ${rows.length} rows for ${lines.length}; not expected: ${stranger}; missing: ${missing}`,
    ]
  })
}

const describeFailure = (error: unknown): string[] => [error instanceof Error ? error.message : String(error)]

const recorded = z.array(z.object({ dataset: z.string(), checksum: z.string() }))

const checksumsOf = (datasets: string): Record<string, string> =>
  Object.fromEntries(recorded.parse(JSON.parse(datasets)).map(({ dataset, checksum }) => [dataset, checksum]))

/** One spelling of a receipt's hashes. */
export const sortedHashes = (hashes: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.entries(hashes).sort(([a], [b]) => (a < b ? -1 : 1)))

/** Sweeps, and sees that what is left are the files that the catalog names, no more and no fewer. */
const sweepAll = async (world: World, lake: Lake): Promise<{ orphans: number; faults: string[] }> => {
  const files = await parquetFiles(world)
  await age(files)
  await sweep(lake)
  const left = new Set((await parquetFiles(world)).map((file) => path.basename(file)))
  const named = await lake.session((session) => namedFiles(session))
  return {
    orphans: files.length - left.size,
    faults: [
      ...[...left].filter((file) => !named.has(file)).map((file) => `the sweep left the orphan ${file}`),
      ...[...named].filter((file) => !left.has(file)).map((file) => `the sweep took the live file ${file}`),
    ],
  }
}

/** The files that any snapshot refers to, by the catalog's own tables. */
const namedFiles = async (session: Session): Promise<Set<string>> => {
  const catalog = '__ducklake_metadata_lake'
  const rows = await session.all(
    ['ducklake_data_file', 'ducklake_delete_file', 'ducklake_files_scheduled_for_deletion']
      .map((table) => `SELECT path FROM ${catalog}.${table}`)
      .join(' UNION ALL '),
  )
  return new Set(rows.map((row) => path.basename(String(row['path']))))
}

/** The places where a secret would be found by somebody who may read the lake or the logs. */
const findLeaks = async (world: World, lake: Lake, output: string): Promise<string[]> => {
  const { catalog } = world.options
  const secrets = [canary, ...(catalog.kind === 'postgres' ? [catalog.address.password?.reveal() ?? canary] : [])]
  const leaks = secrets.filter((secret) => output.includes(secret)).map(() => 'a process has printed a secret')
  for (const file of await parquetFiles(world)) {
    const bytes = await readFile(file)
    if (secrets.some((secret) => bytes.includes(secret))) leaks.push(`${file} holds a secret`)
  }
  const texts = await lake.session((session) =>
    session.all(
      'SELECT to_json(c)::VARCHAR AS text FROM lake.meta.commits AS c UNION ALL SELECT to_json(s)::VARCHAR FROM lake.snapshots() AS s',
    ),
  )
  if (texts.some(({ text }) => secrets.some((secret) => String(text).includes(secret))))
    leaks.push('the catalog holds a secret')
  return leaks
}
