import type { Lake } from '../../infra/lake/lake.js'
import { measureTables, type TableFiles } from '../../infra/lake/table_files.js'
import { meta } from '../../schemas/meta/index.js'
import type { Stage } from '../../schemas/table.js'

interface Survey {
  readonly tables: readonly TableFiles[]
  readonly note: string
}

/** The files of every table as they are now, the lake's own among them. */
export const surveyTables = async (lake: Lake, stages: readonly Stage[]): Promise<Survey> => {
  const names = [meta, ...stages].flatMap(({ tables }) => tables).map(({ name }) => name)
  const tables = await lake.session((session) => measureTables(session, names))
  const files = tables.reduce((sum, each) => sum + each.files, 0)
  const bytes = tables.reduce((sum, each) => sum + each.bytes, 0)
  return { tables, note: `${tables.length} tables, ${files} files, ${bytes} bytes` }
}
