import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { type ExportFormat, exportFormats } from '../activities/lake/export_table.js'
import { parseMapping } from '../activities/lake/import_mapping.js'
import { loadConfig } from '../infra/config.js'
import { TributaryError } from '../infra/errors.js'
import type { Session } from '../infra/lake/session.js'
import { present } from '../infra/optional.js'
import { meta } from '../schemas/meta/index.js'
import { runBackup, runRestore } from './commands/backup.js'
import { printDiff } from './commands/diff.js'
import { runDoctor } from './commands/doctor.js'
import { runExport } from './commands/export.js'
import { printGaps } from './commands/gaps.js'
import { runImport } from './commands/import.js'
import { findTable, printLineage } from './commands/lineage.js'
import { runMaintenance } from './commands/maintain.js'
import { printQuality } from './commands/quality.js'
import { printQuery } from './commands/query.js'
import { runReplay } from './commands/replay.js'
import { runRollback } from './commands/rollback.js'
import { runPipeline } from './commands/run.js'
import { printSnapshots } from './commands/snapshots.js'
import { runStart } from './commands/start.js'
import { printStatus } from './commands/status.js'
import { printTables } from './commands/tables.js'
import { printTop } from './commands/top.js'
import { printWallet } from './commands/wallet.js'
import { domains } from './domains.js'
import { readLake } from './lake_command.js'
import { createOutput, type Output } from './output.js'
import { runWorker } from './worker_process.js'

interface JsonFlag {
  json?: boolean
}

interface ExportFlags extends JsonFlag {
  to: string
  all?: boolean
  at?: string
  format?: ExportFormat
}

interface ImportFlags extends JsonFlag {
  from: string
  sourceTable?: string
  map?: Record<string, string>
  replace?: boolean
  run?: string
  dryRun?: boolean
}

interface LineageFlags {
  column?: string
  upstream?: boolean
  downstream?: boolean
  gaps?: boolean
}

const log = (line: string): void => {
  process.stderr.write(`${line}\n`)
}
const output = ({ json = false }: JsonFlag): Output => createOutput(process.stdout, json)
const jsonOption = new Option('--json', 'print one JSON document')
const positive = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('it must be a whole number from 1 up.')
  return value
}

/** A replay's result travels through Temporal, where it is bounded. */
const upToFifty = (text: string): number => {
  if (positive(text) > 50) throw new InvalidArgumentError('it must be 50 at most.')
  return positive(text)
}

/** Opens the lake for one reading command. */
const reading = (
  work: (session: Session, output: Output) => Promise<void>,
  { at, ...flags }: JsonFlag & { at?: string },
): Promise<void> =>
  readLake(
    loadConfig(),
    log,
    (lake) => lake.session((session) => work(session, output(flags))),
    at === undefined ? {} : { at },
  )

const program = new Command('tributary')
  .description('Finds the wallets that really trade well, in a lake where every step is one atomic snapshot.')
  .showHelpAfterError('(tributary --help lists the commands)')
  .exitOverride()

program
  .command('up')
  .description('run the local stack: catalog, Temporal with its UI, worker')
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
  .command('tables')
  .description('every table, its size and what a row of it is')
  .addOption(jsonOption)
  .action((flags: JsonFlag) => {
    const defined = domains.map(({ domain }) => domain)
    return reading((session, out) => printTables(session, out, defined), flags)
  })
program
  .command('snapshots')
  .description('the newest snapshots: who, which step of which run, what rows')
  .option('--table <name>', 'only those that changed this table')
  .option('--limit <count>', 'how many', positive, 50)
  .addOption(jsonOption)
  .action((flags: JsonFlag & { limit: number; table?: string }) =>
    reading((session, out) => printSnapshots(session, out, flags), flags),
  )
program
  .command('query <sql>')
  .description('run SQL on the lake, read-only: "SELECT * FROM traders_published.smart_wallets"')
  .option('--at <version or time>', 'the lake as it was at a snapshot')
  .addOption(jsonOption)
  .action((sql: string, flags: JsonFlag & { at?: string }) =>
    reading((session, out) => printQuery(session, out, sql), flags),
  )
program
  .command('diff <table>')
  .description('how a table differs between two snapshots: rows by key, with the columns that changed')
  .requiredOption('--from <version or time>', 'the snapshot before')
  .option('--to <version or time>', 'the snapshot after; the newest by default')
  .option('--summary', 'only how many rows, in which columns')
  .option('--limit <count>', 'how many rows', positive, 20)
  .addOption(jsonOption)
  .action((table: string, flags: JsonFlag & { from: string; to?: string; summary?: boolean; limit: number }) =>
    reading((session, out) => {
      const tables = domains.flatMap(({ domain }) => domain.stages).flatMap((stage) => stage.tables)
      return printDiff(session, out, tables, { ...flags, table, summary: flags.summary ?? false })
    }, flags),
  )
