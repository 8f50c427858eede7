import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Spool } from '../../infra/spool/spool.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tributary-spool-'))
})
afterEach(() => rm(folder, { recursive: true }))

const fill = async (records: readonly string[]): Promise<string> => {
  const spool = await Spool.open({ folder })
  await Promise.all(records.map((record) => spool.append(record)))
  await spool.close()
  const names = (await readdir(folder)).filter((name) => name.endsWith('.spool'))
  return path.join(folder, names.at(-1) ?? '')
}
const reading = async () => {
  const spool = await Spool.open({ folder })
  const segments = await Promise.all((await spool.sealed()).map((segment) => segment.read()))
  await spool.close()
  return segments
}

test('records are read as they were written, whatever is in them', async () => {
  const records = ['', 'a\nb', '"\\', '\u0000\u2028', 'ü😀', '[1]']
  await fill(records)
  expect(await reading()).toEqual([{ records, damaged: 0 }])
})

test('a record that was cut off is left out, wherever it was cut', async () => {
  const file = await fill(['first', 'second'])
  const content = await readFile(file)
  const first = content.indexOf('\n') + 1
  for (let length = first; length < content.length; length += 1) {
    await writeFile(file, content.subarray(0, length))
    expect(await reading()).toEqual([{ records: ['first'], damaged: 0 }])
  }
})

test('a file that a dead process left is never added to', async () => {
  const file = await fill(['before'])
  await appendFile(file, 'half a rec')
  const spool = await Spool.open({ folder })
  await spool.append('after')
  const segments = await Promise.all((await spool.sealed()).map((segment) => segment.read()))
  await spool.close()
  expect(segments.map(({ records }) => records)).toEqual([['before'], ['after']])
})

test('a damaged record is counted and the others are read', async () => {
  const file = await fill(['first', 'second', 'third'])
  await writeFile(file, (await readFile(file, 'utf8')).replace('second', 'secOnd'))
  expect(await reading()).toEqual([{ records: ['first', 'third'], damaged: 1 }])
})

test('one process receives into a folder', async () => {
  const spool = await Spool.open({ folder })
  await expect(Spool.open({ folder })).rejects.toThrow('receives into it')
  await spool.close()
  await (await Spool.open({ folder })).close()
})

test('a full spool refuses, and takes again what was taken from it', async () => {
  const spool = await Spool.open({ folder, maxBytes: 180 })
  await spool.append('x'.repeat(150))
  await expect(spool.append('y')).rejects.toThrow('the spool holds 180 bytes')
  for (const segment of await spool.sealed()) await segment.remove()
  expect(spool.bytes).toBe(0)
  await spool.append('y')
  await spool.close()
})

test('a file is ended where it is long enough, and one under way is not read', async () => {
  const spool = await Spool.open({ folder, segmentBytes: 100 })
  for (const record of ['a', 'b', 'c']) await spool.append(record.repeat(100))
  const before = await spool.sealed()
  expect(before).toHaveLength(3)
  await spool.append('d')
  expect((await readdir(folder)).filter((name) => name.endsWith('.spool'))).toHaveLength(4)
  await spool.close()
})

test('a folder that cannot be written to is told of, and later records are taken', async () => {
  const spool = await Spool.open({ folder })
  await rm(folder, { recursive: true })
  await expect(spool.append('lost')).rejects.toThrow('the spool cannot be written')
  await mkdir(folder)
  await spool.append('kept')
  const [segment] = await spool.sealed()
  expect(await segment?.read()).toEqual({ records: ['kept'], damaged: 0 })
  await spool.close().catch(() => undefined)
})
