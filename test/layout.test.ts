import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { meta } from '../schemas/meta/index.js'
import { domains } from './domains.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const sourceFiles = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => path.join(folder, name))

interface Import {
  readonly from: string
  readonly target: string
  readonly typeOnly: boolean
}

/** Every static import and re-export of a file: ours as paths from the root, others by package name. */
const importsOf = (file: string): Import[] =>
  [
    ...readFileSync(path.join(root, file), 'utf8').matchAll(
      /^(?:import|export)\s+(type\s)?(?:[^'"]*?from\s+)?'([^']+)'/gms,
    ),
  ].map(([, type, target = '']) => ({
    from: file,
    target: target.startsWith('.') ? path.join(path.dirname(file), target) : target,
    typeOnly: type !== undefined,
  }))

const layerOf = (target: string): string => target.split(path.sep)[0] ?? ''
const importsBelow = (folder: string): Import[] => sourceFiles(folder).flatMap(importsOf)
const strangers = (folder: string, allowed: (each: Import) => boolean): string[] =>
  importsBelow(folder)
    .filter((each) => !allowed(each))
    .map(({ from, target }) => `${from} imports ${target}`)

describe('the layout', () => {
  test('schemas import nothing but schemas and zod', () => {
    expect(strangers('schemas', ({ target }) => layerOf(target) === 'schemas' || target === 'zod')).toEqual([])
  })

  test('workflows import activities as types only, and no infrastructure', () => {
    const allowed = ({ target, typeOnly }: Import) =>
      ['workflows', 'schemas'].includes(layerOf(target)) ||
      (layerOf(target) === 'activities' && typeOnly) ||
      ['@temporalio/workflow', '@temporalio/common', 'zod'].includes(target)
    expect(strangers('workflows', allowed)).toEqual([])
  })

  test('infrastructure imports no activity, and activities no workflow', () => {
    expect(strangers('infra', ({ target }) => !['activities', 'workflows'].includes(layerOf(target)))).toEqual([])
    expect(strangers('activities', ({ target }) => layerOf(target) !== 'workflows')).toEqual([])
  })

  test('nothing but the worker imports the worker', () => {
    for (const folder of ['schemas', 'activities', 'workflows', 'infra']) {
      expect(strangers(folder, ({ target }) => layerOf(target) !== 'worker')).toEqual([])
    }
  })

  test('one domain does not import another', () => {
    const names = domains.map(({ name }) => name)
    const layers = ['schemas', 'activities', 'workflows']
    const domainOf = (file: string) =>
      layers.includes(layerOf(file)) ? names.find((name) => file.split(path.sep)[1] === name) : undefined
    const crossing = layers.flatMap(importsBelow).filter(({ from, target }) => {
      const [source, goal] = [domainOf(from), domainOf(target)]
      return source !== undefined && goal !== undefined && source !== goal
    })
    expect(crossing).toEqual([])
  })

  test('the path of a table or view is its name', () => {
    for (const { name, stages } of domains) {
      for (const { name: stage, tables, views = [] } of stages) {
        const layer = stage.slice(name.length + 1)
        const files = readdirSync(path.join(root, 'schemas', name, layer))
        expect(stage).toBe(`${name}_${layer}`)
        for (const table of [...tables, ...views]) expect(files).toContain(`${table.name.slice(stage.length + 1)}.ts`)
      }
    }
  })

  test('every table promises at least three things of its own, and shows a row', () => {
    const tables = [meta, ...domains.flatMap(({ stages }) => stages)].flatMap((stage) => stage.tables)
    for (const table of tables) {
      expect(Object.keys(table.checks).length, table.name).toBeGreaterThanOrEqual(5)
      expect(table.row.safeParse(table.example).error, table.name).toBeUndefined()
      expect(Object.keys(table.columns), table.name).toEqual(
        expect.arrayContaining([...table.key, ...table.sortedBy, ...table.clusteredBy]),
      )
    }
  })

  test('only the configuration and the bootstrap read the environment', () => {
    const files = ['schemas', 'activities', 'workflows', 'infra', 'worker'].flatMap(sourceFiles)
    const readers = files.filter((file) => readFileSync(path.join(root, file), 'utf8').includes('process.env'))
    // The supervisor hands its own environment on to what it starts.
    expect(readers).toEqual(['infra/config.ts', 'worker/supervised_child.ts'])
  })
})
