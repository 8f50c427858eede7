import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { type Attributes, type Context, ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BatchSpanProcessor, NodeTracerProvider, RandomIdGenerator } from '@opentelemetry/sdk-trace-node'
import type { CommitWatch } from './lake/commit_watch.js'

type Resource = NonNullable<NonNullable<ConstructorParameters<typeof NodeTracerProvider>[0]>['resource']>

/** A workflow run, as its spans name it. */
export interface TracedRun {
  readonly workflowType: string
  readonly workflowId: string
  readonly runId: string
}

export interface Tracing {
  /** Around an activity: a child of its run's span, which may be in another process. */
  activity<Result>(
    run: TracedRun | undefined,
    name: string,
    attributes: Attributes,
    work: () => Promise<Result>,
  ): Promise<Result>
  /** A run that ended; its span is made at once, with the times it had. */
  runEnded(run: TracedRun, outcome: string, begunAt: Date): void
  readonly commits: CommitWatch
  /** Sends what is left. */
  close(): Promise<void>
}

/**
 * Spans of runs, activities and commits, sent to an OTLP/HTTP collector. A run has one trace, whose ids come from the run's id, so that
 * workers need to tell each other nothing. Attributes are names, ids and counts. A collector that is away delays and fails nothing.
 */
export const createTracing = (endpoint: string, codeVersion: string): Tracing => {
  const random = new RandomIdGenerator()
  let root: { readonly traceId: string; readonly spanId: string } | undefined
  const provider = new NodeTracerProvider({
    resource: resourceOf({ 'service.name': 'tributary', 'service.version': codeVersion }),
    idGenerator: {
      generateTraceId: () => root?.traceId ?? random.generateTraceId(),
      generateSpanId: () => root?.spanId ?? random.generateSpanId(),
    },
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` })),
    ],
  })
  const tracer = provider.getTracer('tributary', codeVersion)
  const current = new AsyncLocalStorage<Context>()
  const inSpan = async <Result>(span: Span, parent: Context, work: () => Promise<Result>): Promise<Result> => {
    try {
      return await current.run(trace.setSpan(parent, span), work)
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'Error' })
      throw error
    } finally {
      span.end()
    }
  }
  const spanHere = (name: string, attributes: Attributes) => {
    const parent = current.getStore() ?? ROOT_CONTEXT
    return { parent, span: tracer.startSpan(name, { attributes }, parent) }
  }
  return {
    activity: (run, name, attributes, work) => {
      const parent = run === undefined ? ROOT_CONTEXT : contextOf(run)
      return inSpan(
        tracer.startSpan(name, { attributes: { ...attributesOf(run), ...attributes } }, parent),
        parent,
        work,
      )
    },
    runEnded: (run, outcome, begunAt) => {
      root = idsOf(run.runId)
      try {
        const attributes = { ...attributesOf(run), outcome }
        const span = tracer.startSpan(run.workflowType, { root: true, startTime: begunAt, attributes })
        if (outcome !== 'completed') span.setStatus({ code: SpanStatusCode.ERROR, message: outcome })
        span.end()
      } finally {
        root = undefined
      }
    },
    commits: {
      step: ({ stage, name, key }, work) => {
        const { parent, span } = spanHere(`step ${name}`, { stage: stage.name, step: name, key })
        return inSpan(span, parent, async () => {
          const receipt = await work()
          span.setAttribute('snapshot_id', receipt.snapshotId)
          return receipt
        })
      },
      writing: ({ stage, name }, work) => {
        const { parent, span } = spanHere(`commit ${name}`, { stage: stage.name, step: name })
        return inSpan(span, parent, work)
      },
      collided: () => trace.getSpan(current.getStore() ?? ROOT_CONTEXT)?.addEvent('collided'),
    },
    close: () => provider.shutdown(),
  }
}

/** Whose spans these are. The package that makes resources is none of ours, and looks at more of the machine than we would tell. */
const resourceOf = (attributes: Attributes): Resource => ({
  attributes,
  merge: () => resourceOf(attributes),
  getRawAttributes: () => Object.entries(attributes),
})

const attributesOf = (run: TracedRun | undefined): Attributes =>
  run === undefined ? {} : { workflow_type: run.workflowType, workflow_id: run.workflowId, run_id: run.runId }

const idsOf = (runId: string) => {
  const hash = createHash('sha256').update(runId).digest('hex')
  return { traceId: hash.slice(0, 32), spanId: hash.slice(32, 48) }
}

const sampled = 1
const contextOf = ({ runId }: TracedRun): Context =>
  trace.setSpanContext(ROOT_CONTEXT, { ...idsOf(runId), traceFlags: sampled, isRemote: true })
