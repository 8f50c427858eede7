/**
 * Loading a month of AWS's bill through the whole protocol (typing, exact amounts, checks, hashes, one commit) against a plain DuckDB
 * CREATE TABLE AS from the same files; what replacing the month takes; gold's questions against the same on plain Parquet files.
 *
 *   npm run bench -- billing --extensions DIR [--lines 1000000] [--format csv|parquet] [--memory 1]
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { MockActivityEnvironment } from '@temporalio/testing'
import { createBillingActivities } from '../activities/billing/index.js'
import type { LoadResult } from '../activities/billing/load_deliveries.js'
import type { PlannedLoads } from '../activities/billing/plan_loads.js'
import type { Receipt } from '../activities/receipt.js'
import { openLake } from '../infra/lake/lake.js'
import { reconcile } from '../infra/lake/reconcile.js'
import { billingImportInput } from '../schemas/billing/billing_import_input.js'
import { billing } from '../schemas/billing/index.js'
import { alignedColumns } from '../worker/output.js'

const { values } = parseArgs({
  options: {
    extensions: { type: 'string' },
    lines: { type: 'string', default: '1000000' },
    format: { type: 'string', default: 'csv' },
    /** GiB that DuckDB may take. */
    memory: { type: 'string', default: '1' },
  },
})
if (values.extensions === undefined) throw new Error('--extensions DIR: where DuckDB finds ducklake')
const lines = Number(values.lines)
const ending = values.format === 'parquet' ? 'parquet' : 'csv.gz'
const filesOfMonth = 4

const folder = await mkdtemp(path.join(tmpdir(), 'tributary-bench-'))
const source = path.join(folder, 'source')

/** Hourly lines with the columns that are filled in a usual report; a tenth of the money has an exponent, as AWS writes it. */
const generate = (file: number, scale: number): string => `
  SELECT 'line' || (i % 200000) AS "identity/LineItemId",
    '2026-10-' || lpad((1 + i % 31)::VARCHAR, 2, '0') || 'T00:00:00Z/' || i AS "identity/TimeInterval",
    '123456789012' AS "bill/PayerAccountId", 'Anniversary' AS "bill/BillType", 'AWS' AS "bill/BillingEntity",
    '2026-10-01T00:00:00Z' AS "bill/BillingPeriodStartDate", '2026-11-01T00:00:00Z' AS "bill/BillingPeriodEndDate",
    '2000000000' || (10 + i % 40) AS "lineItem/UsageAccountId", 'Usage' AS "lineItem/LineItemType",
    '2026-10-' || lpad((1 + i % 31)::VARCHAR, 2, '0') || 'T' || lpad((i % 24)::VARCHAR, 2, '0') || ':00:00Z' AS "lineItem/UsageStartDate",
    '2026-10-' || lpad((1 + i % 31)::VARCHAR, 2, '0') || 'T' || lpad((i % 24)::VARCHAR, 2, '0') || ':59:59Z' AS "lineItem/UsageEndDate",
    'AmazonService' || (i % 60) AS "lineItem/ProductCode", 'EUC1-Usage:' || (i % 900) AS "lineItem/UsageType",
    'Operation' || (i % 120) AS "lineItem/Operation", 'i-' || md5((i % 50000)::VARCHAR) AS "lineItem/ResourceId",
    (i % 7)::DECIMAL(18,10)::VARCHAR AS "lineItem/UsageAmount", 'USD' AS "lineItem/CurrencyCode",
    CASE WHEN i % 10 = 0 THEN '1.' || i % 89 || 'E-8' ELSE (${scale} * (i * 7919 % 1000003) / 10000000000)::DECIMAL(18,10)::VARCHAR END AS "lineItem/UnblendedCost",
    '0.0230000000' AS "lineItem/UnblendedRate", (${scale} * (i * 7919 % 1000003) / 10000000000)::DECIMAL(18,10)::VARCHAR AS "lineItem/BlendedCost",
    '$0.023 per GB - usage type ' || (i % 900) AS "lineItem/LineItemDescription", 'Amazon Web Services EMEA SARL' AS "lineItem/LegalEntity",
    'Amazon Service ' || (i % 60) AS "product/ProductName", 'eu-central-1' AS "product/region", 'SKU' || (i % 900) AS "product/sku",
    (${scale} * (i * 7919 % 1000003) / 10000000000)::DECIMAL(18,10)::VARCHAR AS "pricing/publicOnDemandCost", 'OnDemand' AS "pricing/term",
    'GB' AS "pricing/unit", 'team' || (i % 30) AS "resourceTags/user:Team", CASE WHEN i % 3 = 0 THEN 'prod' END AS "resourceTags/user:Stage"
  FROM range(${Math.floor((lines * file) / filesOfMonth)}, ${Math.floor((lines * (file + 1)) / filesOfMonth)}) AS n(i)`

const plain = await DuckDBInstance.create(path.join(folder, 'plain.duckdb'), {
  memory_limit: `${values.memory}GiB`,
  temp_directory: path.join(folder, 'plain_spill'),
})
const plainConnection = await plain.connect()
const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

