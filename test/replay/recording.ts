import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type History, type HistoryJson, toHistoryJson } from './history_json.js'

const folder = fileURLToPath(new URL('.', import.meta.url))

/** One real run: what a workflow type did, how it ended, and the release whose code it was. */
export interface Recording extends RecordingName {
  readonly history: HistoryJson
}

interface RecordingName {
  readonly workflowType: string
  readonly outcome: string
  readonly release: string
}

export const fileOf = ({ workflowType, outcome, release }: RecordingName): string =>
  path.join(folder, workflowType, `${outcome}.${release}.json`)

/** Every recording there is. */
export const readRecordings = async (): Promise<Recording[]> => {
  const names = await readdir(folder, { recursive: true })
  return Promise.all(
    names.toSorted().flatMap((name) => {
      const [, workflowType, outcome, release] = /^(\w+)\/([a-z_]+)\.(\d.*)\.json$/.exec(name) ?? []
      if (workflowType === undefined || outcome === undefined || release === undefined) return []
      return [readRecording({ workflowType, outcome, release })]
    }),
  )
}

const readRecording = async (name: RecordingName): Promise<Recording> => ({
  ...name,
  history: JSON.parse(await readFile(fileOf(name), 'utf8')),
})

/** How the SDK names a worker in its tasks and queues. */
const machine = `${process.pid}@${os.hostname()}`

const withoutMachine = (name: string, value: unknown): unknown => {
  if (name === 'stackTrace') return ''
  return typeof value === 'string' ? value.replaceAll(machine, 'recorded') : value
}

/** Writes a history as a file of one event a line, without the names and paths of this machine. */
export const writeRecording = async (name: RecordingName, history: History): Promise<void> => {
  const { events } = toHistoryJson(history)
  const file = fileOf(name)
  await mkdir(path.dirname(file), { recursive: true })
  const lines = events.map((event) => JSON.stringify(event, withoutMachine))
  await writeFile(file, `{"events":[\n${lines.join(',\n')}\n]}\n`)
}
