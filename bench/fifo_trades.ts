import { DuckDBInstance } from '@duckdb/node-api'

/**
 * Trades of 20,000 wallets in 20 of 1,000 tokens each over 90 days, in the order of time: 52 % buys, amounts and prices drawn evenly,
 * so that sales cut lots anywhere and one in five finds nothing to sell. Addresses and hashes as long as Solana's.
 */
export const generateTrades = async (database: string, rows: number): Promise<void> => {
  const instance = await DuckDBInstance.create(database, { threads: '2', memory_limit: '3GB' })
  const connection = await instance.connect()
  await connection.run(`
CREATE TABLE trades AS
WITH wallets AS (SELECT i::INTEGER AS wallet, substr(md5('w' || i) || md5('v' || i), 1, 44) AS wallet_address FROM range(20000) AS r(i)),
tokens AS (SELECT i::INTEGER AS token, substr(md5('t' || i) || md5('u' || i), 1, 44) AS token_address FROM range(1000) AS r(i)),
drawn AS (SELECT i, (hash(i) % 400000)::INTEGER AS pair, hash(i, 1) AS h1, hash(i, 2) AS h2, hash(i, 3) AS h3 FROM range(${rows}) AS r(i))
SELECT wallet_address, token_address, md5('x' || i) || md5('y' || i) || substr(md5('z' || i), 1, 24) AS tx_hash,
  (h1 % 5)::INTEGER AS ins_index, 0::INTEGER AS inner_ins_index, to_timestamp(1756000000 + i * 7776000 // ${rows}) AS block_time,
  (300000000 + i * 19440000 // ${rows})::BIGINT AS block_number, if(h2 % 100 < 52, 'buy', 'sell') AS side,
  (1000000 + h1 % 1000000000000)::DECIMAL(38,0) AS quantity_raw,
  (((1000000 + h1 % 1000000000000) * (50 + h3 % 100)) / 1e9)::DECIMAL(38,12) AS value_usd
FROM drawn JOIN wallets ON wallet = pair // 20 JOIN tokens ON token = (pair // 20 * 7 + pair % 20 * 53) % 1000`)
  connection.closeSync()
  instance.closeSync()
}
