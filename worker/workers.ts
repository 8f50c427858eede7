import type { Context } from '@temporalio/activity'
import {
  type ActivityInterceptorsFactory,
  type InjectedSinks,
  NativeConnection,
  Worker,
  type WorkerDeploymentOptions,
} from '@temporalio/worker'
import type { Log } from '../infra/log.js'
import { connectionOptions, type RemoteTemporal, temporalUnreachable } from '../infra/temporal/connection.js'
import { deploymentName } from '../infra/temporal/deployment.js'
import { FailureInterceptor } from '../infra/temporal/failure_interceptor.js'
import { LogInterceptor } from '../infra/temporal/log_interceptor.js'
import { TraceInterceptor } from '../infra/temporal/trace_interceptor.js'
import type { Tracing } from '../infra/tracing.js'
import type { RunSinks } from '../workflows/run_watch.js'
import { type Dependencies, domains } from './domains.js'

interface WorkersOptions {
  readonly temporal: RemoteTemporal
  readonly dependencies: Dependencies
  /** Activities at once, per domain: each may hold DuckDB memory. */
  readonly concurrentActivities: number
  /** Where a domain's workflow bundle lies. */
  readonly bundlePath: (domain: string) => string
  /** What Temporal tells builds apart by; a run stays with the one that began it. Absent: any worker goes on with any run. */
  readonly buildId?: string
  /** Sees what the workers do; without it nobody does. */
  readonly watch?: { readonly log: Log; readonly tracing: Tracing | undefined }
  /** Default: the domain's name. */
  readonly taskQueue?: (domain: string) => string
}

/** Time for a commit to finish; what takes longer is cancelled, rolled back and made again by the next worker. */
const shutdownGraceTime = '2 seconds'
/** After a kill, a workflow's next task waits this long for the dead worker's cache before another worker takes it. */
const stickyQueueScheduleToStartTimeout = '3 seconds'

const pinnedTo = (buildId: string): WorkerDeploymentOptions => ({
  useWorkerVersioning: true,
  version: { deploymentName, buildId },
  defaultVersioningBehavior: 'PINNED',
})

export interface RunningWorkers {
  /** Resolves when all have stopped. */
  readonly stopped: Promise<void>
  shutdown(): void
}

/** One worker per domain, each on its own task queue with its own prebuilt bundle, all on one connection. */
export const startWorkers = async (options: WorkersOptions): Promise<RunningWorkers> => {
  const { address } = options.temporal
  const connection = await NativeConnection.connect(await connectionOptions(options.temporal)).catch((cause) => {
    throw temporalUnreachable(address, cause)
  })
  const workers = await Promise.all(
    domains.map(({ domain, activities }) =>
      Worker.create({
        connection,
        namespace: options.temporal.namespace,
        taskQueue: options.taskQueue?.(domain.name) ?? domain.name,
        workflowBundle: { codePath: options.bundlePath(domain.name) },
        activities: activities(options.dependencies),
        interceptors: { activity: activityInterceptors(options.watch) },
        sinks: runSinks(options.watch),
        maxConcurrentActivityTaskExecutions: options.concurrentActivities,
        stickyQueueScheduleToStartTimeout,
        shutdownGraceTime,
        ...(options.buildId === undefined ? {} : { workerDeploymentOptions: pinnedTo(options.buildId) }),
        // Heartbeats are what tells a dead worker from a slow one, so they are not held back for long.
        maxHeartbeatThrottleInterval: '5 seconds',
        defaultHeartbeatThrottleInterval: '5 seconds',
      }),
    ),
  )
  const stopped = Promise.all(workers.map((worker) => worker.run())).then(() => connection.close())
  return {
    stopped,
    shutdown: () => {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
    },
  }
}

type Watch = NonNullable<WorkersOptions['watch']>

/** The first is outermost: what is logged is what Temporal gets to see. */
const activityInterceptors = (watch: Watch | undefined): ActivityInterceptorsFactory[] => [
  ...(watch === undefined ? [] : [(context: Context) => ({ inbound: new LogInterceptor(context, watch.log) })]),
  ...(watch?.tracing === undefined ? [] : [traced(watch.tracing)]),
  (context) => ({ inbound: new FailureInterceptor(context) }),
]

const traced =
  (tracing: Tracing): ActivityInterceptorsFactory =>
  (context) => ({ inbound: new TraceInterceptor(context, tracing) })

const runSinks = (watch: Watch | undefined): InjectedSinks<RunSinks> => ({
  runs: {
    ended: {
      fn: ({ workflowType, workflowId, runId, startTime }, outcome) => {
        watch?.log(`${workflowType} ${outcome}`, { workflowType, workflowId, runId, outcome })
        watch?.tracing?.runEnded({ workflowType, workflowId, runId }, outcome, startTime)
      },
    },
  },
})
