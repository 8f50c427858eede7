import { appendFile, cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type BackupResult, backupLake } from '../../activities/lake/backup_lake.js'
import { importTable } from '../../activities/lake/import_table.js'
import { restoreLake } from '../../activities/lake/restore_lake.js'
import { attachSideLake } from '../../infra/lake/attachment.js'
import { catalogTable, copyCatalog } from '../../infra/lake/catalog_copy.js'
import { quotedLiteral } from '../../infra/lake/identifier.js'
import { type Lake, openLake } from '../../infra/lake/lake.js'
import { reconcile } from '../../infra/lake/reconcile.js'
import { type Parameters, Session } from '../../infra/lake/session.js'
import { cargo, parcelRows, parcels } from './parcels.js'
import { openScratchLake, type ScratchLake, type scratchCatalogs, scratchDatabase } from './scratch_lake.js'

const compared = 4

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tributary-backup-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const bring = async (lake: Lake, from: number, to: number, run = 'a \'quoted\' "name"\n') => {
  const file = path.join(folder, `${from}.parquet`)
  await lake.session((session) => session.run(`COPY (${parcelRows(from, to)}) TO ${quotedLiteral(file)}`))
  return importTable(lake, [cargo], 'test', { table: parcels.name, from: file, run })
}

/** A lake with history: rows added, changed and removed, in files and in the catalog. */
const fill = async (lake: Lake): Promise<void> => {
  await bring(lake, 0, 500)
  await bring(lake, 500, 700)
  await lake.session(async (session) => {
    await session.run(`DELETE FROM lake.${parcels.name} WHERE parcel_id % 7 = 0`)
    await session.run(
      `UPDATE lake.meta.commits SET message = 'changed, \\x00 and é' WHERE step = 'import' AND attempt = 1`,
    )
    await session.run(`CALL ducklake_flush_inlined_data('lake', schema_name => 'meta', table_name => 'commits')`)
    await session.run(`DELETE FROM lake.meta.commits WHERE step = 'nothing'`)
  })
  await bring(lake, 700, 800)
}

const backup = ({ lake, options }: ScratchLake, to: string): Promise<BackupResult> =>
  backupLake(lake, {
    to: { kind: 'folder', path: to },
    catalog: options.catalog.kind,
    data: options.data,
    scratch: options.temporaryDirectory,
    compared,
  })

/** An empty place of the kind to restore to. */
const target = async (kind: (typeof scratchCatalogs)[number], options: ScratchLake['options']) => {
  const home = await mkdtemp(path.join(folder, 'target-'))
  const own = {
    ...options,
    catalog: kind === 'file' ? { kind, path: path.join(home, 'catalog.ducklake') } : await scratchDatabase(),
    data: { kind: 'folder' as const, path: path.join(home, 'data') },
    temporaryDirectory: path.join(home, 'spill'),
  }
  const open = ({ encrypted }: { encrypted: boolean }) => openLake({ ...own, encrypted })
  const restore = (from: string) =>
    restoreLake({
      from: { kind: 'folder', path: from },
      catalog: own.catalog.kind,
      data: own.data,
      scratch: own.temporaryDirectory,
      open,
    })
  return { own, open, restore }
}

/** To the same kind is one of these ways and back. */
const pairs = [
  { from: 'file', to: 'postgres' },
  { from: 'postgres', to: 'file' },
] as const

describe.each(pairs)('a lake on a $from catalog, restored on a $to catalog', ({ from, to }) => {
  let scratch: ScratchLake
  afterEach(() => scratch.close())

  test('is the same at every snapshot, and goes on where it was', async () => {
    scratch = await openScratchLake([cargo], from)
    await fill(scratch.lake)
    const place = path.join(folder, `${from}-${to}`)
    const { manifest } = await backup(scratch, place)
    expect(manifest.contents.map(({ snapshotId }) => snapshotId)).toHaveLength(compared)
    expect(manifest.contents.at(-1)?.tables[parcels.name]?.rows).toBe(700)

    const { open, restore } = await target(to, scratch.options)
    await restore(place)
    const restored = await open({ encrypted: false })
    try {
      const read = (lake: Lake, sql: string) => lake.session((session) => session.all(sql))
      for (const sql of [
        `FROM lake.${parcels.name} ORDER BY parcel_id`,
        'SELECT * FROM lake.meta.commits ORDER BY commit_key',
        'SELECT * FROM lake.snapshots() ORDER BY snapshot_id',
        `SELECT * FROM ducklake_table_changes('lake', 'cargo_bronze', 'parcels', 1, ${manifest.snapshotId}) ORDER BY ALL`,
      ])
        expect(await read(restored, sql)).toEqual(await read(scratch.lake, sql))
      expect(await bring(restored, 500, 700)).toMatchObject({ repeated: true })
      await reconcile(restored, [cargo])
      const next = await bring(restored, 800, 900)
      expect(next.receipt.rows[parcels.name]).toBe(100)
      expect(next.receipt.snapshotId).toBeGreaterThan(manifest.snapshotId)
      expect(await read(restored, `SELECT count(*) AS n FROM lake.${parcels.name}`)).toEqual([{ n: '800' }])
      await restored.session((session) => session.run(`CALL ducklake_flush_inlined_data('lake')`))
      expect(await bring(restored, 800, 900)).toMatchObject({ repeated: true })
    } finally {
      await restored.close()
    }
  })
})

