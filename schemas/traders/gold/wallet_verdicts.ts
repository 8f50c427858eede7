import { holds } from '../../check.js'
import { boolean, double, nullable, text, timestamp } from '../../column.js'
import { defineTable } from '../../table.js'
import { type Rule, ruleParameters, rules, type Unit } from './rules.js'
import { walletFigures } from './wallet_figures.js'

/** SQL that writes a DOUBLE for a person. */
const inWords = (value: string, unit: Unit): string => {
  const number = (digits: number, of = value) => `format('{:,.${digits}f}', ${of})`
  if (unit === 'usd') return `${number(2)} || ' USD'`
  if (unit === 'share') return `${number(2, `100 * ${value}`)} || ' %'`
  if (unit === 'days') return `${number(2)} || ' days'`
  return `if(${value} = round(${value}), ${number(0)}, ${number(2)})`
}

const verdict = ({ name, comparison, figure, subject, unit, unknown }: Rule): string => {
  const value = `${figure}::DOUBLE`
  const threshold = `$${name}::DOUBLE`
  const limit = `${comparison === '>=' ? 'at least' : 'at most'} ' || ${inWords(threshold, unit)} || '`
  const start = `${subject.charAt(0).toUpperCase()}${subject.slice(1)} is`
  return `{rule: '${name}', value: ${value}, threshold: ${threshold}, comparison: '${comparison}',
    passed: coalesce(${value} ${comparison} ${threshold}, false),
    explanation: CASE WHEN ${figure} IS NULL THEN '${start} unknown, because ${unknown}: ${limit} is asked for.'
      WHEN ${value} ${comparison} ${threshold} THEN '${start} ' || ${inWords(value, unit)} || ': ${limit} is asked for.'
      ELSE '${start} ' || ${inWords(value, unit)} || ', but ${limit} is asked for.' END}`
}

const ruleNames = rules.map(({ name }) => `'${name}'`).join(', ')

/**
 * Why a wallet is in smart_wallets or not: each rule's figure over the wallet's whole history up to `as_of`, its threshold in
 * this run, and the verdict. A figure that is unknown does not pass.
 */
export const walletVerdicts = defineTable('traders_gold.wallet_verdicts', {
  dataset: { purpose: 'verdict', subject: 'wallet', grain: 'rule' },
  grain: 'One row per evaluated wallet and rule.',
  columns: {
    wallet_address: text,
    as_of: timestamp,
    /** The name of the threshold in the run's input, in snake_case. */
    rule: text,
    value: nullable(double),
    threshold: double,
    /** How value must stand to threshold: `>=` or `<=`. */
    comparison: text,
    passed: boolean,
    /** The verdict as a sentence. */
    explanation: text,
  },
  key: ['wallet_address', 'rule'],
  sortedBy: ['wallet_address', 'rule'],
  checks: {
    'a rule is known': holds(`rule IN (${ruleNames})`),
    'a verdict follows from value and threshold': holds(
      "passed = coalesce(CASE comparison WHEN '>=' THEN value >= threshold WHEN '<=' THEN value <= threshold END, false)",
    ),
    'every wallet is judged by every rule': {
      severity: 'blocking',
      type: 'completeness',
      offending: 'count(DISTINCT rule) * count(DISTINCT wallet_address) - count(*)',
    },
    'a verdict is explained': holds("explanation LIKE '%.'"),
  },
  example: {
    wallet_address: '7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5',
    as_of: new Date('2026-11-21T06:00:00Z'),
    rule: 'min_roi',
    value: 0.1266875,
    threshold: 0.01,
    comparison: '>=',
    passed: true,
    explanation: 'The return on the cost of what was sold is 12.67 %: at least 1.00 % is asked for.',
  },
  derive: {
    from: { figures: walletFigures },
    parameters: ruleParameters,
    select: ({ figures }) => `
SELECT wallet_address, as_of, v.rule, v.value, v.threshold, v.comparison, v.passed, v.explanation
FROM (SELECT wallet_address, as_of, unnest([${rules.map(verdict).join(', ')}]) AS v FROM ${figures})`,
  },
})
