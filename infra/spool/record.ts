import { createHash } from 'node:crypto'
import { breather } from '../breather.js'

const hashLength = 16
const newline = '\n'

/** A text as one line that tells whether it is whole: the first 16 digits of its SHA-256, a space, the text as JSON. */
export const encodeRecord = (text: string): Buffer => {
  const json = JSON.stringify(text)
  return Buffer.from(`${hashOf(json)} ${json}${newline}`)
}

export interface Decoded {
  readonly records: readonly string[]
  /** Whole lines that are not what was written: the disk's doing, as a process that dies leaves only its last line unfinished. */
  readonly damaged: number
}

/** The records of a file. What follows the last newline was cut off while it was written, and was never acknowledged. */
export const decodeRecords = async (content: string): Promise<Decoded> => {
  const records: string[] = []
  const lines = content.split(newline).slice(0, -1)
  const breathe = breather()
  for (const line of lines) {
    await breathe()
    const json = line.slice(hashLength + 1)
    if (line.slice(0, hashLength) === hashOf(json)) records.push(String(JSON.parse(json)))
  }
  return { records, damaged: lines.length - records.length }
}

const hashOf = (json: string): string => createHash('sha256').update(json).digest('hex').slice(0, hashLength)
