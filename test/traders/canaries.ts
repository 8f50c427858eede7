/** Secrets that must be found nowhere but in the requests. */
export const canaries = { birdeye: 'canary-birdeye-7f3a', helius: 'canary-helius-91bc', webhook: 'canary-webhook-55de' }

/** Every text in a value, bytes read as text: payloads are searched too, and messages' own `toJSON` would hide them in base64. */
export const textOf = (value: unknown): string => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1')
  if (value instanceof Error) return [value.name, value.message, value.stack, textOf(value.cause)].join(' ')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([name, each]) => `${name}: ${textOf(each)}`)
    .join('\n')
}

/** The secrets that stand in the text, plain or in base64, at whatever byte of it they begin. */
export const found = (text: string): string[] =>
  Object.values(canaries).filter((canary) => spellings(canary).some((spelling) => text.includes(spelling)))

/** Base64 of a secret within a longer text depends on where in a group of three bytes it begins; its ends belong to its neighbours too. */
const spellings = (canary: string): string[] => [
  canary,
  ...[0, 1, 2].map((offset) => {
    const encoded = btoa('\0'.repeat(offset) + canary)
    return encoded.slice(offset === 0 ? 0 : offset + 1).slice(0, -4)
  }),
]
