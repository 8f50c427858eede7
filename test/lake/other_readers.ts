import { execFile } from 'node:child_process'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const maxBuffer = 64 * 1024 * 1024
const installTimeoutMs = 60_000

/** Programs that are not ours and read a lake: each runs the statements and resolves to the rows of the last one. */
export interface OtherReaders {
  python(statements: readonly string[]): Promise<unknown[]>
  cli(statements: readonly string[]): Promise<unknown[]>
}

const script = `
import duckdb, json, sys
statements = json.load(sys.stdin)
connection = duckdb.connect()
for statement in statements:
    cursor = connection.execute(statement)
names = [column[0] for column in cursor.description]
print(json.dumps([dict(zip(names, row)) for row in cursor.fetchall()]))
`

/**
 * PyPI's `duckdb` and `duckdb-cli` of the version, installed once below `folder` with the machine's own pip. Resolves to the reason
 * where they cannot be had.
 */
export const otherReaders = async (folder: string, version: string): Promise<OtherReaders | string> => {
  const tag = await run('python3', ['-c', 'import sys; print(sys.implementation.cache_tag)']).catch(() => undefined)
  if (tag === undefined) return 'python3 is not here'
  const packages = path.join(folder, `duckdb-${version}-${tag.stdout.trim()}`)
  const failure = await install(packages, version).catch((error: Error) => error.message)
  if (failure !== undefined) return `pip installs no duckdb ${version}: ${failure.split('\n').slice(0, 3).join(' ')}`
  const env = { ...process.env, PYTHONPATH: packages }
  return {
    python: async (statements) => {
      const child = run('python3', ['-c', script], { env, maxBuffer })
      child.child.stdin?.end(JSON.stringify(statements))
      return JSON.parse((await child).stdout)
    },
    cli: async (statements) => {
      const args = [
        '-m',
        'duckdb_cli',
        '-init',
        '/dev/null',
        '-json',
        '-bail',
        ':memory:',
        '-c',
        statements.join(';\n'),
      ]
      const { stdout } = await run('python3', args, { env, maxBuffer })
      return JSON.parse(stdout)
    },
  }
}

/** Into a folder of its own and renamed, so that an interrupted one is not taken for whole. */
const install = async (packages: string, version: string): Promise<undefined> => {
  if (await stat(packages).catch(() => undefined)) return
  const draft = `${packages}.${process.pid}.draft`
  await mkdir(path.dirname(packages), { recursive: true })
  const wanted = [`duckdb==${version}`, `duckdb-cli==${version}`]
  try {
    const options = ['--quiet', '--no-deps', '--only-binary', ':all:', '--target', draft]
    await run('python3', ['-m', 'pip', 'install', ...options, ...wanted], { timeout: installTimeoutMs })
    await rename(draft, packages)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}
