import { type Command, InvalidArgumentError } from 'commander'
import { loadConfig } from '../../infra/config.js'
import { present } from '../../infra/optional.js'
import { runMaintenance } from '../commands/maintain.js'
import { runReplay } from '../commands/replay.js'
import { runRollback } from '../commands/rollback.js'
import { type JsonFlag, jsonOption, log, output, positive } from './terminal.js'

/** A replay's result travels through Temporal, where it is bounded. */
const upToFifty = (text: string): number => {
  if (positive(text) > 50) throw new InvalidArgumentError('it must be 50 at most.')
  return positive(text)
}

/** Commands that work on what runs have left: again, back, in order. */
export const addRunCommands = (program: Command): void => {
  program
    .command('replay <run>')
    .description(
      'derive a recorded run again from its pinned inputs and compare: the same code must make the same rows',
    )
    .option('--keep', 'leave the replayed tables in a schema of the lake')
    .option('--promote', 'put the replayed rows in place of what the stages hold')
    .option('--limit <count>', 'how many differing rows of each table', upToFifty, 20)
    .addOption(jsonOption)
    .action((run: string, flags: JsonFlag & { keep?: boolean; promote?: boolean; limit: number }) =>
      runReplay(loadConfig(), output(flags), log, {
        run,
        keep: flags.keep ?? false,
        promote: flags.promote ?? false,
        differences: flags.limit,
      }),
    )
  program
    .command('rollback')
    .description('restore a domain’s tables to a snapshot, as one new snapshot; history stays')
    .requiredOption('--to <version or time>', 'the snapshot to go back to')
    .option('--domain <name>', 'whose tables; the only domain by default')
    .option('--dry-run', 'say what would change, and change nothing')
    .option('--reason <text>', 'why, for the record', '')
    .addOption(jsonOption)
    .action((flags: JsonFlag & { to: string; domain?: string; dryRun?: boolean; reason: string }) =>
      runRollback(loadConfig(), output(flags), log, {
        to: flags.to,
        ...present({ domain: flags.domain }),
        dryRun: flags.dryRun ?? false,
        reason: flags.reason,
      }),
    )
  program
    .command('maintain')
    .description('merge, order and expire what the lake need not keep, on the running stack')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--input <json>', 'the input of lakeMaintenance, one JSON object', '{}')
    .addOption(jsonOption)
    .action(({ dryRun = false, ...flags }: JsonFlag & { dryRun?: boolean; input: string }) =>
      runMaintenance(loadConfig(), output(flags), log, { dryRun, input: flags.input }),
    )
}
