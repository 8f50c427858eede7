import { redact } from './http/redaction.js'
import { Secret } from './secret.js'

/** What a line is about, beside its text: names from definitions, ids and numbers. Never rows. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly number[] | undefined>>

export type LogLevel = 'info' | 'warn' | 'error'

/** Tells people and machines what happens. It is given on as `(line: string) => void` where nothing more is known. */
export type Log = (message: string, fields?: LogFields, level?: LogLevel) => void

export interface LogOptions {
  readonly stream: { write(text: string): unknown }
  /** One JSON object a line, else the text alone for a person. */
  readonly json: boolean
  /** Of what a line is part: `worker`, `api`. */
  readonly process: string
  /** Values that are replaced wherever they stand in a line. */
  readonly secrets: readonly string[]
  readonly now?: () => Date
}

/** Writes lines; as JSON each has `time` (ISO 8601, UTC), `level`, `process`, `message` and the fields given. */
export const createLog = ({ stream, json, process, secrets, now = () => new Date() }: LogOptions): Log => {
  const write = (text: string) => {
    stream.write(`${redact(text, secrets)}\n`)
  }
  return (message, fields = {}, level = 'info') => {
    if (json) write(JSON.stringify({ time: now().toISOString(), level, process, message, ...fields }))
    else write(message)
  }
}

/** Every secret that stands anywhere in a configuration, for `LogOptions.secrets`. */
export const secretsIn = (value: unknown): string[] => {
  if (value instanceof Secret) return [value.reveal()]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(secretsIn)
}
