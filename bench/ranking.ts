import { parseArgs } from 'node:util'
import { type Measured, mean, measureRankings, type Ranking, rankings } from './ranking_measure.js'

/**
 * How well the score tells skill from luck, on markets with planted truth.
 * Options: --seeds 50 --first 1 --wallets 300 --swaps 40000 --tokens 30 --max-transactions 10000
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    first: { type: 'string', default: '1' },
    wallets: { type: 'string', default: '300' },
    swaps: { type: 'string', default: '40000' },
    tokens: { type: 'string', default: '30' },
    'max-transactions': { type: 'string', default: '10000' },
  },
})
const size = {
  wallets: Number(values.wallets),
  swaps: Number(values.swaps),
  tokens: Number(values.tokens),
  maxTransactions: Number(values['max-transactions']),
}
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => Number(values.first) + index)

const started = performance.now()
const measured: Measured[] = []
for (const seed of seeds) measured.push(await measureRankings(seed, size))

const share = (holds: (market: Measured) => boolean) =>
  `${Math.round(100 * mean(measured.map((one) => +holds(one))))} %`
const percent = (value: number) => `${(100 * value).toFixed(1)} %`
const row = (name: Ranking) => {
  const precisions = measured.map(({ outcomes }) => outcomes[name].precision)
  const returns = measured.map(({ outcomes }) => outcomes[name].futureReturn)
  return {
    ranking: name,
    'precision mean': mean(precisions).toFixed(3),
    'precision min': Math.min(...precisions).toFixed(2),
    'seeds >= 0.9': share(({ outcomes }) => outcomes[name].precision >= 0.9),
    'score more precise': share(({ outcomes }) => outcomes.score.precision > outcomes[name].precision),
    '30 d return mean': percent(mean(returns)),
    '30 d return min': percent(Math.min(...returns)),
    'beats median': share(({ outcomes, medianReturn }) => outcomes[name].futureReturn > medianReturn),
    'score returns more': share(({ outcomes }) => outcomes.score.futureReturn > outcomes[name].futureReturn),
  }
}

console.log(`${seeds.length} markets from seed ${seeds[0]}: ${JSON.stringify(size)}`)
console.table(Object.keys(rankings).map((name) => row(name as Ranking)))
console.log(
  `population's median 30 d return ${percent(mean(measured.map(({ medianReturn }) => medianReturn)))}, ` +
    `of all skilled ${percent(mean(measured.map(({ skilledReturn }) => skilledReturn)))}; ` +
    `${mean(measured.map(({ skilled }) => skilled)).toFixed(0)} skilled planted, ` +
    `${mean(measured.map(({ ranked }) => ranked)).toFixed(1)} wallets ranked; ` +
    `${((performance.now() - started) / 1000 / seeds.length).toFixed(1)} s a market`,
)