describe('a backup', () => {
  let scratch: ScratchLake
  let place: string
  let made: BackupResult
  beforeAll(async () => {
    scratch = await openScratchLake([cargo])
    await fill(scratch.lake)
    place = path.join(folder, 'place')
    made = await backup(scratch, place)
  })
  afterAll(() => scratch.close())

  const files = async (of: string) =>
    (await readdir(of, { recursive: true, withFileTypes: true })).filter((each) => each.isFile())
  const copyOf = async (name: string) => {
    const copy = path.join(folder, name)
    await cp(place, copy, { recursive: true })
    return copy
  }

  test('of a lake that went on copies only what is new, and leaves one whole backup', async () => {
    const copy = await copyOf('incremental')
    const before = await stat(path.join(copy, 'data', made.manifest.files[0]?.name ?? ''))
    await bring(scratch.lake, 1_000, 1_100)
    const second = await backup(scratch, copy)
    expect(second.copiedFiles).toBe(second.manifest.files.length - made.manifest.files.length)
    expect(second.copiedFiles).toBeGreaterThan(0)
    const after = await stat(path.join(copy, 'data', made.manifest.files[0]?.name ?? ''))
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs])
    expect((await files(copy)).length).toBe(second.manifest.files.length + 2)
    expect((await backup(scratch, copy)).copiedFiles).toBe(0)
    const { restore } = await target('file', scratch.options)
    expect((await restore(copy)).snapshotId).toBe(second.manifest.snapshotId)
  })

  test('that was cut off before its end leaves the one before it whole', async () => {
    const copy = await copyOf('cut_off')
    await writeFile(path.join(copy, 'catalog-99-00000000.ducklake'), 'half')
    await writeFile(path.join(copy, 'data', 'x.parquet.1.part'), 'half')
    const { restore } = await target('file', scratch.options)
    expect((await restore(copy)).snapshotId).toBe(made.manifest.snapshotId)
  })

  test.each([
    [
      'a truncated file',
      async (of: string, file: string) => truncate(path.join(of, 'data', file), 10),
      /has 10 bytes, not/,
    ],
    ['a missing file', async (of: string, file: string) => rm(path.join(of, 'data', file)), /is not there/],
    [
      'a changed file',
      (of: string, file: string) => flip(path.join(of, 'data', file)),
      /has the SHA-256 .* tampered with/,
    ],
    [
      'a changed catalog',
      (of: string) => flip(path.join(of, made.manifest.catalog.name)),
      /has the SHA-256 .* tampered with/,
    ],
    ['a longer catalog', (of: string) => appendFile(path.join(of, made.manifest.catalog.name), 'x'), /bytes, not/],
    [
      'a changed manifest',
      (of: string) => flip(path.join(of, 'manifest.json')),
      /manifest\.json is truncated or was tampered/,
    ],
    [
      'a truncated manifest',
      (of: string) => truncate(path.join(of, 'manifest.json'), 1_000),
      /is truncated or was tampered/,
    ],
    ['no manifest', (of: string) => rm(path.join(of, 'manifest.json')), /holds no backup/],
  ])('with %s is refused, and nothing is left of the attempt', async (what, damage, message) => {
    const copy = await copyOf(what.replaceAll(' ', '_'))
    await damage(copy, made.manifest.files[0]?.name ?? '')
    const { own, open, restore } = await target('file', scratch.options)
    await expect(restore(copy)).rejects.toThrow(message)
    expect(await files(own.data.path).catch(() => [])).toEqual([])
    const lake = await open({ encrypted: false })
    const tables = await lake.session((session) =>
      session.all(`SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake'`),
    )
    await lake.close()
    expect(tables).toEqual([])
  })

  test('is not restored over a lake or over files, and not made where other files are', async () => {
    const { own, restore } = await target('file', scratch.options)
    await restore(place)
    await expect(restore(place)).rejects.toThrow(/holds \d+ tables; restore into an empty one/)
    await rm(own.catalog.kind === 'file' ? own.catalog.path : '')
    await expect(restore(place)).resolves.toBeDefined()
    await rm(own.catalog.kind === 'file' ? own.catalog.path : '')
    await writeFile(path.join(own.data.path, 'mine.txt'), 'mine')
    await expect(restore(place)).rejects.toThrow(/holds mine\.txt already/)
    await expect(backup(scratch, own.data.path)).rejects.toThrow(/which is no part of a backup/)
  })
})

