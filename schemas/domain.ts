import type { z } from 'zod'
import type { definePublications } from './publications.js'
import type { Stage, Table } from './table.js'

/** A domain's main workflow, as people start it: `npx tributary run <domain>`. */
export interface Pipeline {
  readonly workflowType: string
  /** The business key that its workflow ids begin with. */
  readonly workflowIdPrefix: string
  /** `asOf` is the run's logical time; every field has a default. */
  readonly input: z.ZodType<{ asOf?: string | undefined }>
  /** The step whose commit says that a run has done what it was for. Absent: the runs are of no window, and none can be missing. */
  readonly closingStep?: string
}

/** What readers of a domain see, of one run at a time. The stage holds the record of it and a view for each of the tables. */
export interface Published {
  readonly stage: Stage
  readonly publications: ReturnType<typeof definePublications>
  readonly tables: readonly Table[]
}

/** A domain's name is that of its folders and of its task queue; its stages stand in the order data flows through them. */
export interface Domain {
  readonly name: string
  readonly stages: readonly Stage[]
  readonly pipeline: Pipeline
  readonly published?: Published
}

/**
 * The domains of an installation, as listed. Throws where two have one name, or two tables one name as a dataset: neither could
 * then be told from the other.
 */
export const assembleDomains = <Entry extends { readonly domain: Domain }>(
  entries: readonly Entry[],
): readonly Entry[] => {
  const tables = entries.flatMap(({ domain }) => domain.stages.flatMap((stage) => stage.tables))
  const named = [
    ...entries.map(({ domain }) => ({ name: domain.name, of: `domain ${domain.name}` })),
    ...tables.map((table) => ({ name: table.dataset.name, of: table.name })),
  ]
  const first = new Map<string, string>()
  for (const { name, of } of named) {
    const other = first.get(name)
    if (other !== undefined)
      throw new Error(`${of}: the name ${name} is that of ${other} already; give one of them another`)
    first.set(name, of)
  }
  return entries
}
