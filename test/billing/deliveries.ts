import { mkdir, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'

/** A line under the names of version 2.0 of the report; what is absent has no value. */
export type Line = Readonly<Record<string, string>>

export type Spelling = 'slash' | 'underscore' | 'glued'
export type Layout = 'create_new_report' | 'overwrite_report' | 'data_export'

interface DeliveryOptions {
  readonly account?: string
  readonly month?: string
  readonly exportName?: string
  readonly version?: string
  readonly layout?: Layout
  readonly spelling?: Spelling
  readonly format?: 'csv.gz' | 'parquet'
  readonly lines: readonly Line[]
  /** When AWS delivered it. */
  readonly at?: string
  /** In how many files. */
  readonly files?: number
  readonly manifest?: object
  /** Does something to the bytes of the last file. */
  readonly damage?: (bytes: Buffer) => Buffer | undefined
  /** Replaces the SELECT that a Parquet file is made of: from `lines`, all of text. */
  readonly select?: string
}

const camel = (word: string): string => word.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

const categories = ['line_item', 'savings_plan', 'resource_tags', 'cost_category', 'split_line_item']

/** `line_item_usage_type` as `lineItem/UsageType` or `lineitemusagetype`; a tag `resource_tags_user_team` as `resourceTags/user:team`. */
const spelled = (name: string, spelling: Spelling): string => {
  if (spelling === 'underscore' || !name.includes('_')) return name
  if (spelling === 'glued') return name.replaceAll('_', '')
  const category = categories.find((each) => name.startsWith(`${each}_`)) ?? name.slice(0, name.indexOf('_'))
  const rest = name.slice(category.length + 1)
  if (category === 'resource_tags') return `resourceTags/${rest.replace('user_', 'user:')}`
  const word = camel(rest)
  return `${camel(category)}/${category === 'product' ? word : word.charAt(0).toUpperCase() + word.slice(1)}`
}

const nextMonth = (month: string): string => {
  const [year = 0, number = 0] = month.split('-').map(Number)
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 7)
}

const csvField = (value: string | undefined): string =>
  value === undefined ? '' : /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value

const columnsOf = (lines: readonly Line[]): string[] => [...new Set(lines.flatMap((line) => Object.keys(line)))]

const csvOf = (lines: readonly Line[], header: readonly string[], spelling: Spelling): Buffer => {
  const rows = lines.map((line) => header.map((name) => csvField(line[name])).join(','))
  return gzipSync(`${[header.map((name) => spelled(name, spelling)).join(','), ...rows].join('\n')}\n`)
}

const writeParquet = async (file: string, lines: readonly Line[], select: string): Promise<void> => {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const json = `${file}.json`
  await writeFile(json, JSON.stringify(lines))
  const shape = columnsOf(lines).map((name) => `"${name}": 'VARCHAR'`)
  await connection.run(
    `COPY (WITH lines AS (FROM read_json('${json}', columns = {${shape.join(', ')}})) ${select}) TO '${file}' (FORMAT parquet)`,
  )
  connection.closeSync()
  instance.closeSync()
}

