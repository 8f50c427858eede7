import { Command, CommanderError } from 'commander'
import { TributaryError } from '../infra/errors.js'
import { addBillingCommands } from './cli/billing_commands.js'
import { addCarryingCommands } from './cli/carrying_commands.js'
import { addReadingCommands } from './cli/reading_commands.js'
import { addRunCommands } from './cli/run_commands.js'
import { addStackCommands } from './cli/stack_commands.js'
import { log } from './cli/terminal.js'
import { addTriggerCommands } from './cli/trigger_commands.js'

const program = new Command('tributary')
  .description('Finds the wallets that really trade well, in a lake where every step is one atomic snapshot.')
  .showHelpAfterError('(tributary --help lists the commands)')
  .exitOverride()

for (const add of [
  addStackCommands,
  addReadingCommands,
  addBillingCommands,
  addRunCommands,
  addTriggerCommands,
  addCarryingCommands,
])
  add(program)

// A reader that has seen enough (`| head`) is no failure; the command goes on to end cleanly.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

/** One message for whatever went wrong: ours say what to do; anything else is a defect and shows where. */
const report = (error: unknown): number => {
  if (error instanceof CommanderError) return error.exitCode
  if (error instanceof TributaryError) log(`tributary: ${error.message}`)
  else log(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return 1
}

process.exitCode = await program.parseAsync().then(
  () => process.exitCode ?? 0,
  (error: unknown) => report(error),
)
// A client that asked a server which is stopped by now goes on trying for a minute; the work is done, so that is not waited for.
process.stdout.write('', () => process.exit())
