import { InvalidArgumentError, Option } from 'commander'
import { type Config, loadConfig } from '../../infra/config.js'
import type { Session } from '../../infra/lake/session.js'
import { createLog, type Log, secretsIn } from '../../infra/log.js'
import { readLake } from '../lake_command.js'
import { createOutput, type Output } from '../output.js'

export interface JsonFlag {
  json?: boolean
}

/** What a person is told beside a command's output, which may go elsewhere. */
export const log = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

/** What a process that runs for long tells: text to a person at a terminal, a JSON object a line to a log. */
export const processLog = (process_: string, config: Config): Log =>
  createLog({
    stream: process.stderr,
    json: config.logFormat === undefined ? !process.stderr.isTTY : config.logFormat === 'json',
    process: process_,
    secrets: secretsIn(config),
  })

export const output = ({ json = false }: JsonFlag): Output => createOutput(process.stdout, json)

export const jsonOption = new Option('--json', 'print one JSON document')

/** Reads the value of an option that counts something. */
export const positive = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('it must be a whole number from 1 up.')
  return value
}

/** Opens the lake for one reading command. */
export const reading = (
  work: (session: Session, output: Output) => Promise<void>,
  { at, ...flags }: JsonFlag & { at?: string },
): Promise<void> =>
  readLake(
    loadConfig(),
    log,
    (lake) => lake.session((session) => work(session, output(flags))),
    at === undefined ? {} : { at },
  )
