import { defineStage } from '../table.js'
import { changes } from './changes.js'
import { commits } from './commits.js'
import { datasets } from './datasets.js'
import { lineage } from './lineage.js'
import { pins } from './pins.js'
import { quality } from './quality.js'
import { refusals } from './refusals.js'
import { schemaVersions } from './schema_versions.js'

/** What the lake knows about itself, written in the same transactions as the data it describes. */
export const meta = defineStage(
  'meta',
  [commits, refusals, datasets, schemaVersions, changes, pins],
  [lineage, quality],
)