/** Writes one delivery below `source` as AWS would: the data, then the manifest. Resolves to the manifest's path. */
export const deliver = async (source: string, options: DeliveryOptions): Promise<string> => {
  const { account = '111111111111', month = '2026-10', exportName = 'daily', version = 'v1', lines } = options
  const {
    layout = 'create_new_report',
    spelling = 'slash',
    format = 'csv.gz',
    files = 1,
    select = 'FROM lines',
  } = options
  const at = new Date(options.at ?? `${nextMonth(month)}-03T00:00:00Z`)
  const root = `${account}/${exportName}`
  const period = `${month.replace('-', '')}01-${nextMonth(month).replace('-', '')}01`
  const folders = {
    create_new_report: { data: `${root}/${period}/${version}`, metadata: `${root}/${period}` },
    overwrite_report: { data: `${root}/${period}`, metadata: `${root}/${period}` },
    data_export: { data: `${root}/data/BILLING_PERIOD=${month}`, metadata: `${root}/metadata/BILLING_PERIOD=${month}` },
  }[layout]
  const header = columnsOf(lines)
  const perFile = Math.ceil(lines.length / files)
  const names: string[] = []
  for (let index = 0; index < files; index += 1) {
    const part = lines.slice(index * perFile, (index + 1) * perFile)
    const name = `${folders.data}/${exportName}-${String(index + 1).padStart(5, '0')}.${format}`
    const file = path.join(source, name)
    names.push(name)
    await mkdir(path.dirname(file), { recursive: true })
    if (format === 'parquet') await writeParquet(file, part, select)
    else {
      const bytes = csvOf(part, header, spelling)
      const damaged = index === files - 1 && options.damage !== undefined ? options.damage(bytes) : bytes
      if (damaged !== undefined) await writeFile(file, damaged)
    }
  }
  const keys = names.map((name) => `aws-prefix/${name}`)
  const manifest =
    layout === 'data_export'
      ? {
          executionId: version,
          exportArn: `arn:aws:bcm-data-exports:us-east-1:${account}:export/${exportName}`,
          dataFiles: keys.map((key) => `s3://bills/${key}`),
        }
      : {
          assemblyId: version,
          account,
          reportName: exportName,
          billingPeriod: {
            start: `${month.replace('-', '')}01T000000.000Z`,
            end: `${nextMonth(month).replace('-', '')}01T000000.000Z`,
          },
          bucket: 'bills',
          reportKeys: keys,
        }
  const text = JSON.stringify({ ...manifest, ...options.manifest })
  const above = `${folders.metadata}/${exportName}-Manifest.json`
  for (const name of layout === 'create_new_report'
    ? [`${folders.data}/${exportName}-Manifest.json`, above]
    : [above]) {
    const file = path.join(source, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text)
    await utimes(file, at, at)
  }
  return above
}

/** Hourly use of a month, deterministic: amounts with ten decimals, three accounts, three services. */
export const usageLines = (count: number, { account = '111111111111', month = '2026-10', scale = 1 } = {}): Line[] =>
  Array.from({ length: count }, (_, index) => {
    const [day, hour] = [String(1 + (index % 28)).padStart(2, '0'), String(index % 24).padStart(2, '0')]
    const start = `${month}-${day}T${hour}:00:00Z`
    const end = `${month}-${day}T${hour}:59:59Z`
    const service = ['AmazonEC2', 'AmazonS3', 'AWSLambda'][index % 3] ?? ''
    return {
      identity_line_item_id: `line${index % 50}`,
      identity_time_interval: `${start}/${end}/${index}`,
      bill_payer_account_id: account,
      bill_bill_type: 'Anniversary',
      bill_billing_period_start_date: `${month}-01T00:00:00Z`,
      bill_billing_period_end_date: `${nextMonth(month)}-01T00:00:00Z`,
      line_item_usage_account_id: `20000000000${index % 3}`,
      line_item_line_item_type: 'Usage',
      line_item_usage_start_date: start,
      line_item_usage_end_date: end,
      line_item_product_code: service,
      line_item_usage_type: `${service}-Usage`,
      line_item_usage_amount: String(1 + (index % 7)),
      line_item_currency_code: 'USD',
      line_item_unblended_cost: ((((index * 7919) % 1_000_003) / 1e10) * scale).toFixed(10),
      product_region: index % 2 === 0 ? 'eu-central-1' : 'us-east-1',
      ...(index % 4 === 0 ? {} : { resource_tags_user_team: `team, "${index % 4}"` }),
    }
  })

/** What the lines cost, in units of 10^-18, by whole numbers alone. */
export const exactTotal = (lines: readonly Line[]): bigint =>
  lines.reduce((sum, line) => {
    const [whole = '0', fraction = ''] = (line['line_item_unblended_cost'] ?? '0').replace('-', '').split('.')
    const units = BigInt(whole + fraction.padEnd(18, '0'))
    return sum + ((line['line_item_unblended_cost'] ?? '').startsWith('-') ? -units : units)
  }, 0n)
