import { rm } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commit, type Step } from '../../activities/commit.js'
import { loadConfig } from '../../infra/config.js'
import { inLake, quotedLiteral } from '../../infra/lake/identifier.js'
import type { LakeOptions } from '../../infra/lake/lake.js'
import { libpqString } from '../../infra/postgres_address.js'
import { readToolLock } from '../../infra/provision/lock_file.js'
import type { Stage } from '../../schemas/table.js'
import { transactionHistory } from '../../schemas/traders/bronze/transaction_history.js'
import { traders } from '../../schemas/traders/index.js'
import { stageExamples } from './examples.js'
import { type OtherReaders, otherReaders } from './other_readers.js'
import { openScratchLake, type ScratchLake, scratchCatalogs } from './scratch_lake.js'

const manySwaps = 2_000
const tables = traders.stages.flatMap((stage) => stage.tables)

/** Every row of every table as one text, and every snapshot with who made it and how. */
const rowsQuery = tables
  .map(({ name }) => `SELECT '${name}' AS table_name, to_json(t)::VARCHAR AS row FROM ${inLake(name)} AS t`)
  .join(' UNION ALL ')
const snapshotsQuery = `
  SELECT snapshot_id::INTEGER AS snapshot_id, author, commit_message, commit_extra_info::VARCHAR AS commit_extra_info
  FROM lake.snapshots() ORDER BY snapshot_id`

/** What a stranger types to open the lake: DuckDB's own words, nothing of ours. */
const attachment = ({ catalog, extensionDirectory }: LakeOptions): string[] => {
  const address = catalog.kind === 'file' ? catalog.path : `postgres:${libpqString(catalog.address)}`
  return [
    `SET extension_directory = ${quotedLiteral(extensionDirectory)}`,
    `SET autoinstall_known_extensions = false`,
    `SET TimeZone = 'UTC'`,
    'LOAD ducklake',
    ...(catalog.kind === 'file' ? [] : ['LOAD postgres_scanner']),
    `ATTACH ${quotedLiteral(`ducklake:${address}`)} AS lake (READ_ONLY)`,
  ]
}

const step = (stage: Stage, key: string, many: boolean): Step => ({
  stage,
  key: `readers/${stage.name}/${key}`,
  name: 'readers',
  message: `rows of ${stage.name} for other readers: ${key}`,
  provenance: { pipeline: 'readers', logicalRun: key, attempt: 1, codeVersion: 'test' },
  prepare: async (session) => {
    const writes = []
    for (const table of stage.tables) {
      const staged = await stageExamples(session, table, 1)
      if (many && table === transactionHistory) {
        await session.run(`
          INSERT INTO ${staged}
          SELECT * EXCLUDE (i) REPLACE (ins_index + i AS ins_index) FROM ${staged}, range(1, ${manySwaps}) AS r(i)`)
      }
      // The second time every row is written over: others then have to read past the deleted ones.
      const replaces = { kind: 'keys', columns: table.key, relation: staged } as const
      writes.push({ table, staged, replaces })
    }
    return { writes, inputs: {} }
  },
})

describe.each(scratchCatalogs)('a lake on a %s catalog', (catalog) => {
  let scratch: ScratchLake
  let readers: OtherReaders | string
  let rows: unknown[]
  let snapshots: unknown[]
  beforeAll(async () => {
    const { cacheDir } = loadConfig({ ...process.env, LAKE_CATALOG: undefined })
    readers = await otherReaders(path.join(cacheDir, 'tests'), readToolLock().tools['ducklake']?.version ?? '')
    scratch = await openScratchLake(traders.stages, catalog)
    const { lake } = scratch
    for (const stage of traders.stages) {
      await commit(lake, step(stage, 'first', true))
      await commit(lake, step(stage, 'second', false))
    }
    rows = await lake.session((session) => session.all(`${rowsQuery} ORDER BY ALL`))
    snapshots = await lake.session((session) => session.all(snapshotsQuery))
    // A file catalog is one process's at a time.
    await lake.close()
  })
  afterAll(() => rm(scratch.folder, { recursive: true, force: true }))

  test.for(['python', 'cli'] as const)(
    'is read whole by the %s of PyPI, row by row and snapshot by snapshot',
    async (kind, context) => {
      if (typeof readers === 'string') return context.skip(readers)
      const read = readers[kind]
      const attach = attachment(scratch.options)
      expect(await read([...attach, `${rowsQuery} ORDER BY ALL`])).toEqual(rows)
      expect(rows).toHaveLength(tables.length - 1 + manySwaps)
      expect(new Set(rows.map((row) => (row as { table_name: string }).table_name)).size).toBe(tables.length)

      const found = await read([...attach, snapshotsQuery])
      expect(found).toEqual(snapshots)
      const written = (found as Record<string, string>[]).filter(({ author }) => author === 'tributary/readers')
      expect(written.map(({ commit_message }) => commit_message)).toEqual(
        traders.stages.flatMap(({ name }) =>
          ['first', 'second'].map((key) => `rows of ${name} for other readers: ${key}`),
        ),
      )
      for (const { commit_extra_info } of written)
        expect(JSON.parse(commit_extra_info ?? '')).toMatchObject({ step: 'readers', codeVersion: 'test' })
    },
  )
})
