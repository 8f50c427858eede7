import type { DuckDBConnection } from '@duckdb/node-api'

/**
 * What one would write by hand: rows in order through the client, a queue of lots for each wallet and token. In doubles, which
 * is kinder to it than the exact arithmetic it is compared with.
 */
export const typescriptLoop = async (connection: DuckDBConnection): Promise<number> => {
  const result = await connection.stream(`
SELECT wallet_address, token_address, side = 'buy', quantity_raw::DOUBLE, value_usd::DOUBLE FROM trades
ORDER BY wallet_address, token_address, block_time, block_number, tx_hash, ins_index, inner_ins_index`)
  const realized: number[] = []
  let lots: { quantity: number; price: number }[] = []
  let front = 0
  let group = ''
  for await (const chunk of result) {
    const columns = [0, 1, 2, 3, 4].map((index) => chunk.getColumnValues(index))
    const [wallets = [], tokens = [], sides = [], quantities = [], values = []] = columns
    for (let row = 0; row < chunk.rowCount; row++) {
      const own = `${wallets[row]}/${tokens[row]}`
      if (own !== group) {
        group = own
        lots = []
        front = 0
      }
      const quantity = Number(quantities[row])
      const price = Number(values[row]) / quantity
      if (sides[row] === true) {
        lots.push({ quantity, price })
        continue
      }
      let [left, pnl, matched] = [quantity, 0, false]
      for (let lot = lots[front]; left > 0 && lot !== undefined; lot = lots[front]) {
        const taken = Math.min(left, lot.quantity)
        pnl += taken * (price - lot.price)
        lot.quantity -= taken
        left -= taken
        matched = true
        if (lot.quantity === 0) front += 1
      }
      if (matched) realized.push(pnl)
    }
  }
  return realized.length
}
