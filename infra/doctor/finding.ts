/** One thing the project needs, as it was found. `advice` says what to do about it, or what is good to know. */
export interface Finding {
  name: string
  status: 'ok' | 'missing' | 'wrong'
  version: string
  source: string
  path: string
  advice: string
}

/** A finding with empty text for what does not apply. */
export function finding(name: string, status: Finding['status'], fields: Partial<Finding> = {}): Finding {
  return { version: '', source: '', path: '', advice: '', ...fields, name, status }
}

/** A finding of a check that may fail: its failure is the advice. */
export async function attempt(
  name: string,
  check: () => Promise<Finding>,
  fields: Partial<Finding> = {},
): Promise<Finding> {
  try {
    return await check()
  } catch (error) {
    return finding(name, 'wrong', { ...fields, advice: error instanceof Error ? error.message : String(error) })
  }
}
