import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type BackupResult, backupLake } from '../../activities/lake/backup_lake.js'
import { importTable } from '../../activities/lake/import_table.js'
import { restoreLake } from '../../activities/lake/restore_lake.js'
import { quotedLiteral } from '../../infra/lake/identifier.js'
import { type Lake, openLake } from '../../infra/lake/lake.js'
import { reconcile } from '../../infra/lake/reconcile.js'
import { cargo, parcelRows, parcels } from './parcels.js'
import { openScratchLake, type ScratchLake, type scratchCatalogs, scratchDatabase } from './scratch_lake.js'

const compared = 50

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
    expect(manifest.contents.length).toBe(manifest.snapshots)
    expect(manifest.contents.at(-1)?.tables[parcels.name]?.rows).toBe(700)
    expect(new Set(manifest.contents.map(({ tables }) => tables[parcels.name]?.hash)).size).toBe(6)

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
