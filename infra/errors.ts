/** The closed taxonomy of failures: each class says what the caller is to do, never just what happened. */

export abstract class TributaryError extends Error {
  /** Whether the same call may succeed if it is made again. */
  abstract readonly retryable: boolean
}

/** A source, the catalog or an object store did not answer, or not usefully. Retry, after `retryAfterMs` where it was told. */
export class SourceUnavailable extends TributaryError {
  override readonly name = 'SourceUnavailable'
  readonly retryable = true
  constructor(
    message: string,
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** A source answered in a shape its contract does not allow. Stop: a person must look. */
export class SourceChanged extends TributaryError {
  override readonly name = 'SourceChanged'
  readonly retryable = false
}

/** The account's quota or this run's budget is used up. Stop asking, finish with what is there. */
export class QuotaExhausted extends TributaryError {
  override readonly name = 'QuotaExhausted'
  readonly retryable = false
}

/** Another writer changed the stage first. Retry the whole step from its inputs. */
export class CommitConflict extends TributaryError {
  override readonly name = 'CommitConflict'
  readonly retryable = true
}

/** What the step had read was taken back by a rollback. Stop: the run is to be started again. */
export class RolledBack extends TributaryError {
  override readonly name = 'RolledBack'
  readonly retryable = false
}

/** COMMIT failed, and whether it took effect is not known until its marker is looked up. */
export class CommitOutcomeUnknown extends TributaryError {
  override readonly name = 'CommitOutcomeUnknown'
  readonly retryable = true
}

/** A blocking check failed; nothing was written but the verdict. Stop. */
export class QualityRejected extends TributaryError {
  override readonly name = 'QualityRejected'
  readonly retryable = false
}

/** The webhook's owner refused what was asked (4xx). Stop. */
export class WebhookRefused extends TributaryError {
  override readonly name = 'WebhookRefused'
  readonly retryable = false
}

/** What the user gave cannot be used: names the field, the value and the mend. Stop. */
export class InvalidInput extends TributaryError {
  override readonly name = 'InvalidInput'
  readonly retryable = false
}

/** An activity would hand back more than may travel through a workflow: a mistake in our code, and the same the next time. Stop. */
export class ResultTooLarge extends TributaryError {
  override readonly name = 'ResultTooLarge'
  readonly retryable = false
}
