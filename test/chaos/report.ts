import { readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CampaignOptions } from './campaign.js'
import { type Figures, percentile } from './figures.js'
import type { FoundMutation } from './mutations.js'
import type { StackFaultOptions, StackFigures } from './stack_faults.js'

/** The checkout, from dist.chaos/test/chaos/. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..')
const page = path.join(root, 'docs', 'reliability.md')

const grouped = (value: number): string => value.toLocaleString('en-US')
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`

/** What a run showed, as the rows of a Markdown table. */
export const figureLines = (figures: Figures): string[] => {
  const rows: [string, string][] = [
    ['worlds', grouped(figures.worlds)],
    ['SIGKILLs', grouped(figures.killCount)],
    ['of them after the commit had landed and before it was acknowledged', grouped(figures.landed)],
    ['commits there twice', grouped(figures.duplicates)],
    ['acknowledged commits lost', grouped(figures.losses)],
    ['snapshots examined for half a step', grouped(figures.snapshots)],
    ['reads beside the writers', grouped(figures.reads)],
    ['orphan files, all swept and no live one', grouped(figures.orphans)],
    ['kill to next acknowledged step, median', seconds(figures.recoveryMs(0.5))],
    ['kill to next acknowledged step, 95th percentile', seconds(figures.recoveryMs(0.95))],
    ...[...figures.counts].map(([what, count]): [string, string] => [what, grouped(count)]),
    ['failures', grouped(figures.failures.length)],
  ]
  return ['| | |', '|---|--:|', ...rows.map(([what, value]) => `| ${what} | ${value} |`)]
}

/** Puts the figures of a run, with what it ran on, into docs/reliability.md. */
export const publishFigures = async (figures: Figures, options: CampaignOptions): Promise<void> => {
  const { seed, only, catalogs, lanes } = options
  const places = [...figures.kills].sort(([a], [b]) => (a < b ? -1 : 1))
  await replaceSection('figures', [
    `${new Date().toISOString().slice(0, 10)}, seed ${seed} and up, ${only.join(', ')}, ${catalogs.join(' and ')} catalog, ${lanes} worlds at a time, ${machineName()}:`,
    '',
    ...figureLines(figures),
    '',
    '| killed | PostgreSQL | file |',
    '|---|--:|--:|',
    ...places.map(([place, { postgres, file }]) => `| ${place} | ${grouped(postgres)} | ${grouped(file)} |`),
  ])
}

/** What faults of the whole product showed, as the rows of a Markdown table. */
export const stackFigureLines = ({ recoveriesMs, resumesMs, failures }: StackFigures): string[] => {
  const killed: [string, string][] = [
    ['SIGKILLs of the worker', grouped(recoveriesMs.length)],
    ['kill to the next completed activity, median', seconds(percentile(recoveriesMs, 0.5))],
    ['kill to the next completed activity, 95th percentile', seconds(percentile(recoveriesMs, 0.95))],
  ]
  const interrupted: [string, string][] = [
    ['outages of Temporal', grouped(resumesMs.length)],
    ['Temporal back to the next completed activity, longest', seconds(Math.max(0, ...resumesMs))],
  ]
  const rows: [string, string][] = [
    ...(recoveriesMs.length > 0 ? killed : []),
    ...(resumesMs.length > 0 ? interrupted : []),
    ['failures', grouped(failures.length)],
  ]
  return ['| | |', '|---|--:|', ...rows.map(([what, value]) => `| ${what} | ${value} |`)]
}

/** Puts the figures of the whole product, with what it ran on, into docs/reliability.md: of what ran, the rest stays as it is. */
export const publishStackFigures = async (
  { recoveriesMs, resumesMs, failures }: StackFigures,
  { seed, outageMs }: StackFaultOptions,
): Promise<void> => {
  // What a process takes to start depends on what else runs.
  const load = os.loadavg()[1]?.toFixed(1)
  const section = (name: string, faults: string, figures: StackFigures) =>
    replaceSection(name, [
      `${new Date().toISOString().slice(0, 10)}, seed ${seed}, ${faults}, ${machineName()}, load ${load}:`,
      '',
      ...stackFigureLines(figures),
    ])
  if (recoveriesMs.length > 0) await section('workers', 'F3', { recoveriesMs, resumesMs: [], failures })
  if (resumesMs.length > 0)
    await section('outages', `F4, outages of ${outageMs / 1_000} s`, { recoveriesMs: [], resumesMs, failures })
}

/** Puts which seed shows which removed guard into docs/reliability.md. */
export const publishMutations = (found: readonly FoundMutation[]): Promise<void> =>
  replaceSection('mutations', [
    '| guard removed | shown by | how it shows |',
    '|---|---|---|',
    ...found.map(({ name, command, evidence }) => `| ${name} | \`${command}\` | ${evidence} |`),
  ])

const replaceSection = async (name: string, lines: readonly string[]): Promise<void> => {
  const text = await readFile(page, 'utf8')
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${page} has lost its lines ${begin} and ${end}: put them back`)
  await writeFile(page, `${text.slice(0, from + begin.length)}\n${lines.join('\n')}\n${text.slice(to)}`)
}

const machineName = (): string => {
  const [cpu] = os.cpus()
  return `${os.cpus().length} cores (${cpu?.model.trim() ?? os.arch()}), ${Math.round(os.totalmem() / 1024 ** 3)} GB, Node ${process.versions.node}, ${os.platform()}`
}
