import { inLake, quotedLiteral } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import { findGaps, type SourceRange } from '../../infra/lineage/gaps.js'
import type { Table } from '../../schemas/table.js'
import { count } from '../format.js'
import type { Cells, Output } from '../output.js'

/** Enough for a screen; `--json` has them all. */
const shownRows = 50

/** Prints which ranges of its source a table misses, and which were read more than once. Resolves to the number of gaps. */
export const printGaps = async (session: Session, output: Output, table: Table): Promise<number> => {
  const { partitions, gaps, overlaps } = await findGaps(session, rangesOf(table))
  const document = { table: table.name, source: table.source, partitions, gaps, overlaps }
  output.document(document, () => {
    const [many, name] = [partitions.length, partitions.length === 1 ? 'partition' : 'partitions']
    const ranges = partitions.reduce((sum, each) => sum + each.ranges, 0)
    output.line(
      many + gaps.length === 0
        ? `${table.name}: nothing that was written says which range of the source it is from`
        : `${table.name}: ${count(ranges)} ranges of the source in ${count(many)} ${name}`,
    )
    section(output, 'Gaps', gaps)
    section(output, 'Read more than once, which is no harm', overlaps)
  })
  return gaps.length
}

/** Told by the table's definition, or else by the commits that wrote it. */
const rangesOf = ({ name, dataset, ranges }: Table): string => {
  if (ranges === undefined) {
    return `(SELECT "partition", source_start, source_end FROM ${inLake('meta.lineage')}
      WHERE dataset IN (${quotedLiteral(name)}, ${quotedLiteral(dataset.name)}) AND undone_by IS NULL)`
  }
  const sources = Object.entries(ranges.from).map(([alias, from]) => [alias, inLake(from.name)])
  return `(${ranges.select(Object.fromEntries(sources))})`
}

const section = (output: Output, title: string, ranges: readonly SourceRange[]): void => {
  const more = ranges.length > shownRows ? `, the first ${shownRows} of ${count(ranges.length)} (--json has all)` : ''
  output.line(`\n${title}${more}`)
  output.rows(
    ranges.slice(0, shownRows).map(
      ({ partition, start, end }): Cells => ({
        partition: partition ?? '',
        from: start ?? 'as far as wanted',
        'up to': end,
      }),
    ),
    'none',
  )
}
