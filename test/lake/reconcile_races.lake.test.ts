import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { inLake } from '../../infra/lake/identifier.js'
import { type Lake, openLake } from '../../infra/lake/lake.js'
import { reconcile } from '../../infra/lake/reconcile.js'
import { Session } from '../../infra/lake/session.js'
import { double, integer, nullable, text } from '../../schemas/column.js'
import { defineView } from '../../schemas/view.js'
import { firstMeasurements, measurements, stageOf } from './definitions.js'
import { openScratchLake, type ScratchLake, scratchCatalogs, scratchDatabase } from './scratch_lake.js'

const name = firstMeasurements.name
const evolved = measurements({
  columns: { id: text, total: integer, extra: nullable(double) },
  renamed: { total: 'amount' },
  sortedBy: ['id'],
  example: { id: 'a', total: 1, extra: null },
})
const view = defineView('test_bronze.totals', {
  grain: 'One row per measurement.',
  columns: { total: integer },
  select: `SELECT total FROM ${inLake(name)}`,
})

/** Without the lock that makes processes take turns, only the fence of meta can tell them apart. */
const unlocked = (lake: Lake): Lake => ({ ...lake, exclusively: (_stage, work) => work() })

/** Unlocked lakes of which none begins its transaction before all have read the catalog. */
const abreast = (lakes: readonly Lake[]): Lake[] => {
  let waiting = 0
  let release = (): void => undefined
  const all = new Promise<void>((resolve) => {
    release = resolve
  })
  const gated = (session: Session): Session =>
    Object.assign(new Session(session.connection), {
      transaction: async <T>(work: () => Promise<T>): Promise<T> => {
        waiting += 1
        if (waiting === lakes.length) release()
        await all
        return session.transaction(work)
      },
    })
  return lakes
    .map(unlocked)
    .map((lake) => ({ ...lake, session: (work) => lake.session((session) => work(gated(session))) }))
}

describe.each(scratchCatalogs)('on a %s catalog', (catalog) => {
  let scratch: ScratchLake
  const others: Lake[] = []
  afterEach(async () => {
    for (const other of others.splice(0)) await other.close()
    await scratch.close()
  })

  /** Another process, which a file catalog does not allow: there another connection. */
  const another = async (): Promise<Lake> => {
    if (catalog === 'file') return scratch.lake
    const lake = await openLake({ ...scratch.options, temporaryDirectory: path.join(scratch.folder, 'other spill') })
    others.push(lake)
    return lake
  }
  const all = (sql: string) => scratch.lake.session((session) => session.all(sql))
  const snapshot = async () => Number((await all('SELECT id FROM lake.current_snapshot()'))[0]?.['id'])

  test.each([true, false])(
    'of builds that start at once one applies, and the other sees it done (locks: %s)',
    async (locks) => {
      scratch = await openScratchLake([stageOf([firstMeasurements])], catalog)
      await all(`INSERT INTO ${inLake(name)} VALUES ('a', 1)`)
      const before = await snapshot()
      const processes = [scratch.lake, await another(), scratch.lake]
      const lakes = locks ? processes : abreast(processes)
      const outcomes = await Promise.all(lakes.map((lake) => reconcile(lake, [stageOf([evolved], [view])])))
      expect(outcomes.map(({ changes }) => changes.length).sort()).toEqual([0, 0, 4])
      expect(await snapshot()).toBe(before + 1)
      expect(await all(`FROM ${inLake(name)}`)).toEqual([{ id: 'a', total: 1, extra: null }])
      expect(
        await all(`SELECT count(*)::INTEGER AS n FROM lake.meta.changes WHERE dataset LIKE 'test_bronze.%'`),
      ).toEqual([{ n: 5 }])
      expect(
        await all(
          `SELECT dataset, count(*)::INTEGER AS n FROM lake.meta.schema_versions WHERE dataset LIKE 'test_bronze.%' GROUP BY ALL ORDER BY ALL`,
        ),
      ).toEqual([
        { dataset: 'test_bronze.measurements', n: 2 },
        { dataset: 'test_bronze.totals', n: 1 },
      ])
    },
  )

  test('what is only registered is registered once, though inserts never collide', async () => {
    scratch = await openScratchLake([stageOf([firstMeasurements])], catalog)
    await all(`DELETE FROM lake.meta.schema_versions WHERE dataset = '${name}'`)
    await all(`DELETE FROM lake.meta.datasets WHERE lake_table = '${name}'`)
    const lakes = abreast([scratch.lake, await another(), scratch.lake])
    await Promise.all(lakes.map((lake) => reconcile(lake, [stageOf([firstMeasurements])])))
    for (const [table, name] of [['schema_versions', 'dataset'] as const, ['datasets', 'lake_table'] as const]) {
      expect(await all(`SELECT ${name} FROM lake.meta.${table} GROUP BY ALL HAVING count(*) <> 1`)).toEqual([])
    }
  })

  test('a lake that is new to both is made once', async () => {
    scratch = await openScratchLake([], catalog)
    const lakes = [scratch.lake, await another()].map(unlocked)
    await Promise.all(lakes.map((lake) => reconcile(lake, [stageOf([firstMeasurements])])))
    expect(await all('SELECT count(*)::INTEGER AS n FROM lake.test_bronze._fence')).toEqual([{ n: 1 }])
    expect(await all(`SELECT count(*)::INTEGER AS n FROM lake.meta.datasets WHERE lake_table = '${name}'`)).toEqual([
      { n: 1 },
    ])
  })

  test('a change takes its turn among the writers of its stage: no row is lost', async () => {
    scratch = await openScratchLake([stageOf([firstMeasurements])], catalog)
    const lake = await another()
    const insert = async (id: string) => {
      const columns = await all(
        `SELECT column_name FROM duckdb_columns() WHERE database_name = 'lake' AND table_name = 'measurements'`,
      )
      const amount = columns.some(({ column_name }) => column_name === 'total') ? 'total' : 'amount'
      await all(`INSERT INTO ${inLake(name)} (id, ${amount}) VALUES ('${id}', 1)`)
    }
    const writers = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => lake.exclusively('test_bronze', () => insert(id)))
    await Promise.all([...writers, reconcile(scratch.lake, [stageOf([evolved])])])
    expect(await all(`SELECT count(total)::INTEGER AS n FROM ${inLake(name)}`)).toEqual([{ n: writers.length }])
  })
})

test('processes that open a new catalog at once all find one', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-new-'))
  const catalog = await scratchDatabase()
  const open = (process: number) =>
    openLake({
      catalog,
      data: { kind: 'folder', path: path.join(folder, 'data') },
      extensionDirectory: inject('extensionDirectory'),
      temporaryDirectory: path.join(folder, `spill ${process}`),
    })
  const lakes = await Promise.all([1, 2, 3].map(open))
  await Promise.all(lakes.map((lake) => reconcile(lake, [stageOf([firstMeasurements])])))
  for (const lake of lakes) {
    expect(await lake.session((session) => session.all('SELECT version FROM lake.test_bronze._fence'))).toHaveLength(1)
    await lake.close()
  }
  await rm(folder, { recursive: true, force: true })
})
