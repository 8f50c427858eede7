import { beforeAll, describe, expect, test } from 'vitest'
import { type Lineage, readLineage, type TableLineage } from '../../infra/lineage/lineage.js'
import type { Table } from '../../schemas/table.js'
import { goldDefaults } from '../../schemas/traders/gold/rules.js'
import { traders } from '../../schemas/traders/index.js'
import { DerivationBench, relationOf } from './derivation_bench.js'

const tables = traders.stages.flatMap((stage) => stage.tables)
const derived = tables.filter(({ derive }) => derive !== undefined)
const asOf = '2026-11-21T06:00:00Z'
/** Thresholds that some wallets pass and some do not. */
const parameters = {
  ...goldDefaults,
  as_of: asOf,
  min_realized_pnl_usd: -1e6,
  min_roi: -1,
  min_win_rate: 0,
  min_trades: 10,
  max_days_since_last_trade: 90,
  max_concentration: 1,
  max_quick_sale_share: 1,
  max_wash_share: 1,
  min_coverage: 0.2,
}

/** Swaps of eight wallets and five tokens, for SOL, for USDC and for each other, some priced, some without any price. */
const swaps = `
WITH n AS (SELECT i::BIGINT AS i, (hash(i) % 1000)::INTEGER AS a, (hash(i + 7919) % 1000)::INTEGER AS b, (hash(i + 104729) % 1000)::INTEGER AS c FROM range(240) AS t(i))
SELECT 'wallet' || (a % 8) AS wallet_address, 'tx' || (i // 2) AS tx_hash, (i % 2) AS ins_index, 0 AS inner_ins_index, false AS ins_index_is_fallback,
  TIMESTAMPTZ '${asOf}' - INTERVAL (b * 9000 + a) SECOND AS block_time, 300000000 - b AS block_number, 'token' || (c % 5) AS base_address,
  'T' || (c % 5) AS base_symbol, 6 + c % 2 AS base_decimals, (if(b % 2 = 0, 1, -1) * (1000000 + a * 1000)) AS base_change_raw,
  if(a % 5 = 0, NULL, 1 + a / 100.0) AS base_price_usd,
  CASE WHEN c % 10 < 6 THEN 'So11111111111111111111111111111111111111112' WHEN c % 10 < 8 THEN 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v' ELSE 'token' || ((c + 1) % 5) END AS quote_address,
  'Q' AS quote_symbol, if(c % 10 < 6, 9, 6) AS quote_decimals, (if(b % 2 = 0, -1, 1) * (3000000 + c * 1000)) AS quote_change_raw,
  if(b % 7 = 0, NULL, 2 + b / 500.0) AS quote_price_usd, if(c % 3 = 0, NULL, 5 + a / 50.0) AS volume_usd,
  'dex' || (a % 3) AS source, if(b % 4 = 0, NULL, 'pool' || (b % 6)) AS pool_address, NULL AS program_id
FROM n`
const metrics = `
SELECT TIMESTAMPTZ '${asOf}' - INTERVAL (d) DAY AS as_of, 'token' || t AS token_address, t + 1 AS selection_rank, 'T' AS symbol, 'Token' AS name,
  6 AS decimals, if(t = 4, NULL, 0.5 + t + d / 10) AS price_usd, 1e6 + t AS liquidity_usd, 1e7 AS market_cap_usd, 1e7 AS fdv_usd,
  1e5 AS volume_1h_usd, 1e6 AS volume_24h_usd, 40 AS price_change_24h_percent, 1000 + t AS holder_count, TIMESTAMPTZ '${asOf}' AS last_trade_at
FROM range(5) AS a(t), range(3) AS b(d)`
const whales = `
SELECT TIMESTAMPTZ '${asOf}' - INTERVAL (d) DAY AS as_of, 'token' || (w % 5) AS token_address, 'wallet' || w AS wallet_address, 1000 + w AS amount_raw,
  1 AS token_account_count, w + 1 AS holder_rank, w AS top_trader_rank, 1.5 * w AS top_trader_volume, w AS top_trader_trades, '[]' AS tags,
  if(w + d = 2, 'pool', 'wallet') AS owner_kind, w + d <> 2 AS is_tradable
FROM range(7) AS a(w), range(2) AS b(d)`
/** Transactions of four wallets that buy and sell four tokens, for SOL, for USDC and for each other, some failed. */
const events = `
SELECT 'sig' || i AS signature, if(i % 3 = 0, 'fetched', 'delivered') AS origin, 'enhanced' AS form, TIMESTAMPTZ '${asOf}' - INTERVAL (i) HOUR AS received_at,
  TIMESTAMPTZ '${asOf}' - INTERVAL (i * 61) MINUTE AS block_time, 300000000 + i AS slot, 'wallet' || (i % 4) AS fee_payer_address, 5000 + i AS fee_lamports,
  i % 11 = 0 AS is_failed, NULL AS transaction_type, NULL AS source, '{}' AS raw_json
FROM range(60) AS t(i)`
const balances = `
WITH n AS (SELECT i::BIGINT AS i, i // 4 AS e, i % 4 AS part, (hash(i) % 1000)::BIGINT AS a FROM range(240) AS t(i))
SELECT 'sig' || e AS signature, 'wallet' || (e % 4) AS owner_address, part <> 3 OR e % 2 = 0 AS is_wallet,
  CASE part WHEN 0 THEN 'So11111111111111111111111111111111111111111' WHEN 1 THEN 'token' || (e % 4)
    WHEN 2 THEN if(e % 3 = 0, 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', 'token' || ((e + 1) % 4)) ELSE 'token' || ((e + 2) % 4) END AS asset_address,
  if((e + part) % 2 = 0, 1, -1) * (10000000 + a * 1000) AS change_raw, if(part = 0, 9, 6) AS decimals,
  if(part = 0, if(e % 2 = 0, 1, -1) * (10000000 + a * 1000), 2039280 * (a % 2)) AS lamports_change
FROM n`
const given: Readonly<Record<string, string>> = {
  'traders_bronze.webhook_events': events,
  'traders_bronze.webhook_balances': balances,
  'traders_bronze.transaction_history': swaps,
  'traders_bronze.token_metrics': metrics,
  'traders_bronze.whale_holders': whales,
}

