/** `1,234.56` of a number or an exact decimal's text; empty for what is unknown. */
export const money = (value: unknown, decimals = 2): string =>
  value === null || value === undefined
    ? ''
    : Number(value).toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })

/** `61.5 %` of 0.615. */
export const percent = (value: unknown): string =>
  value === null || value === undefined ? '' : `${(Number(value) * 100).toFixed(1)} %`

/** `12,345` */
export const count = (value: unknown): string =>
  value === null || value === undefined ? '' : Number(value).toLocaleString('en-US')

/** Whole tokens of an amount in smallest units, exact: `1.5` of 1500000000 with 9 decimals. */
export const tokens = (raw: unknown, decimals: unknown): string => {
  if (raw === null || raw === undefined) return ''
  const places = Number(decimals ?? 0)
  const text = String(raw)
    .replace('-', '')
    .padStart(places + 1, '0')
  const whole = BigInt(text.slice(0, text.length - places)).toLocaleString('en-US')
  const fraction = text.slice(text.length - places).replace(/0+$/, '')
  return `${String(raw).startsWith('-') ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** `2026-11-21 06:00:00` of the lake's `2026-11-21 06:00:00+00`. */
export const time = (value: unknown): string =>
  value === null || value === undefined ? '' : String(value).replace(/(\.\d+)?\+00$/, '')
