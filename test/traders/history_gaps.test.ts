import { beforeAll, expect, test } from 'vitest'
import { type Coverage, findGaps } from '../../infra/lineage/gaps.js'
import { historyCursors } from '../../schemas/traders/bronze/history_cursors.js'
import { transactionHistory } from '../../schemas/traders/bronze/transaction_history.js'
import { DerivationBench, relationOf } from './derivation_bench.js'

let bench: DerivationBench
beforeAll(async () => {
  bench = await DerivationBench.open({})
})

/** What is read of one wallet as of 12:00 on 21 November, by its cursor: hours of that day, whole seconds at both ends. */
const coverageOf = async (cursor: {
  covered?: [string, string]
  ahead?: [string, string]
  isComplete: boolean
}): Promise<Coverage> => {
  const moment = (hour: string | undefined) => (hour === undefined ? 'NULL' : `'2026-11-21 ${hour}+00'`)
  const { covered = [], ahead = [], isComplete } = cursor
  await bench.fill(
    historyCursors,
    `SELECT 'wallet' AS wallet_address, '2026-11-21 12:00:00+00' AS as_of, ${moment(covered[0])} AS covered_from,
      ${moment(covered[1])} AS covered_to, ${moment(ahead[0])} AS unfinished_before, ${moment(ahead[1])} AS read_to,
      ${isComplete} AS is_complete, 1 AS transaction_count`,
  )
  const ranges = transactionHistory.ranges?.select({ cursors: relationOf(historyCursors) })
  return findGaps(bench.session, `(${ranges})`)
}
const gap = (start: string | null, end: string) => ({
  partition: 'wallet',
  start: start === null ? null : `2026-11-21T${start}Z`,
  end: `2026-11-21T${end}Z`,
})

test('a history that is complete has no gap, and its last second is part of it', async () => {
  const { partitions, gaps } = await coverageOf({ covered: ['01:00:00', '11:55:00'], isComplete: true })
  expect(partitions).toEqual([{ ...gap('01:00:00', '11:55:01'), ranges: 1 }])
  expect(gaps).toEqual([])
})

test('what a run left between the newest and what was known is a gap, to the second', async () => {
  const { gaps, overlaps } = await coverageOf({
    covered: ['01:00:00', '03:00:00'],
    ahead: ['09:00:00', '11:55:00'],
    isComplete: false,
  })
  expect(gaps).toEqual([gap('03:00:01', '09:00:00')])
  expect(overlaps).toEqual([])
})

test('a history that was cut short on its way back is missing all that is older', async () => {
  expect((await coverageOf({ covered: ['09:00:00', '11:55:00'], isComplete: false })).gaps).toEqual([
    gap(null, '09:00:00'),
  ])
})

test('a wallet of which nothing could be read is missing whole', async () => {
  expect((await coverageOf({ isComplete: false })).gaps).toEqual([gap(null, '12:00:00')])
})
