import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Lake, openLake } from '../../infra/lake/lake.js'
import { reconcile } from '../../infra/lake/reconcile.js'
import type { Stage } from '../../schemas/table.js'
import { extensionDirectory } from './extensions.js'

export interface ScratchLake {
  readonly lake: Lake
  readonly folder: string
  close(): Promise<void>
}

export const scratchCatalogs = ['file'] as const

/** A real DuckLake on a file catalog in a temporary folder, with these stages created. */
export const openScratchLake = async (
  stages: readonly Stage[],
  _catalog: (typeof scratchCatalogs)[number] = 'file',
): Promise<ScratchLake> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-lake-'))
  const lake = await openLake({
    catalog: { kind: 'file', path: path.join(folder, 'catalog.ducklake') },
    data: { kind: 'folder', path: path.join(folder, 'data') },
    extensionDirectory: await extensionDirectory(),
    temporaryDirectory: path.join(folder, 'spill'),
  })
  await reconcile(lake, stages)
  return {
    lake,
    folder,
    close: async () => {
      await lake.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