program
  .command('lineage <table>')
  .description('what a table and each of its columns come from, and what is derived from them')
  .option('--column <name>', 'one column, over all steps')
  .option('--upstream', 'only what it comes from')
  .option('--downstream', 'only what is derived from it')
  .option('--gaps', 'the ranges of the source that are missing; ends with 1 where there are any')
  .addOption(jsonOption)
  .action(async (table: string, flags: JsonFlag & LineageFlags) => {
    const defined = domains.map(({ domain }) => domain)
    const { column, upstream = false, downstream = false, gaps = false } = flags
    if (!gaps) return printLineage(defined, output(flags), { table, column, upstream, downstream })
    await reading(async (session, out) => {
      if ((await printGaps(session, out, findTable(defined, table))) > 0) process.exitCode = 1
    }, flags)
  })
program
  .command('quality [table]')
  .description('what the checks say of each table, what did not hold first; and what was refused')
  .option('--check <name>', 'one check through time')
  .option('--limit <count>', 'how many rows of history', positive, 20)
  .addOption(jsonOption)
  .action((table: string | undefined, flags: JsonFlag & { check?: string; limit: number }) =>
    reading((session, out) => printQuality(session, out, { table, check: flags.check, limit: flags.limit }), flags),
  )
program
  .command('replay <run>')
  .description('derive a recorded run again from its pinned inputs and compare: the same code must make the same rows')
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
  .command('top')
  .description('the best wallets')
  .option('--limit <count>', 'how many', positive, 10)
  .addOption(jsonOption)
  .action((flags: JsonFlag & { limit: number }) =>
    reading((session, out) => printTop(session, out, flags.limit), flags),
  )
program
  .command('wallet <address>')
  .description('explain one wallet, from its verdict down to its lots')
  .addOption(jsonOption)
  .action((address: string, flags: JsonFlag) => reading((session, out) => printWallet(session, out, address), flags))
program
  .command('import <table>')
  .description('bring rows of Parquet files, a DuckDB database or a Delta table into a table, as one commit')
  .requiredOption('--from <path>', 'a Parquet file, a folder of them, a DuckDB database or a Delta table')
  .option('--source-table <name>', 'which table of a DuckDB database')
  .option('--map <pairs>', 'column=source_column,... where names differ', parseMapping)
  .option('--replace', 'all rows of the table make way; by default only rows with a new key are added')
  .option('--run <name>', 'a name for this import; the same source under another name is another import')
  .option('--dry-run', 'print the mapping and the counts, and write nothing')
  .addOption(jsonOption)
  .action((table: string, { dryRun = false, ...flags }: ImportFlags) => {
    const stages = domains.flatMap(({ domain }) => domain.stages)
    return runImport(loadConfig(), output(flags), log, stages, { table, dryRun, ...flags })
  })
program
  .command('export [table]')
  .description('write a table, or all of them, as of a snapshot, to Parquet or CSV')
  .requiredOption('--to <path>', 'a file that is not there yet, or a folder')
  .option('--all', 'every table')
  .option('--at <snapshot>', 'a snapshot’s number, or a time; default: the newest')
  .addOption(new Option('--format <format>', 'how rows are written').choices(exportFormats))
  .addOption(jsonOption)
  .action((table: string | undefined, { all = false, ...flags }: ExportFlags) => {
    const stages = [meta, ...domains.flatMap(({ domain }) => domain.stages)]
    return runExport(loadConfig(), output(flags), log, stages, {
      ...(table === undefined ? {} : { table }),
      all,
      ...flags,
    })
  })
program
  .command('backup')
  .description('copy the lake with its history to another place, as one state of it, and compare the two')
  .requiredOption(
    '--to <place>',
    'a folder or s3://bucket/prefix; what an earlier backup has there is not copied again',
  )
  .option('--compare <count>', 'snapshots whose every table is compared by hash, the newest among them', positive, 4)
  .addOption(jsonOption)
  .action((flags: JsonFlag & { to: string; compare: number }) => runBackup(loadConfig(), output(flags), log, flags))
program
  .command('restore')
  .description('make the empty lake of the configuration equal to a backup, and prove it by hash')
  .requiredOption('--from <place>', 'a folder or s3://bucket/prefix that holds a backup')
  .addOption(jsonOption)
  .action((flags: JsonFlag & { from: string }) => runRestore(loadConfig(), output(flags), log, flags))
program
  .command('maintain')
  .description('merge, order and expire what the lake need not keep, on the running stack')
  .option('--dry-run', 'say what would be done, and do nothing')
  .option('--input <json>', 'the input of lakeMaintenance, one JSON object', '{}')
  .addOption(jsonOption)
  .action(({ dryRun = false, ...flags }: JsonFlag & { dryRun?: boolean; input: string }) =>
    runMaintenance(loadConfig(), output(flags), log, { dryRun, input: flags.input }),
  )
program
  .command('doctor')
  .description('what is installed and reachable, and what to do about what is not')
  .addOption(jsonOption)
  .action((flags: JsonFlag) => runDoctor(loadConfig(), output(flags), log))
program
  .command('worker')
  .description('a worker alone, for a catalog and a Temporal that run elsewhere')
  .option('--take-over', 'new runs begin with this build, and it goes on with the runs of others')
  .action(({ takeOver = false }: { takeOver?: boolean }) => runWorker(loadConfig(), log, { takeOver }))

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
