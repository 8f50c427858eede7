import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Reads `<who> <parquet file>` a line, loads the file into memory, commits it, and answers with the milliseconds of the commit alone. */
const script = `
import os, sys, time
import pyarrow.parquet as parquet
from deltalake import write_deltalake
from pyiceberg.catalog.sql import SqlCatalog
folder = sys.argv[1]
os.makedirs(folder + '/iceberg')
os.makedirs(folder + '/delta')
catalog = SqlCatalog('bench', uri='sqlite:///' + folder + '/iceberg/catalog.db', warehouse='file://' + folder + '/iceberg')
catalog.create_namespace('bench')
tables = {}
def delta(name, rows):
    write_deltalake(folder + '/delta/' + name, rows, mode='append')
def iceberg(name, rows):
    tables[name].append(rows)
for line in sys.stdin:
    who, name, file = line.split(' ', 2)
    rows = parquet.read_table(file.strip(), partitioning=None)
    if who == 'iceberg' and name not in tables:
        tables[name] = catalog.create_table('bench.' + name, schema=rows.schema)
    start = time.perf_counter()
    {'delta': delta, 'iceberg': iceberg}[who](name, rows)
    print((time.perf_counter() - start) * 1000, flush=True)
`

export interface PythonWriters {
  /** Milliseconds of one commit of the file's rows. */
  commit(who: 'delta' | 'iceberg', table: string, file: string): Promise<number>
  close(): Promise<void>
}

/** delta-rs and pyiceberg (SQLite catalog) in one Python process, which writes below the folder. */
export const startPython = (python: string, folder: string): PythonWriters => {
  const child: ChildProcess = spawn(python, ['-c', script, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('no pipes')
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  return {
    commit: async (who, table, file) => {
      stdin.write(`${who} ${table} ${file}\n`)
      const { value, done } = await lines.next()
      if (done === true) throw new Error(`${python} ended; it needs deltalake, pyiceberg[sql-sqlite] and pyarrow`)
      return Number(value)
    },
    close: async () => {
      const closed = once(child, 'close')
      stdin.end()
      await closed
    },
  }
}
