import { holds } from '../../check.js'
import { text } from '../../column.js'
import { defineTable } from '../../table.js'
import { tiers } from '../gold/rules.js'

/** Every tier there is, and none, for a wallet that is not ranked. */
export const tierNames = [...tiers.map(({ name }) => name as string), 'promising', 'none']
const known = tierNames.map((name) => `'${name}'`).join(', ')

/** The tier that a wallet was last said to have: a publication is compared with it, whatever became of the ones before. */
export const announcedTiers = defineTable('traders_live.announced_tiers', {
  dataset: { purpose: 'announcement', subject: 'wallet', grain: 'tier' },
  grain: 'One row per wallet that was ever ranked in a published run.',
  source: ['raise_alerts'],
  columns: {
    wallet_address: text,
    /** `none` once it is ranked no more. */
    tier: text,
    /** The published run that said so. */
    logical_run: text,
  },
  key: ['wallet_address'],
  checks: {
    'a tier is known': holds(`tier IN (${known})`),
    'a run has a logical time': holds("logical_run LIKE '____-__-__T%Z'"),
    'a wallet is named': holds("wallet_address <> ''"),
  },
  example: {
    wallet_address: '7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5',
    tier: 'elite',
    logical_run: '2026-11-21T06:00:00.000Z',
  },
})
