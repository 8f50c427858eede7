import { isAxiosError } from 'axios'

/** Replaces secrets, as they are and as a URL or a JSON text spells them, wherever they stand in `text`. */
export const redact = (text: string, secrets: readonly string[]): string => {
  let redacted = text
  for (const secret of secrets) {
    if (secret === '') continue
    for (const spelling of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
      redacted = redacted.replaceAll(spelling, '[secret]')
    }
  }
  return redacted
}

/** What may be kept as the cause of an error: its name, code and message. The client's own errors carry headers and URLs. */
export const redactedCause = (error: unknown, secrets: readonly string[]): Error => {
  const message = error instanceof Error ? error.message : String(error)
  const cause = new Error(redact(message, secrets))
  if (error instanceof Error) cause.name = error.name
  if (isAxiosError(error) && error.code !== undefined) Object.assign(cause, { code: error.code })
  return cause
}