const deliver = async (version: string, scale: number): Promise<string[]> => {
  const root = path.join(source, 'daily/20261001-20261101')
  await mkdir(path.join(root, version), { recursive: true })
  const files: string[] = []
  for (let file = 0; file < filesOfMonth; file += 1) {
    const name = path.join(root, version, `daily-0000${file + 1}.${ending}`)
    const how = ending === 'parquet' ? 'FORMAT parquet' : 'FORMAT csv, HEADER, COMPRESSION gzip'
    await plainConnection.run(`COPY (${generate(file, scale)}) TO '${name}' (${how})`)
    files.push(name)
  }
  const manifest = {
    assemblyId: version,
    account: '123456789012',
    reportName: 'daily',
    billingPeriod: { start: '20261001T000000.000Z' },
    reportKeys: files.map((name) => path.relative(source, name)),
  }
  await writeFile(path.join(root, 'daily-Manifest.json'), JSON.stringify(manifest))
  return files
}

const lake = await openLake({
  catalog: { kind: 'file', path: path.join(folder, 'catalog.ducklake') },
  data: { kind: 'folder', path: path.join(folder, 'data') },
  extensionDirectory: values.extensions,
  temporaryDirectory: path.join(folder, 'spill'),
  memoryLimitGiB: Number(values.memory),
})
await reconcile(lake, billing.stages)
const activities = createBillingActivities({
  lake,
  codeVersion: 'bench',
  billingSource: { kind: 'folder', path: source },
})
const inActivity = <T>(work: () => Promise<T>): Promise<T> => new MockActivityEnvironment().run(work)
const load = async (asOf: string): Promise<Receipt> => {
  const plan: PlannedLoads = await inActivity(() => activities.planLoads({ asOf, input: billingImportInput.parse({}) }))
  const done: LoadResult = await inActivity(() =>
    activities.loadDeliveries({ asOf, snapshotId: plan.receipt?.snapshotId ?? 0, batch: 0, force: false }),
  )
  if (done.failed !== undefined) throw new Error(done.failed)
  return done.receipt
}

const reader = (files: readonly string[]) =>
  ending === 'parquet'
    ? `read_parquet([${files.map((file) => `'${file}'`).join(', ')}])`
    : `read_csv([${files.map((file) => `'${file}'`).join(', ')}])`
const first = await deliver('one', 1)
const plainSeconds = await timed(() => plainConnection.run(`CREATE TABLE bill AS FROM ${reader(first)}`))
const rssBefore = process.resourceUsage().maxRSS
let receipt: Receipt | undefined
const loadSeconds = await timed(async () => {
  receipt = await load('2026-11-02T00:00:00.000Z')
})
const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024)
const snapshot = receipt?.snapshotId ?? 0
const silver = await timed(() =>
  inActivity(() => activities.deriveSilver({ asOf: '2026-11-02T00:00:00.000Z', snapshotId: snapshot })),
)
const [silverAt] = await lake.session((session) => session.all('SELECT id FROM lake.current_snapshot()'))
const gold = await timed(() =>
  inActivity(() => activities.deriveGold({ asOf: '2026-11-02T00:00:00.000Z', snapshotId: Number(silverAt?.['id']) })),
)
await deliver('two', 2)
const replaceSeconds = await timed(() => load('2026-11-03T00:00:00.000Z'))

const questions = {
  'cost by service': ['service_name', '"product/ProductName"'],
  'cost by account': ['sub_account_id', '"lineItem/UsageAccountId"'],
} as const
const parquet = path.join(folder, 'plain.parquet')
await plainConnection.run(`COPY bill TO '${parquet}' (FORMAT parquet)`)
const median = async (work: () => Promise<unknown>): Promise<number> => {
  const seconds: number[] = []
  for (let round = 0; round < 7; round += 1) seconds.push(await timed(work))
  return seconds.sort((one, other) => one - other)[3] ?? 0
}
const rate = (seconds: number) => Math.round(lines / seconds).toLocaleString('en-US')
const rows = [
  { what: `plain CREATE TABLE AS, ${ending}`, seconds: plainSeconds.toFixed(1), 'lines/s': rate(plainSeconds) },
  { what: 'load: typed, checked, committed', seconds: loadSeconds.toFixed(1), 'lines/s': rate(loadSeconds) },
  { what: 'the same month replaced', seconds: replaceSeconds.toFixed(1), 'lines/s': rate(replaceSeconds) },
  { what: 'silver: charges', seconds: silver.toFixed(1), 'lines/s': rate(silver) },
  { what: 'gold: all tables', seconds: gold.toFixed(1), 'lines/s': rate(gold) },
]
for (const line of alignedColumns(rows)) console.log(line)
console.log(
  `${lines.toLocaleString('en-US')} lines; load against plain: ${(plainSeconds / loadSeconds).toFixed(2)}; peak RSS ${peakMiB} MiB (${Math.round(rssBefore / 1024)} before the load), memory_limit ${values.memory} GiB`,
)
for (const [question, [ours, theirs]] of Object.entries(questions)) {
  const gold = await median(() =>
    lake.session((session) =>
      session.all(`SELECT ${ours}, sum(billed_cost) FROM lake.billing_gold.monthly_costs GROUP BY ALL`),
    ),
  )
  const raw = await median(() =>
    plainConnection.runAndReadAll(
      `SELECT ${theirs}, sum("lineItem/UnblendedCost"::DOUBLE) FROM '${parquet}' GROUP BY ALL`,
    ),
  )
  console.log(`${question}: ${(gold * 1000).toFixed(0)} ms from gold, ${(raw * 1000).toFixed(0)} ms from plain Parquet`)
}
await lake.close()
plainConnection.closeSync()
plain.closeSync()
await rm(folder, { recursive: true, force: true })
