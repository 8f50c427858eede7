import { randomUUID } from 'node:crypto'
import { Client, Connection } from '@temporalio/client'
import { NativeConnection, Worker } from '@temporalio/worker'
import { inject } from 'vitest'
import type { BackfilledPipeline } from '../../activities/lake/dependencies.js'
import { createLakeActivities } from '../../activities/lake/index.js'
import { FailureInterceptor } from '../../infra/temporal/failure_interceptor.js'
import type { Stage } from '../../schemas/table.js'
import { openScratchLake, type ScratchLake } from './scratch_lake.js'

export interface LakeWorker {
  readonly scratch: ScratchLake
  readonly client: Client
  readonly taskQueue: string
  /** Runs one of the lake's workflows to its end; resolves to its result. */
  run<Result>(workflowType: string, input: object, workflowId?: string): Promise<Result>
  close(): Promise<void>
}

/** A worker of the domain `lake` alone: a real Temporal, and a DuckLake on PostgreSQL with these stages. */
export const startLakeWorker = async (
  stages: readonly Stage[],
  backfilled: readonly BackfilledPipeline[] = [],
): Promise<LakeWorker> => {
  const scratch = await openScratchLake(stages, 'postgres')
  const address = inject('temporalAddress')
  const connection = await Connection.connect({ address })
  const nativeConnection = await NativeConnection.connect({ address })
  // A namespace's task queues are shared by all test files.
  const taskQueue = `lake-${randomUUID()}`
  const worker = await Worker.create({
    connection: nativeConnection,
    taskQueue,
    workflowBundle: { codePath: inject('bundles')['lake'] ?? '' },
    activities: createLakeActivities({ lake: scratch.lake, codeVersion: 'test', stages, published: [], backfilled }),
    interceptors: { activity: [(context) => ({ inbound: new FailureInterceptor(context) })] },
    sinks: { runs: { ended: { fn: () => undefined } } },
  })
  const stopped = worker.run()
  const client = new Client({ connection })
  return {
    scratch,
    client,
    taskQueue,
    run: (workflowType, input, workflowId = `test/${randomUUID()}`) =>
      client.workflow.execute(workflowType, { taskQueue, workflowId, args: [input] }),
    close: async () => {
      worker.shutdown()
      await stopped
      await nativeConnection.close()
      await connection.close()
      await scratch.close()
    },
  }
}
