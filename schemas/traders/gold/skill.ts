import type { Intermediate } from '../../table.js'
import { conductRules } from './rules.js'
import { scoredPositions } from './scored_positions.js'
import { walletVerdicts } from './wallet_verdicts.js'

/** What the variance of a wallet's returns is believed to be before it has any: worth as many positions as this. */
const priorDegrees = 4
/** One-sided 95 % point of the normal distribution. */
const z = 1.6448536269514722
/** No population is so even that its edges, or the returns of a wallet, are less than 1 % apart. */
const leastSpread = 0.01
/** The deviation of a return where there is no wallet to learn it from. */
const usualDeviation = 0.1
const squaredMillionths = (share: number): number => Math.round((1e6 * share) ** 2)

/** Student's quantile from the normal one (Abramowitz and Stegun 26.7.5, two terms). */
const studentQuantile = (degrees: string): string =>
  `(${z} + ${(z ** 3 + z) / 4} / ${degrees} + ${(5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96} / pow(${degrees}, 2))`

/** The variance of a mean when observations of one group move together (Liang and Zeger), over what it is when none do. */
const clusterVariance = (group: string): string => `
  SELECT wallet_address, count(*) AS groups, sum(total * total)::DOUBLE AS tt, sum(total * n)::DOUBLE AS tn, sum(n * n)::DOUBLE AS nn
  FROM (SELECT wallet_address, sum(x) AS total, count(*) AS n FROM position GROUP BY wallet_address, ${group}) GROUP BY wallet_address`

const designEffect = (by: string): string =>
  `if(${by}.groups < 2, n, least(n, greatest(1, ${by}.groups / (${by}.groups - 1.0)
    * (${by}.tt - 2 * m * ${by}.tn + m * m * ${by}.nn) / n / nullif(s2, 0))))`

/** One row per wallet with a position: its edge, the mean logarithmic return of a position, and what can be said of it. */
export const skill: Intermediate = {
  name: 'skill',
  derive: {
    from: { positions: scoredPositions, verdicts: walletVerdicts },
    select: ({ positions, verdicts }) => `
WITH position AS (SELECT wallet_address, token_address, day, x::HUGEINT AS x FROM ${positions}
), by_day AS (${clusterVariance('day')}
), by_token AS (${clusterVariance('token_address')}
), wallet AS (
  SELECT wallet_address, count(*) AS n, count(DISTINCT token_address) AS tokens, count(DISTINCT day) AS days,
    sum(x)::DOUBLE / count(*) AS m,
    (count(*) * sum(x * x) - sum(x) * sum(x))::DOUBLE / count(*) / nullif(count(*) - 1, 0) AS s2
  FROM position GROUP BY wallet_address
), correlated AS (
  SELECT wallet.*, greatest(${designEffect('by_day')}, ${designEffect('by_token')}) AS design_effect
  FROM wallet JOIN by_day USING (wallet_address) JOIN by_token USING (wallet_address)
), people AS (
  SELECT wallet_address FROM ${verdicts} WHERE rule IN (${conductRules.map((name) => `'${name}'`).join(', ')})
  GROUP BY wallet_address HAVING bool_and(passed)
), population AS (FROM correlated SEMI JOIN people USING (wallet_address)
), pooled AS (
  SELECT greatest(${squaredMillionths(leastSpread)}, coalesce(
    sum((n - 1) * s2 ORDER BY wallet_address) / nullif(sum(n - 1), 0), ${squaredMillionths(usualDeviation)})) AS s02 FROM population WHERE n > 1
), moderated AS (
  SELECT correlated.*, (${priorDegrees} * s02 + (n - 1) * coalesce(s2, 0)) / (${priorDegrees} + n - 1) * design_effect / n AS v
  FROM correlated, pooled
), weighted AS (
  SELECT sum(1 / v ORDER BY wallet_address) AS w, sum(1 / v / v ORDER BY wallet_address) AS ww,
    sum(m / v ORDER BY wallet_address) AS wm, sum(m * m / v ORDER BY wallet_address) AS wmm, count(*) AS k
  FROM moderated SEMI JOIN people USING (wallet_address)
), spread AS (
  SELECT greatest(${squaredMillionths(leastSpread)}, coalesce((wmm - wm * wm / w - (k - 1)) / nullif(w - ww / w, 0), 0)) AS tau2 FROM weighted
), centre AS (
  -- a sceptical prior: a rising market is nobody's skill
  SELECT least(0, sum(m / (v + tau2) ORDER BY wallet_address) / sum(1 / (v + tau2) ORDER BY wallet_address)) AS mu
  FROM moderated SEMI JOIN people USING (wallet_address), spread
)
SELECT wallet_address, n AS positions, tokens, days, m / 1e6 AS edge, design_effect,
  (mu + tau2 / (tau2 + v) * (m - mu)) / 1e6 AS shrunk_edge,
  (mu + tau2 / (tau2 + v) * (m - mu) - ${studentQuantile(`(${priorDegrees} + n / design_effect - 1)`)} * sqrt(tau2 * v / (tau2 + v))) / 1e6 AS edge_lower_bound,
  sqrt(tau2 * v / (tau2 + v)) / 1e6 AS edge_deviation, mu / 1e6 AS population_edge, sqrt(tau2) / 1e6 AS population_spread
FROM moderated, spread, centre`,
  },
}
