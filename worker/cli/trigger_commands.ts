import { Argument, type Command } from 'commander'
import { loadConfig } from '../../infra/config.js'
import { runSchedule, type ScheduleAction, scheduleActions } from '../commands/schedule.js'
import { schedules } from '../schedules.js'
import { type JsonFlag, jsonOption, output } from './terminal.js'

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
}
