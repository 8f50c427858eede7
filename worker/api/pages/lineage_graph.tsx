import type { Table } from '../../../schemas/table.js'
import { type LineageEdge, layersOf } from '../../readings/lineage_graph.js'
import type { Place } from './place.js'

const box = { width: 214, height: 28, gap: 12, space: 76 }
const top = 26

interface LineageGraphProps {
  readonly tables: readonly Table[]
  readonly edges: readonly LineageEdge[]
  readonly place: Place
  /** The table that the page is about, marked. */
  readonly here?: string
}

/** Tables in the order data flows through them, each a link; a line says that the right one is derived from the left one. */
export const LineageGraph = ({ tables, edges, place, here }: LineageGraphProps) => {
  const shown = here === undefined ? new Set(tables.map(({ name }) => name)) : connected(here, edges)
  const layers = layersOf(tables)
    .map(({ name, tables: all }) => ({ name, tables: all.filter((each) => shown.has(each)) }))
    .filter((layer) => layer.tables.length > 0)
  const places = new Map(
    layers.flatMap((layer, x) =>
      layer.tables.map(
        (name, y) => [name, { x: x * (box.width + box.space), y: top + y * (box.height + box.gap) }] as const,
      ),
    ),
  )
  const width = layers.length * (box.width + box.space) - box.space
  const height = top + Math.max(...layers.map((layer) => layer.tables.length)) * (box.height + box.gap)
  return (
    <section class="scroll" tabindex={0} aria-label="Lineage graph">
      <p class="visually-hidden">{sentence(edges.filter(({ from, to }) => shown.has(from) && shown.has(to)))}</p>
      <svg class="lineage" viewBox={`-4 0 ${width + 8} ${height}`} width={width + 8} height={height}>
        <title>Lineage graph</title>
        {edges.map(({ from, to }) => {
          const [start, end] = [places.get(from), places.get(to)]
          return start === undefined || end === undefined ? null : <path d={curve(start, end)} />
        })}
        {layers.map(({ name }, x) => (
          <text class="layer" x={x * (box.width + box.space)} y={14}>
            {name}
          </text>
        ))}
        {[...places].map(([name, { x, y }]) => (
          <a href={place.link(`/data/tables/${name}`)} class={name === here ? 'here' : undefined}>
            <rect x={x} y={y} width={box.width} height={box.height} rx={6} />
            <text x={x + 10} y={y + 18}>
              {labelOf(name, tables[0]?.schema ?? '')}
            </text>
          </a>
        ))}
      </svg>
    </section>
  )
}

interface Point {
  readonly x: number
  readonly y: number
}

/** From the right side of a box to the left one of another; within a layer around its right side. */
const curve = (start: Point, end: Point): string => {
  const [x1, y1] = [start.x + box.width, start.y + box.height / 2]
  const [x2, y2] = [end.x, end.y + box.height / 2]
  if (start.x === end.x) return `M${x1} ${y1} C${x1 + 40} ${y1} ${x1 + 40} ${y2} ${x1} ${y2}`
  const bend = Math.max(30, (x2 - x1) / 2)
  return `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`
}

/** What a table comes from and what is derived from it, directly or over others. */
const connected = (here: string, edges: readonly LineageEdge[]): ReadonlySet<string> => {
  const reach = (next: (name: string) => string[]): Set<string> => {
    const found = new Set([here])
    for (const name of found) for (const each of next(name)) found.add(each)
    return found
  }
  const above = reach((name) => edges.flatMap(({ from, to }) => (to === name ? [from] : [])))
  const below = reach((name) => edges.flatMap(({ from, to }) => (from === name ? [to] : [])))
  return new Set([...above, ...below])
}

const sentence = (edges: readonly LineageEdge[]): string => {
  const sources = new Map<string, string[]>()
  for (const { from, to } of edges) sources.set(to, [...(sources.get(to) ?? []), from])
  const parts = [...sources].map(([to, from]) => `${to} from ${from.join(', ')}`)
  return parts.length === 0 ? 'Nothing is derived.' : `Derived: ${parts.join('; ')}.`
}

/** The table's name; with its domain's where that is not the first one. */
const labelOf = (name: string, schema: string): string => {
  const [domain, first] = [name, schema].map((each) => each.split('_')[0])
  const table = name.slice(name.indexOf('.') + 1)
  return domain === first ? table : `${domain}: ${table}`
}
