import { existsSync } from 'node:fs'
import type { Config } from '../../infra/config.js'
import { type Finding, finding } from '../../infra/doctor/finding.js'
import { inspectLake } from '../../infra/doctor/lake.js'
import { inspect } from '../../infra/doctor.js'
import { homeHolder } from '../../infra/stack/home_lock.js'
import { readLake } from '../lake_command.js'
import type { Output } from '../output.js'

/** Prints what was found of everything the project needs. The exit code is 1 where something is missing or wrong. */
export const runDoctor = async (config: Config, output: Output, log: (line: string) => void): Promise<void> => {
  const needs = await inspect(config)
  const findings = [...needs, ...(await lakeFindings(config, needs, log))]
  if (output.json) output.rows(findings.map((finding) => ({ ...finding })))
  else
    output.rows(
      findings.map(({ status, name, version, source, path, advice }) => ({
        status,
        name,
        version,
        source,
        path,
        advice,
      })),
    )
  if (findings.some(({ status }) => status !== 'ok')) process.exitCode = 1
}

/** What reading the lake takes; a doctor starts and fetches nothing for it. */
const lakeNeeds = ['catalog', 'data', 'ducklake', 'httpfs', 'postgres_scanner']

const lakeFindings = async (
  config: Config,
  needs: readonly Finding[],
  log: (line: string) => void,
): Promise<Finding[]> => {
  const lacking = needs.find(({ name, status }) => lakeNeeds.includes(name) && status !== 'ok')
  const why = lacking === undefined ? await unread(config) : `${lacking.name} is ${lacking.status}`
  if (why !== undefined) return [finding('lake', 'ok', { advice: `not looked at: ${why}` })]
  return readLake(config, log, (lake) => inspectLake(lake)).catch((error: Error) => [
    finding('lake', 'wrong', { advice: error.message }),
  ])
}

/** Why the lake is not read now, if it is not. */
const unread = async ({ catalog, home }: Config): Promise<string | undefined> => {
  if (catalog.kind === 'postgres') return undefined
  const holder = await homeHolder(home)
  if (catalog.kind === 'embedded') {
    return holder?.details['catalog'] === undefined ? 'its catalog runs with `npx tributary up`' : undefined
  }
  if (holder !== undefined) return 'a file catalog is the worker’s while it runs'
  return existsSync(catalog.path) ? undefined : 'there is none yet'
}
