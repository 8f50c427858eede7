import { holds } from '../../schemas/check.js'
import { integer, text } from '../../schemas/column.js'
import { defineStage, defineTable, type Stage } from '../../schemas/table.js'

const columns = { wallet: text, token: text, number: integer, lane: text }

export const scratchDefinition = {
  dataset: { purpose: 'test', subject: 'swap', grain: 'swap' },
  grain: 'One row per swap.',
  columns,
  key: ['number'],
  checks: { 'the number is there': holds('number >= 0') },
  example: { wallet: 'w', token: 't', number: 1, lane: 'a' },
  clusteredBy: ['wallet', 'token', 'number'],
  maintenance: { clusterMinBytes: 0 },
} as const

export const whole = defineTable('scratch_bronze.whole', scratchDefinition)
export const inLanes = defineTable('scratch_bronze.in_lanes', { ...scratchDefinition, partitionedBy: ['lane'] })

/** Two clustered tables, one of them partitioned, whose rows are numbered. */
export const scratchStage: Stage = defineStage('scratch_bronze', [whole, inLanes])
