import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { pythonPackages } from './python_packages.js'

const run = promisify(execFile)
const maxBuffer = 64 * 1024 * 1024

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
  const packages = await pythonPackages(folder, [`duckdb==${version}`, `duckdb-cli==${version}`])
  if (typeof packages === 'string') return packages
  const { env } = packages
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
