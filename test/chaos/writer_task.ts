import { z } from 'zod'

/** What a writer is to do: the steps of a schedule from one on. */
export const writerTask = z.object({
  seed: z.int(),
  length: z.int(),
  from: z.int(),
  /** The snapshots that the steps before `from` made. */
  snapshots: z.record(z.string(), z.int()),
  /** Reads all the while, in this process: the only one there can be on a file catalog. */
  reads: z.boolean(),
  /** How long DuckDB waits for an object store to go on. */
  httpTimeoutSeconds: z.int().optional(),
  memoryLimitMiB: z.int().optional(),
  /** How often a step is tried; 150 times by default. */
  attempts: z.int().optional(),
  /** See LakeOptions. */
  lockTimeoutMs: z.int().optional(),
})
export type WriterTask = z.infer<typeof writerTask>
