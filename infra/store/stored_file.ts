export interface StoredFile {
  readonly bytes: number
  readonly modifiedAt: Date
}

export const bytesOf = (files: ReadonlyMap<string, StoredFile>): ReadonlyMap<string, number> =>
  new Map([...files].map(([name, { bytes }]) => [name, bytes]))
