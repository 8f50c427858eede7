import { Argument, type Command } from 'commander'
import { loadConfig } from '../../infra/config.js'
import { runBackfill } from '../commands/backfill.js'
import { runSchedule, type ScheduleAction, scheduleActions } from '../commands/schedule.js'
import { runTctl } from '../commands/tctl.js'
import { jsonObject } from '../pipelines.js'
import { schedules } from '../schedules.js'
import { type JsonFlag, jsonOption, log, output, positive } from './terminal.js'

interface BackfillFlags extends JsonFlag {
  from: string
  to: string
  dryRun?: boolean
  all?: boolean
  parallel: number
  every?: string
  input: string
}

/** Commands that start runs by time, for times past, and as tctl did. */
export const addTriggerCommands = (program: Command): void => {
  program
    .command('schedule')
    .description('the declared schedules: what the server holds of them, and whether they are paused')
    .addArgument(new Argument('<action>').choices(scheduleActions))
    .argument('[schedule]', 'which one, to pause, resume or trigger')
    .option('--reason <text>', 'why it is paused or resumed, for the record')
    .option('--prune', 'with apply: delete what the file has no more')
    .addOption(jsonOption)
    .action((action: ScheduleAction, id: string | undefined, flags: JsonFlag & { reason?: string; prune?: boolean }) =>
      runSchedule(loadConfig(), output(flags), schedules, {
        action,
        id,
        reason: flags.reason,
        prune: flags.prune ?? false,
      }),
    )
  program
    .command('backfill <pipeline>')
    .description('run a pipeline for the times of a range that the lake has no run of')
    .requiredOption('--from <time>', 'the first logical time')
    .requiredOption('--to <time>', 'the end, not part of it')
    .option('--dry-run', 'say which windows would run, and run none')
    .option('--all', 'also the windows that are in the lake already')
    .option('--parallel <count>', 'windows at once', positive, 2)
    .option(
      '--every <duration>',
      'how far windows lie apart, like "6 hours"; default: as the pipeline’s schedule has them',
    )
    .option('--input <json>', 'each run’s input, one JSON object', '{}')
    .addOption(jsonOption)
    .action((pipeline: string, { json = false, dryRun = false, all = false, input, ...flags }: BackfillFlags) =>
      runBackfill(loadConfig(), output({ json }), log, {
        pipeline,
        dryRun,
        all,
        ...flags,
        input: jsonObject(input),
      }),
    )
  program
    .command('tctl [words...]')
    .description('what the retired tctl did: tctl workflow start|run|show|list|describe|signal|terminate|cancel|query')
    .allowUnknownOption()
    .helpOption(false)
    .action((words: string[]) => runTctl(loadConfig(), output({}), words))
}
