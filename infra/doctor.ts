import type { Config } from './config.js'
import type { Finding } from './doctor/finding.js'
import { inspectMachine } from './doctor/machine.js'
import { inspectServices } from './doctor/services.js'
import { inspectTools } from './doctor/tools.js'

/**
 * Everything the project needs: whether it is there, which version, from where, and what to do about what is missing.
 * Starts, fetches and writes nothing, and never throws; every cached tool is hashed whole.
 */
export async function inspect(config: Config): Promise<Finding[]> {
  const groups = await Promise.all([inspectMachine(config), inspectTools(config), inspectServices(config)])
  return groups.flat()
}
