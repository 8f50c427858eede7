import { SourceUnavailable } from './errors.js'

/** The work's result, or SourceUnavailable where it takes longer; what it does goes on then, unheard. */
export const timeLimited = async <Result>(work: Promise<Result>, limitMs: number): Promise<Result> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SourceUnavailable(`no answer within ${limitMs} ms`)), limitMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
