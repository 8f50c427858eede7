import { type Command, Option } from 'commander'
import { type ExportFormat, exportFormats } from '../../activities/lake/export_table.js'
import { parseMapping } from '../../activities/lake/import_mapping.js'
import { loadConfig } from '../../infra/config.js'
import { meta } from '../../schemas/meta/index.js'
import { runBackup, runRestore } from '../commands/backup.js'
import { runExport } from '../commands/export.js'
import { runImport } from '../commands/import.js'
import { domains } from '../domains.js'
import { type JsonFlag, jsonOption, log, output, positive } from './terminal.js'

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

/** Commands that carry data into the lake, out of it, and elsewhere. */
export const addCarryingCommands = (program: Command): void => {
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
}
