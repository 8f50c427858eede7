import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { environment } from '../infra/environment.js'
import { smartTradersInput } from '../schemas/traders/smart_traders_input.js'
import { lineagePage } from './lineage_page.js'
import { tablePage } from './table_page.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')
const documents = [
  'README.md',
  ...readdirSync(path.join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
]
const variables = Object.keys(environment.shape)
/** Variables of others, or of the tests, that a document may name. */
const foreignVariables = ['XDG_CACHE_HOME', 'UPDATE_DOCS', 'UPDATE_PICTURES']

/** The commands of the command line, each with its flags, as its source defines them. */
const commands = new Map(
  readdirSync(path.join(root, 'worker/cli'))
    .map((name) => read(`worker/cli/${name}`))
    .join('\n')
    .split(".command('")
    .slice(1)
    .map((block) => {
      const flags = [...block.matchAll(/'(--[a-z-]+)/g)].map(([, flag = '']) => flag)
      return [/^[a-z]+/.exec(block)?.[0] ?? '', [...flags, ...(block.includes('jsonOption') ? ['--json'] : [])]]
    }),
)
const scripts = Object.keys(JSON.parse(read('package.json')).scripts)
const flagsIn = (text: string): string[] => [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag)

/** What is wrong with the use of a command, if anything. */
const problemsOf = (command: string, rest: string): string[] => {
  const known = commands.get(command)
  if (known === undefined) return [`${command} is no command`]
  // Its flags are tctl's: test/worker/tctl.test.ts has them.
  if (command === 'tctl') return []
  return flagsIn(rest).flatMap((flag) => (known.includes(flag) ? [] : [`${command} has no ${flag}`]))
}
const rowsOf = (file: string): string[][] =>
  read(file)
    .split('\n')
    .flatMap((line) => (line.startsWith('| ') ? [line.split('|').slice(1, -1)] : []))

/** A generated page is written anew on request, and else must be what would be written. */
const expectCurrent = (file: string, page: string): void => {
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path.join(root, file), page)
  expect(read(file), 'stale: UPDATE_DOCS=1 npm test -- test/docs.test.ts writes it anew').toBe(page)
}

describe.each(documents)('%s', (document) => {
  const text = read(document)

  test('shows only commands that exist', () => {
    const ours = [...text.matchAll(/npx tributary ([a-z]+)([^`\n]*)/g)].flatMap(([, command = '', rest = '']) =>
      problemsOf(command, rest.replace(/"[^"]*"|'[^']*'/g, '')),
    )
    const npm = [...text.matchAll(/npm (run )?([a-z]+)([^`\n]*)/g)].flatMap(([, run, script = '', rest = '']) => {
      if (!scripts.includes(script) && !(run === undefined && script === 'ci')) return [`npm ${script} is no script`]
      const bench = script === 'bench' && /^ -- (\w+)/.exec(rest)?.[1]
      if (bench && !existsSync(path.join(root, 'bench', `${bench}.ts`))) return [`${bench} is no bench`]
      return script === 'start' ? problemsOf('start', rest.replace(/'[^']*'/g, '').replace(/.*? -- /, '')) : []
    })
    expect([...ours, ...npm]).toEqual([])
  })

  test('links only to what is there', () => {
    const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, link = '']) => link)
    const missing = links.filter(
      (link) => !/^https?:/.test(link) && !existsSync(path.join(root, path.dirname(document), link)),
    )
    const named = /`((?:schemas|activities|workflows|worker|infra|test|docs|bench)\/[\w./-]+\.(?:ts|mjs|json|md))`/g
    const files = [...text.matchAll(named)].map(([, file = '']) => file)
    expect([...missing, ...files.filter((file) => !existsSync(path.join(root, file)))]).toEqual([])
  })

  test('names only variables that are read', () => {
    const named = [...text.matchAll(/\b(?:[A-Z][A-Z0-9]*_)+[A-Z0-9]+\b/g)].map(([name]) => name)
    const ours = named.filter((name) =>
      /^(TRIBUTARY|LAKE|S3|AWS|TEMPORAL|BIRDEYE|HELIUS|WEBHOOK|API|METRICS|LOG)_/.test(name),
    )
    expect(ours.filter((name) => ![...variables, ...foreignVariables].includes(name))).toEqual([])
  })
})

describe('the documents together', () => {
  test('README has every command, each with its flags', () => {
    const rows = rowsOf('README.md').flatMap(([first = '']) => {
      const [, command = '', rest = ''] = /^ `([a-z]+)(.*)` $/.exec(first) ?? []
      return commands.has(command) ? [{ command, flags: flagsIn(rest) }] : []
    })
    expect(rows.map(({ command }) => command).sort()).toEqual([...commands.keys()].sort())
    for (const { command, flags } of rows) {
      expect([...flags, '--json'].sort(), command).toEqual(
        [...new Set([...(commands.get(command) ?? []), '--json'])].sort(),
      )
    }
  })

  test('docs/configuration.md has a row for every variable, and no other', () => {
    const named = rowsOf('docs/configuration.md').flatMap(([first = '']) =>
      [...first.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(([, name]) => name),
    )
    expect(named.sort()).toEqual([...variables].sort())
  })

  test('docs/operating.md has every field of the input with its default', () => {
    const rows = new Map(rowsOf('docs/operating.md').map(([field = '', value = '']) => [field.trim(), value.trim()]))
    const parts = Object.entries(smartTradersInput.parse({}))
    const fields = parts.flatMap(([part, values]) =>
      Object.entries(values ?? {}).map(([field, value]) => [`\`${part}.${field}\``, JSON.stringify(value)]),
    )
    const shown = fields.map(([field = '']) => [field, rows.get(field)?.replaceAll(',', '').replaceAll('`', '')])
    expect(shown).toEqual(fields)
    const documented = [...rows.keys()].filter((field) => parts.some(([part]) => field.startsWith(`\`${part}.`)))
    expect(documented.sort()).toEqual(fields.map(([field]) => field).sort())
  })

  test('docs/tables.md is what the definitions say', () => expectCurrent('docs/tables.md', tablePage()))
  test(
    'docs/lineage.md is what the SQL of the definitions says',
    async () => expectCurrent('docs/lineage.md', await lineagePage()),
    60_000,
  )
})
