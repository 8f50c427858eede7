import type { Config } from '../../infra/config.js'
import { inspect } from '../../infra/doctor.js'
import type { Output } from '../output.js'

/** Prints what was found of everything the project needs. The exit code is 1 where something is missing or wrong. */
export const runDoctor = async (config: Config, output: Output): Promise<void> => {
  const findings = await inspect(config)
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
