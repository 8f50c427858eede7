import { defineStage } from '../table.js'
import { commits } from './commits.js'
import { quality } from './quality.js'

/** What the lake knows about itself, written in the same transactions as the data it describes. */
export const meta = defineStage('meta', [commits, quality])
