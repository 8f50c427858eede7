import { z } from 'zod'
import { ResultTooLarge } from '../infra/errors.js'
import { insertJson } from '../infra/lake/insert_json.js'
import type { JsonRow, Session } from '../infra/lake/session.js'
import { commits, madeSnapshotId } from '../schemas/meta/commits.js'
import { type DatasetRecord, recordsOfCommit } from '../schemas/meta/dataset_record.js'
import type { Row } from '../schemas/table.js'

/** The lake's proof of one commit: small enough to travel through workflows, which rows never do. */
export interface Receipt {
  readonly key: string
  readonly stage: string
  readonly step: string
  readonly snapshotId: number
  /** Rows written, per table. */
  readonly rows: Readonly<Record<string, number>>
  /** A hash of the rows the step brought, whatever their order, per table. */
  readonly contentHashes: Readonly<Record<string, string>>
  /** The snapshot each input was read at. */
  readonly inputs: Readonly<Record<string, number>>
  readonly parameters: Readonly<Record<string, string | number>>
  readonly derivationFingerprint?: string
  readonly committedAt: string
}

/** Who commits, for the receipt and the snapshot's message. None of it decides whether a commit is a repetition. */
export interface Provenance {
  readonly pipeline: string
  readonly logicalRun: string
  readonly workflowId?: string
  readonly runId?: string
  readonly attempt: number
  readonly codeVersion: string
}

/** Temporal keeps what an activity returns in the history for ever; a larger receipt is a mistake in the caller. */
const receiptLimitBytes = 16 * 1024

const numbers = z.record(z.string(), z.number())
const parameters = z.record(z.string(), z.union([z.string(), z.number()]))
const written = z.array(z.object({ dataset: z.string(), row_count: z.number(), checksum: z.string() }))

const receiptColumns = `
  ${madeSnapshotId} AS made, commit_key, stage, step, inputs, parameters, derivation_fingerprint, ${recordsOfCommit} AS datasets,
  strftime(committed_at, '%Y-%m-%dT%H:%M:%S.%gZ') AS committed_at`

const toReceipt = (row: JsonRow): Receipt => {
  const datasets = written.parse(JSON.parse(String(row['datasets'])))
  return {
    key: String(row['commit_key']),
    stage: String(row['stage']),
    step: String(row['step']),
    snapshotId: Number(row['made']),
    rows: Object.fromEntries(datasets.map(({ dataset, row_count }) => [dataset, row_count])),
    contentHashes: Object.fromEntries(datasets.map(({ dataset, checksum }) => [dataset, checksum])),
    inputs: numbers.parse(JSON.parse(String(row['inputs']))),
    parameters: parameters.parse(JSON.parse(String(row['parameters']))),
    ...(row['derivation_fingerprint'] === null ? {} : { derivationFingerprint: String(row['derivation_fingerprint']) }),
    committedAt: String(row['committed_at']),
  }
}

/** The receipt under this key, if its commit took place and is in force: what a rollback took back is to be done again. */
export const findReceipt = async (session: Session, key: string): Promise<Receipt | undefined> => {
  const [row] = await session.all(
    `SELECT ${receiptColumns} FROM lake.meta.commits WHERE commit_key = $key AND undone_by IS NULL`,
    { key },
  )
  return row === undefined ? undefined : toReceipt(row)
}

/**
 * The newest receipt in force of a stage's step: nothing where there is none, or where a promoted replay has since replaced what the
 * step wrote, which is then no base for changes.
 */
export const latestReceipt = async (session: Session, stage: string, step: string): Promise<Receipt | undefined> => {
  const [row] = await session.all(
    `SELECT ${receiptColumns} FROM lake.meta.commits
    WHERE undone_by IS NULL AND (stage = $stage AND step = $step OR step = 'promote' AND contains(datasets, $written))
    ORDER BY made DESC LIMIT 1`,
    { stage, step, written: `"dataset":"${stage}.` },
  )
  return row === undefined || row['step'] !== step ? undefined : toReceipt(row)
}

/**
 * Writes the receipt, with what is recorded of each dataset, in the transaction it describes. Throws ResultTooLarge where it is too
 * large to travel: the caller passes too much in it.
 */
export const recordReceipt = async (
  session: Session,
  receipt: Omit<Receipt, 'snapshotId'>,
  datasets: readonly DatasetRecord[],
  message: string,
  { pipeline, logicalRun, workflowId, runId, attempt, codeVersion }: Provenance,
): Promise<void> => {
  const size = JSON.stringify(receipt).length
  if (size > receiptLimitBytes)
    throw new ResultTooLarge(`the receipt of ${receipt.key} has ${size} bytes, over ${receiptLimitBytes}`)
  const row: Row<typeof commits> = {
    commit_key: receipt.key,
    stage: receipt.stage,
    step: receipt.step,
    message,
    pipeline,
    logical_run: logicalRun,
    workflow_id: workflowId ?? null,
    run_id: runId ?? null,
    attempt,
    code_version: codeVersion,
    inputs: JSON.stringify(receipt.inputs),
    parameters: JSON.stringify(receipt.parameters),
    derivation_fingerprint: receipt.derivationFingerprint ?? null,
    datasets: JSON.stringify(datasets),
    row_counts: null,
    content_hashes: null,
    committed_at: new Date(receipt.committedAt),
    undone_by: null,
    committed_snapshot_id: null,
  }
  await insertJson(session, commits, [row])
}
