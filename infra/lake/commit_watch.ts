/** What a watcher of commits learns of a step. */
export interface WatchedStep {
  readonly stage: { readonly name: string }
  readonly name: string
  readonly key: string
}

/** And of how it ended: its receipt, as far as it matters here. */
export interface WatchedReceipt {
  readonly snapshotId: number
  readonly rows: Readonly<Record<string, number>>
  /** ISO 8601. Before the step began where the key had been committed already. */
  readonly committedAt: string
}

/** Sees every commit of a process pass, and changes nothing about it: metrics and traces are made of this. */
export interface CommitWatch {
  /** Around all of a step: looking its key up, preparing its rows, committing them. */
  step<Receipt extends WatchedReceipt>(step: WatchedStep, work: () => Promise<Receipt>): Promise<Receipt>
  /** Around waiting for the stage and writing to it. */
  writing<Receipt>(step: WatchedStep, work: () => Promise<Receipt>): Promise<Receipt>
  /** Another writer was first, and the transaction is made again. */
  collided(step: WatchedStep): void
}

const unwatched: CommitWatch = {
  step: (_, work) => work(),
  writing: (_, work) => work(),
  collided: () => undefined,
}

/** Whoever watches the commits to this lake. */
export const watchOf = ({ commitWatch = unwatched }: { readonly commitWatch?: CommitWatch }): CommitWatch => commitWatch

/** Several watchers, the first one outermost. */
export const watchedBy = (...watches: readonly CommitWatch[]): CommitWatch => ({
  step: (step, work) => watches.reduceRight((inner, watch) => () => watch.step(step, inner), work)(),
  writing: (step, work) => watches.reduceRight((inner, watch) => () => watch.writing(step, inner), work)(),
  collided: (step) => {
    for (const watch of watches) watch.collided(step)
  },
})
