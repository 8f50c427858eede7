/** One request that was sent, once. */
export interface WatchedAnswer {
  /** `birdeye`, `helius` */
  readonly source: string
  /** The path without what stands for a thing of the data: a closed list. */
  readonly endpoint: string
  /** Absent: no whole answer came. */
  readonly status: number | undefined
  readonly seconds: number
  readonly bytes: number
}

/** Sees every request to a source, and what it costs. */
export interface SourceWatch {
  answered(answer: WatchedAnswer): void
  charged(source: string, endpoint: string, units: number): void
}

export const unwatchedSource: SourceWatch = { answered: () => undefined, charged: () => undefined }
