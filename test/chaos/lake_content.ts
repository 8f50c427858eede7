import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { domains } from '../domains.js'
import { tributary } from '../end_to_end/tributary.js'

/** What no fault may change of a lake. */
export interface LakeContent {
  /** A hash of every row of the tables the ranking is. */
  readonly gold: string
  readonly rankedWallets: number
  readonly swaps: number
  /** Of runs: what is committed between them comes by the clock. */
  readonly commits: number
  /** Rows whose key is there already, and commits whose key is. */
  readonly repeatedRows: number
  readonly repeatedCommits: number
}

const hashOf = (table: string): string =>
  `(SELECT md5(string_agg(row, '\n' ORDER BY row)) FROM (SELECT to_json(t)::VARCHAR AS row FROM ${table} AS t))`
const countOf = (table: string): string => `(SELECT count(*)::INTEGER FROM ${table})`
const repeatedOf = (table: string, key: readonly string[]): string =>
  `(SELECT (count(*) - count(DISTINCT (${key.join(', ')})))::INTEGER FROM ${table})`

/** Reads it of a home, as `npx tributary query` does. */
export const readContent = async (home: string, environment: NodeJS.ProcessEnv): Promise<LakeContent> => {
  const tables = domains.flatMap(({ stages }) => stages).flatMap((stage) => stage.tables)
  const sql = `SELECT
    concat(${hashOf('traders_gold.smart_wallets')}, ${hashOf('traders_gold.wallet_verdicts')}) AS gold,
    ${countOf('traders_gold.smart_wallets')} AS "rankedWallets",
    ${countOf('traders_bronze.transaction_history')} AS swaps,
    ${countOf("meta.commits WHERE pipeline = 'traders'")} AS commits,
    ${tables.map(({ name, key }) => repeatedOf(name, key)).join(' + ')} AS "repeatedRows",
    ${repeatedOf('meta.commits', ['commit_key'])} AS "repeatedCommits"`
  const { code, stdout, stderr } = await tributary(home, ['query', sql, '--json'], environment)
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout)[0]
}

/** The files of a home, whatever wrote them, in which one of these texts stands: logs, databases, Parquet, write-ahead logs. */
export const filesWith = async (home: string, texts: readonly string[]): Promise<string[]> => {
  const entries = await readdir(home, { recursive: true, withFileTypes: true })
  const found: string[] = []
  for (const entry of entries.filter((each) => each.isFile())) {
    const file = path.join(entry.parentPath, entry.name)
    const content = await readFile(file)
    if (texts.some((text) => content.includes(text))) found.push(path.relative(home, file))
  }
  return found
}
