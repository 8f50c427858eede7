/** Something a person should know of, and what to do about it. */
export interface Attention {
  /** What it is about: a run, a schedule, a task queue. */
  readonly subject: string
  readonly problem: string
  readonly next: string
}