/** For each row another value of a column: that of the next row, and one that no row has. */
const nextRow = (name: string): string =>
  `coalesce(lead(${name}) OVER (ORDER BY place), first(${name}) OVER (ORDER BY place))`
const otherValue = (name: string, sql: string): string => {
  if (sql === 'VARCHAR') return `${name} || '~'`
  if (sql === 'BOOLEAN') return `NOT ${name}`
  return sql === 'TIMESTAMPTZ' ? `${name} - INTERVAL 40 DAY` : `CAST(${name} * 2 + 1 AS ${sql})`
}

/**
 * Changes of a source, as new values by column. Each column that only some columns come from is changed alone, in two ways; one
 * that decides about rows may change anything, and is changed only where it is copied; all that is named nowhere, together.
 */
const mutants = (source: Table, { columns, rows }: TableLineage): Record<string, string>[] => {
  const unnamed: Record<string, string> = {}
  const alone: Record<string, string>[] = []
  for (const [name, { sql }] of Object.entries(source.columns)) {
    const origin = `${source.name}.${name}`
    const uses = [...columns.values()].map((origins) => origins.get(origin))
    if (rows.has(origin)) {
      if (uses.includes('copied')) alone.push({ [name]: otherValue(name, sql) })
    } else if (uses.some((how) => how !== undefined)) {
      alone.push({ [name]: nextRow(name) }, { [name]: otherValue(name, sql) })
    } else {
      unnamed[name] = otherValue(name, sql)
    }
  }
  return Object.keys(unnamed).length === 0 ? alone : [...alone, unnamed]
}

describe('the lineage of the traders’ tables', () => {
  let bench: DerivationBench
  let lineage: Lineage
  beforeAll(async () => {
    bench = await DerivationBench.open(parameters)
    lineage = await readLineage(bench.session, tables)
    for (const table of tables) {
      const rows = given[table.name]
      if (rows !== undefined) await bench.fill(table, rows)
      else if (table.derive !== undefined) await bench.fill(table, await bench.derive(table))
    }
  }, 120_000)

  /** A hash of each column's values, whatever their order. */
  const hashes = async (relation: string, table: Table): Promise<Map<string, unknown>> => {
    const names = Object.keys(table.columns)
    const sums = names.map((name) => `sum(hash(${name})::HUGEINT)::VARCHAR AS ${name}`)
    const row = await bench.session.one(`SELECT count(*) AS "*", ${sums.join(', ')} FROM ${relation}`)
    return new Map(['*', ...names].map((name) => [name, row[name]]))
  }

  test.each(derived.map((table) => [table.name, table] as const))(
    '%s has rows to tell changes by',
    async (_, table) => {
      const { n } = await bench.session.one(`SELECT count(*)::INTEGER AS n FROM ${relationOf(table)}`)
      expect(n).toBeGreaterThan(2)
    },
  )

  test.each(derived.map((table) => [table.name, table] as const))(
    'names, for %s, every source column whose values change a column of it',
    async (name, table) => {
      const own = lineage.of(name)
      if (own === undefined) throw new Error(`${name} has no lineage`)
      const before = await hashes(relationOf(table), table)
      const unnamed: string[] = []
      const seen = new Set<string>()
      for (const source of sourcesOf(own)) {
        for (const mutated of mutants(source, own)) {
          const mutant = `(SELECT * EXCLUDE (place) REPLACE (${Object.entries(mutated).map(([column, value]) => `${value} AS ${column}`)})
            FROM (SELECT *, row_number() OVER () AS place FROM ${relationOf(source)}))`
          const after = await hashes(await bench.derive(table, { [source.name]: mutant }), table)
          const origins = Object.keys(mutated).map((column) => `${source.name}.${column}`)
          for (const [each, hash] of after) {
            if (hash === before.get(each)) continue
            for (const origin of origins) seen.add(`${each} ${origin}`)
            const isNamed = origins.some((origin) => own.rows.has(origin) || own.columns.get(each)?.has(origin))
            if (!isNamed) unnamed.push(`${each} changes with ${origins}`)
          }
        }
      }
      expect(unnamed).toEqual([])
      const copies = [...own.columns].flatMap(([column, origins]) =>
        [...origins].flatMap(([origin, how]) =>
          how === 'copied' && !origin.startsWith('$') ? [`${column} ${origin}`] : [],
        ),
      )
      expect(
        copies.filter((copy) => !seen.has(copy)),
        'copies that change nothing',
      ).toEqual([])
    },
    240_000,
  )

  const sourcesOf = ({ columns, rows }: TableLineage): Table[] => {
    const names = new Set([rows, ...columns.values()].flatMap((origins) => [...origins.keys()]))
    return tables.filter((table) => [...names].some((origin) => origin.startsWith(`${table.name}.`)))
  }
})
