/** One answer of `/trader/txs/seek_by_time` with every field that the documentation shows; all values made up, the same every time. */
export const swapPage = (page: number, size: number, hasNext: boolean): string => {
  const items = Array.from({ length: size }, (_, index) => swap(page * size + index))
  return JSON.stringify({ data: { items, hasNext }, success: true }).replace(/"#(-?\d+)"/g, '$1')
}

const solPriceUsd = 182.32

const swap = (number: number) => {
  const random = (salt: number) => (Math.imul(number + 1, 2654435761) ^ Math.imul(salt + 7, 40503)) >>> 0
  const isBuy = random(1) % 2 === 0
  const token = address(random(2) % 500, 'pump')
  const solRaw = 1_000_000 + random(3)
  const tokenRaw = BigInt(random(4)) * 1_000_000_007n
  const tokenPrice = ((solRaw / 1e9) * solPriceUsd) / (Number(tokenRaw) / 1e5)
  const seconds = 1_795_000_000 - number * 3
  return {
    base: leg('SOL', 9, 'So11111111111111111111111111111111111111112', BigInt(solRaw), !isBuy, solPriceUsd),
    quote: leg('TOKEN', 5, token, tokenRaw, isBuy, tokenPrice),
    base_price: solPriceUsd,
    quote_price: tokenPrice,
    tx_hash: address(number, 'x').padEnd(88, 'R'),
    source: 'raydium',
    block_unix_time: seconds,
    block_number: 300_000_000 - number,
    tx_type: 'swap',
    address: address(random(5) % 900, 'Poo1'),
    owner: address(random(6) % 100, 'Wa11et'),
    volume_usd: (solRaw / 1e9) * solPriceUsd,
    volume: solRaw / 1e9,
    ins_index: random(7) % 5,
    inner_ins_index: random(8) % 4,
    signers: [address(random(6) % 100, 'Wa11et')],
    interacted_program_id: '675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8',
  }
}

const leg = (symbol: string, decimals: number, mint: string, raw: bigint, isGained: boolean, price: number) => ({
  symbol,
  decimals,
  address: mint,
  amount: `#${raw}`,
  type: 'transferChecked',
  type_swap: isGained ? 'to' : 'from',
  ui_amount: Number(raw) / 10 ** decimals,
  price,
  nearest_price: price,
  change_amount: `#${isGained ? raw : -raw}`,
  ui_change_amount: (isGained ? 1 : -1) * (Number(raw) / 10 ** decimals),
  is_scaled_ui_token: false,
  multiplier: null,
})

const address = (number: number, suffix: string): string =>
  `${(number * 7_919 + 11).toString(36).replace(/[0il]/g, 'z')}${'k'.repeat(44)}`.slice(0, 40) + suffix
