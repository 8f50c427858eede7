import type { Command } from 'commander'
import { loadConfig } from '../../infra/config.js'
import { runDoctor } from '../commands/doctor.js'
import { runPipeline } from '../commands/run.js'
import { runStart } from '../commands/start.js'
import { printStatus } from '../commands/status.js'
import { domains } from '../domains.js'
import { type JsonFlag, jsonOption, log, output, processLog } from './terminal.js'

/** Commands that run something and say what runs. */
export const addStackCommands = (program: Command): void => {
  program
    .command('up')
    .description('run the local stack: catalog, Temporal with its UI, worker, dashboard')
    .action(() => runStart(loadConfig(), output({}), log, { pipeline: undefined, once: false }))
  program
    .command('start')
    .description('up, and one run of the smart-trader pipeline; what npm start does')
    .option('--once', 'stop when the run is done')
    .option('--input <json>', 'the run’s input, one JSON object', '{}')
    .action(({ once = false, input }: { once?: boolean; input: string }) =>
      runStart(loadConfig(), output({}), log, { pipeline: { name: 'traders', input }, once }),
    )
  program
    .command('run <pipeline>')
    .description(`start a run of ${domains.map(({ domain }) => domain.name).join(' or ')} on the running stack`)
    .option('--input <json>', 'the run’s input, one JSON object', '{}')
    .option('--wait', 'follow the run to its end')
    .addOption(jsonOption)
    .action((pipeline: string, flags: JsonFlag & { input: string; wait?: boolean }) =>
      runPipeline(loadConfig(), output(flags), log, { name: pipeline, input: flags.input, wait: flags.wait ?? false }),
    )
  program
    .command('status')
    .description('what runs, what ran, and what the lake holds of it')
    .addOption(jsonOption)
    .action((flags: JsonFlag) => printStatus(loadConfig(), output(flags), log))
  program
    .command('doctor')
    .description('what is installed and reachable, and what to do about what is not')
    .addOption(jsonOption)
    .action((flags: JsonFlag) => runDoctor(loadConfig(), output(flags), log))
  program
    .command('worker')
    .description('a worker alone, for a catalog and a Temporal that run elsewhere')
    .option('--take-over', 'new runs begin with this build, and it goes on with the runs of others')
    .action(async ({ takeOver = false }: { takeOver?: boolean }) => {
      // What only this command needs takes longer to load than most commands run.
      const { runWorker } = await import('../worker_process.js')
      const config = loadConfig()
      return runWorker(config, processLog('worker', config), { takeOver })
    })
  program
    .command('api')
    .description('dashboard, HTTP API and receivers alone, for a catalog and a Temporal that run elsewhere')
    .action(async () => {
      const { runApi } = await import('../api/api_process.js')
      const config = loadConfig()
      await runApi(config, processLog('api', config))
    })
}
