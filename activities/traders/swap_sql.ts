import type { transactionHistory } from '../../schemas/traders/bronze/transaction_history.js'

type Column = keyof typeof transactionHistory.columns

/** Whole numbers are read as text, of which a fraction or a flag is told: DuckDB would round the one and count the other as 1. */
const leg = `STRUCT(address VARCHAR, symbol VARCHAR, decimals VARCHAR, change_amount VARCHAR, price DOUBLE, nearest_price DOUBLE,
  "changeAmount" VARCHAR, "nearestPrice" VARCHAR)`
const fields = {
  base: leg,
  quote: leg,
  base_price: 'DOUBLE',
  quote_price: 'DOUBLE',
  tx_hash: 'VARCHAR',
  ins_index: 'VARCHAR',
  inner_ins_index: 'VARCHAR',
  block_unix_time: 'BIGINT',
  block_number: 'VARCHAR',
  volume_usd: 'DOUBLE',
  source: 'VARCHAR',
  address: 'VARCHAR',
  interacted_program_id: 'VARCHAR',
}
/** Where `toSwap` would look too. */
const otherSpellings = [
  'innerInsIndex',
  'basePrice',
  'quotePrice',
  'volumeUSD',
  'pool_id',
  'poolId',
  'interactedProgramId',
]

const integer = (field: string, type = 'INTEGER'): string => `TRY_CAST(${field} AS ${type})`
/** By way of HUGEINT: DuckDB casts text to that in nanoseconds, to a wide DECIMAL in microseconds. */
const amount = (side: string): string => `TRY_CAST(${integer(`${side}.change_amount`, 'HUGEINT')} AS DECIMAL(38,0))`
const price = (side: string): string => `coalesce(${side}.price, ${side}_price, ${side}.nearest_price)`

/** `toSwap` for an item that is not odd. */
const columns: Readonly<Record<Column, string>> = {
  wallet_address: '$wallets[place]',
  tx_hash: 'tx_hash',
  ins_index: integer('ins_index'),
  inner_ins_index: `coalesce(${integer('inner_ins_index')}, -1)`,
  ins_index_is_fallback: 'false',
  block_time: 'to_timestamp(block_unix_time)',
  block_number: integer('block_number', 'BIGINT'),
  base_address: 'base.address',
  base_symbol: `nullif(base.symbol, '')`,
  base_decimals: integer('base.decimals'),
  base_change_raw: amount('base'),
  base_price_usd: price('base'),
  quote_address: 'quote.address',
  quote_symbol: `nullif(quote.symbol, '')`,
  quote_decimals: integer('quote.decimals'),
  quote_change_raw: amount('quote'),
  quote_price_usd: price('quote'),
  volume_usd: 'volume_usd',
  source: `nullif(source, '')`,
  pool_address: `nullif(address, '')`,
  program_id: `nullif(interacted_program_id, '')`,
}

const needed = [
  'tx_hash',
  'ins_index',
  'block_unix_time',
  'block_number',
  'volume_usd',
  ...['address', 'decimals', 'change_amount'].flatMap((name) => [`base.${name}`, `quote.${name}`]),
]
const whole = [
  ...['ins_index', 'inner_ins_index', 'base.decimals', 'quote.decimals'].map((field) => [field, integer(field)]),
  ['block_number', columns.block_number],
  ['base.change_amount', columns.base_change_raw],
  ['quote.change_amount', columns.quote_change_raw],
]
const texts = ['tx_hash', 'source', 'address', 'interacted_program_id'].concat(
  ['address', 'symbol'].flatMap((name) => [`base.${name}`, `quote.${name}`]),
)
/** A number has at most so many characters, unless it is an integer beyond all amounts. */
const longestNumber = 30
/** Any JSON becomes a text when a text is asked for. Told by the first character where possible: that costs least. */
const isBare = (field: string): string => `CASE
    WHEN ${field} >= ':' AND ${field} < '[' THEN false
    WHEN ${field} < ':' THEN strlen(${field}) < ${longestNumber} AND TRY_CAST(${field} AS DOUBLE) IS NOT NULL
    ELSE ${field} < '\\' OR (${field} >= '{' AND ${field} < '|') OR ${field} = 'true' OR ${field} = 'false' END`

/** What `toSwap` may take otherwise than `columns`, or refuse. To be true too often costs time; never to be false too often. */
const odd = [
  ...needed.map((field) => `${field} IS NULL`),
  // A whole number is written as it came: 1.5, true and 1e20 are not.
  ...whole.map(([field, value]) => `coalesce(${value}::VARCHAR, '') <> ${field}`),
  // Of a change of 0 `toSwap` knows more.
  ...['base', 'quote'].map(
    (side) => `${side}.change_amount = '0' OR ${side}."changeAmount" IS NOT NULL OR ${side}."nearestPrice" IS NOT NULL`,
  ),
  `NOT isfinite(${['base', 'quote'].map((side) => `coalesce(${price(side)}, 0)`).join(' + ')} + coalesce(volume_usd, 0))`,
  ...texts.map(isBare),
  `coalesce(${otherSpellings.map((name) => `"${name}"`).join(', ')}) IS NOT NULL`,
].join(' OR ')

const types = Object.entries(fields)
  .map(([name, type]) => `${name}: '${type}'`)
  .concat(otherSpellings.map((name) => `"${name}": 'VARCHAR'`))
  .join(', ')

/**
 * The rows of `$files` with an item a line, whose names are `$first` and the numbers after it, with three columns more: the number of
 * the file, whether the item has to be read by `toSwap`, and whether it lies outside its file's span. `$wallets`, `$from` and `$to`
 * have a value for each file. Fails where an item has a value that cannot be what it has to be.
 */
export const swapsOfFiles = `
  SELECT ${Object.entries(columns)
    .map(([column, expression]) => `${expression} AS ${column}`)
    .join(', ')},
    file, coalesce(${odd}, false) AS is_odd, block_unix_time NOT BETWEEN $from[place] AND $to[place] AS is_outside
  FROM (
    SELECT *, parse_filename(filename, true)::INTEGER AS file, file - $first + 1 AS place
    FROM read_json($files, format = 'newline_delimited', filename = true, columns = {${types}}))`
