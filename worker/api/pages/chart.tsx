import type { EChartsCoreOption } from 'echarts/core'
import { raw } from 'hono/html'

/** Colours by their role: a placeholder that ECharts can work with, and the variable of the style sheet that takes its place. */
const roles = {
  ink: ['#010101', '--ink'],
  faint: ['#020202', '--faint'],
  line: ['#030303', '--line'],
  surface: ['#040404', '--surface'],
  accent: ['#050505', '--accent'],
  good: ['#060606', '--good'],
  bad: ['#070707', '--bad'],
  warn: ['#080808', '--warn'],
} as const
export type ChartColor = keyof typeof roles
export const color = (role: ChartColor): string => roles[role][0]

/** One for a desk and one for a phone: text in a picture does not grow with the page. */
const sizes = [
  { kind: 'wide', width: 1180, height: 240 },
  { kind: 'narrow', width: 360, height: 210 },
] as const

/** ECharts takes most of a second to load, so it is loaded when it is first needed, and only what pages use. */
const loadCharts = async () => {
  const [core, { BarChart, LineChart }, { GridComponent }, { SVGRenderer }] = await Promise.all([
    import('echarts/core'),
    import('echarts/charts'),
    import('echarts/components'),
    import('echarts/renderers'),
  ])
  core.use([BarChart, LineChart, GridComponent, SVGRenderer])
  return core
}

interface ChartProps {
  /** What a person who does not see it is told. */
  readonly label: string
  readonly caption: string
  readonly option: EChartsCoreOption
  /** For a place half as wide. */
  readonly half?: boolean
}

/** A chart as SVG in the page's own colours: it works without script, and in light and dark. */
export const Chart = async ({ label, caption, option, half = false }: ChartProps) => {
  const core = await loadCharts()
  const drawn = sizes.map(({ kind, width, height }) => {
    const chart = core.init(null, null, {
      renderer: 'svg',
      ssr: true,
      width: half && kind === 'wide' ? width / 2 : width,
      height,
    })
    try {
      chart.setOption({ animation: false, textStyle: { fontFamily: 'inherit' }, ...option })
      return { kind, svg: ownColors(chart.renderToSVGString()) }
    } finally {
      // An instance that is left keeps the process from ending.
      chart.dispose()
    }
  })
  return (
    <figure>
      {drawn.map(({ kind, svg }) => (
        <div class={kind} role="img" aria-label={label}>
          {raw(svg)}
        </div>
      ))}
      <figcaption>{caption}</figcaption>
    </figure>
  )
}

/** Without the style element, which the page's policy refuses, and hidden from what reads the label instead. */
const ownColors = (svg: string): string =>
  Object.values(roles)
    .reduce((text, [placeholder, variable]) => text.replaceAll(placeholder, `var(${variable})`), svg)
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/(<svg[^>]*?) width="\d+" height="\d+"/, '$1 aria-hidden="true" focusable="false"')
    .replaceAll(/ (class="zr[^"]*"|ecmeta_\w+="[^"]*")/g, '')

/** Axes, grid and text as all charts have them. */
export const axes = (x: object, y: object): EChartsCoreOption => ({
  grid: { left: 4, right: 12, top: 16, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
  xAxis: {
    axisLine: { lineStyle: { color: color('line') } },
    axisTick: { show: false },
    axisLabel: { color: color('faint'), hideOverlap: true },
    splitLine: { show: false },
    ...x,
  },
  yAxis: {
    type: 'value',
    axisLabel: { color: color('faint') },
    splitLine: { lineStyle: { color: color('line') } },
    ...y,
  },
})
