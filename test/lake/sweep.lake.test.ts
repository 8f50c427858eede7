import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, stat, utimes } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { sweepOrphans } from '../../activities/lake/remove_files.js'
import { inLake, quotedLiteral } from '../../infra/lake/identifier.js'
import { libpqString } from '../../infra/postgres_address.js'
import { maintenanceInput } from '../../schemas/lake/maintenance_input.js'
import { traders } from '../../schemas/traders/index.js'
import { commitMany, contentsOf } from './many_rows.js'
import { openScratchLake, type ScratchLake, scratchCatalogs } from './scratch_lake.js'

const [stage] = traders.stages
const [table] = stage?.tables ?? []
if (stage === undefined || table === undefined) throw new Error('the traders have a stage with a table')
const { olderThanHours } = maintenanceInput.parse({}).sweep
/** More than the sweep lets pass. */
const agedMs = (olderThanHours + 1) * 3_600_000

let scratch: ScratchLake
afterEach(() => scratch.close())

const filesOf = async (): Promise<string[]> => {
  const data = path.join(scratch.folder, 'data')
  const names = await readdir(data, { recursive: true })
  return names.filter((name) => name.endsWith('.parquet')).map((name) => path.join(data, name))
}
/** As if they had been written that long ago. */
const age = async (files: readonly string[]): Promise<void> => {
  for (const file of files) {
    const then = new Date((await stat(file)).mtimeMs - agedMs)
    await utimes(file, then, then)
  }
}

/** A writer of another process, that is killed between its INSERT and its COMMIT. */
const killedWriter = async ({ options }: ScratchLake): Promise<void> => {
  const address =
    options.catalog.kind === 'file' ? options.catalog.path : `postgres:${libpqString(options.catalog.address)}`
  const statements = [
    'LOAD ducklake',
    ...(options.catalog.kind === 'file' ? [] : ['LOAD postgres_scanner']),
    `ATTACH ${quotedLiteral(`ducklake:${address}`)} AS lake`,
    'BEGIN',
    `INSERT INTO ${inLake(table.name)} FROM ${inLake(table.name)}`,
  ]
  const script = `
    import { DuckDBInstance } from ${JSON.stringify(import.meta.resolve('@duckdb/node-api'))}
    const instance = await DuckDBInstance.create(':memory:', { extension_directory: ${JSON.stringify(options.extensionDirectory)} })
    const connection = await instance.connect()
    for (const sql of ${JSON.stringify(statements)}) await connection.run(sql)
    console.log('inserted')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')
}

test.each(scratchCatalogs)(
  'sweeps what a killed writer left on a %s catalog, and no file that is or may become live',
  async (kind) => {
    scratch = await openScratchLake(traders.stages, kind)
    await commitMany(scratch.lake, stage, 'live', { from: 0, count: 100 })
    const live = await filesOf()
    if (kind === 'file') {
      // One process at a time: this one lets go of the catalog meanwhile.
      await scratch.lake.close()
      await killedWriter(scratch)
      scratch = await scratch.reopen()
    } else await killedWriter(scratch)
    const orphans = (await filesOf()).filter((file) => !live.includes(file))
    expect(orphans).toHaveLength(1)
    const { lake } = scratch
    expect((await sweepOrphans(lake, { dryRun: false, olderThanHours })).files).toBe(0)
    // Live and dead are of one age now; only what is in flight is young.
    await age([...live, ...orphans])
    const inFlight = await lake.session(async (session) => {
      await session.run('BEGIN')
      await session.run(`INSERT INTO ${inLake(table.name)} FROM ${inLake(table.name)}`)
      const written = (await filesOf()).filter((file) => !live.includes(file) && !orphans.includes(file))
      expect(await sweepOrphans(lake, { dryRun: true, olderThanHours })).toMatchObject({ files: 1 })
      expect(await sweepOrphans(lake, { dryRun: false, olderThanHours })).toMatchObject({ files: 1 })
      await session.run('COMMIT')
      return written
    })
    expect(inFlight).toHaveLength(1)
    expect((await filesOf()).toSorted()).toEqual([...live, ...inFlight].toSorted())
    const contents = await lake.session((session) => contentsOf(session, stage.tables))
    expect(contents[table.name]).toMatch(/^200 /)
  },
)
