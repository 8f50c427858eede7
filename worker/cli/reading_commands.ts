import type { Command } from 'commander'
import { printDiff } from '../commands/diff.js'
import { printGaps } from '../commands/gaps.js'
import { findTable, printLineage } from '../commands/lineage.js'
import { printQuality } from '../commands/quality.js'
import { printQuery } from '../commands/query.js'
import { printSnapshots } from '../commands/snapshots.js'
import { printTables } from '../commands/tables.js'
import { printTop } from '../commands/top.js'
import { printWallet } from '../commands/wallet.js'
import { domains } from '../domains.js'
import { type JsonFlag, jsonOption, output, positive, reading } from './terminal.js'

interface LineageFlags {
  column?: string
  upstream?: boolean
  downstream?: boolean
  gaps?: boolean
}

/** Commands that read the lake and its definitions. */
export const addReadingCommands = (program: Command): void => {
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
}
