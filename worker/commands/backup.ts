import path from 'node:path'
import { backupLake } from '../../activities/lake/backup_lake.js'
import type { Manifest } from '../../activities/lake/backup_manifest.js'
import { restoreLake } from '../../activities/lake/restore_lake.js'
import { type Config, placeNamed } from '../../infra/config.js'
import { count } from '../format.js'
import { openConfiguredLake } from '../lake_access.js'
import { commandCatalog, readLake } from '../lake_command.js'
import type { Output } from '../output.js'

type Log = (line: string) => void

/** Copies the lake to another place and compares the copy with it. */
export const runBackup = async (
  config: Config,
  output: Output,
  log: Log,
  { to, compare }: { readonly to: string; readonly compare: number },
): Promise<void> => {
  const result = await readLake(config, log, (lake) =>
    backupLake(lake, {
      to: placeNamed(to),
      catalog: config.catalog.kind === 'file' ? 'file' : 'postgres',
      data: config.data,
      scratch: scratchOf(config),
      compared: compare,
    }),
  )
  const { manifest, sha256, copiedFiles } = result
  output.document({ place: to, copiedFiles, sha256, ...summary(manifest) }, () => {
    output.line(`backup of snapshot ${manifest.snapshotId} in ${to}`)
    output.line(
      `  ${count(manifest.files.length)} files with ${count(bytesOf(manifest))} bytes, ${count(copiedFiles)} of them new`,
    )
    output.line(`  ${count(manifest.snapshots)} snapshots; every table is equal at ${comparedAt(manifest)}`)
    output.line(`  SHA-256 of the manifest, and so of everything: ${sha256}`)
    if (manifest.encrypted) output.line('  the catalog in it holds the keys of the encrypted files: guard it')
  })
}

/** Makes the lake of the configuration, which must be empty, equal to a backup. */
export const runRestore = async (
  config: Config,
  output: Output,
  log: Log,
  { from }: { readonly from: string },
): Promise<void> => {
  const place = placeNamed(from)
  const { catalog, close } = await commandCatalog(config, false)
  try {
    const manifest = await restoreLake({
      from: place,
      catalog: catalog.kind,
      data: config.data,
      scratch: scratchOf(config),
      open: ({ encrypted }) =>
        openConfiguredLake(config, catalog, { readOnly: false, encrypted: config.encrypted ?? encrypted, log }),
    })
    output.document({ place: from, ...summary(manifest) }, () => {
      output.line(`restored snapshot ${manifest.snapshotId} with ${count(manifest.snapshots)} snapshots from ${from}`)
      output.line(`  every table is equal at ${comparedAt(manifest)}`)
      if (manifest.encrypted) output.line('  its files are encrypted; their keys are in the catalog')
    })
  } finally {
    await close()
  }
}

/** Removed with what the lake spilled. */
const scratchOf = ({ home }: Config): string => path.join(home, 'spill', String(process.pid))

const bytesOf = ({ files, catalog }: Manifest): number => files.reduce((sum, { bytes }) => sum + bytes, catalog.bytes)

const comparedAt = ({ contents }: Manifest): string =>
  `snapshot${contents.length === 1 ? '' : 's'} ${contents.map(({ snapshotId }) => snapshotId).join(', ')}`

const summary = (manifest: Manifest) => ({
  snapshotId: manifest.snapshotId,
  snapshots: manifest.snapshots,
  files: manifest.files.length,
  bytes: bytesOf(manifest),
  encrypted: manifest.encrypted,
  comparedSnapshots: manifest.contents.map(({ snapshotId }) => snapshotId),
})