/** Changes one byte in the middle. */
const flip = async (file: string): Promise<void> => {
  const content = await readFile(file)
  const middle = content.length >> 1
  content[middle] = (content[middle] ?? 0) ^ 1
  await writeFile(file, content)
}

test('a backup beside live writers is one state of the lake', async () => {
  const scratch = await openScratchLake([cargo], 'postgres')
  const writer = await openLake(scratch.options)
  try {
    await fill(scratch.lake)
    let stop = false
    const writing = (async () => {
      let written = 0
      for (; !stop; written += 1) await bring(writer, 10_000 + written * 10, 10_010 + written * 10)
      return written
    })()
    const place = path.join(folder, 'live')
    const { manifest } = await backup(scratch, place)
    stop = true
    expect(await writing).toBeGreaterThan(0)
    const { open, restore } = await target('file', scratch.options)
    await restore(place)
    const restored = await open({ encrypted: false })
    const rows = await restored.session((session) =>
      session.all(`SELECT (SELECT count(*) FROM lake.${parcels.name} WHERE parcel_id >= 10000) AS rows,
        (SELECT count(*) FROM lake.meta.commits WHERE message LIKE 'import of 10 rows%') AS commits`),
    )
    expect(await bring(restored, 20_000, 20_010)).toMatchObject({ repeated: false })
    await restored.close()
    expect(manifest.snapshots).toBeGreaterThan(5)
    expect(Number(rows[0]?.['rows'])).toBe(Number(rows[0]?.['commits']) * 10)
  } finally {
    await writer.close()
    await scratch.close()
  }
})

test('what is committed while a catalog is copied is in none of its tables', async () => {
  const scratch = await openScratchLake([cargo], 'postgres')
  const writer = await openLake(scratch.options)
  try {
    await fill(scratch.lake)
    /** Lets the writer commit when some of the tables are copied. */
    class Interrupted extends Session {
      override async run(sql: string, parameters?: Parameters): Promise<number> {
        const rows = await super.run(sql, parameters)
        if (/^INSERT INTO .*"ducklake_snapshot"/.test(sql)) await bring(writer, 30_000, 30_010)
        return rows
      }
    }
    const [copied] = await scratch.lake.session(async (plain) => {
      const data = { kind: 'folder', path: path.join(folder, 'copied') } as const
      const catalogPath = path.join(scratch.folder, 'copied.ducklake')
      await attachSideLake(plain, { alias: 'copied', catalogPath, data, encrypted: false })
      const session = new Interrupted(plain.connection)
      await copyCatalog(session, { alias: 'lake', kind: 'postgres' }, { alias: 'copied', kind: 'file' })
      const table = (name: string) => catalogTable('copied', `ducklake_${name}`)
      return plain.all(`
        SELECT (SELECT max(snapshot_id) FROM ${table('snapshot')}) AS newest,
          (SELECT max(snapshot_id) FROM ${table('snapshot_changes')}) AS described,
          (SELECT max(begin_snapshot) FROM ${table('data_file')}) AS newest_file`)
    })
    const newest = await writer.session((session) => session.one('SELECT id FROM lake.current_snapshot()'))
    expect(Number(newest['id'])).toBe(Number(copied?.['newest']) + 1)
    expect(copied).toMatchObject({ described: copied?.['newest'], newest_file: copied?.['newest'] })
  } finally {
    await writer.close()
    await scratch.close()
  }
})
