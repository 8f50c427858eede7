import { count, money } from '../../format.js'
import type { Moment } from '../../readings/lake_view.js'

/** How pages spell what the lake holds, beside worker/format.ts. */

/** `2wAEgFmn…L1Bgs`: enough to know an address again; the link has the whole. */
export const shortAddress = (address: unknown): string => {
  const text = String(address ?? '')
  return text.length <= 16 ? text : `${text.slice(0, 8)}…${text.slice(-5)}`
}

/** `+1,234.56` or `-3.00`, in USD. */
export const signedMoney = (value: unknown): string => {
  const text = money(value)
  return text === '' || text.startsWith('-') || Number(value) === 0 ? text : `+${text}`
}

/** The class of an amount's colour. */
export const direction = (value: unknown): string => {
  const amount = Number(value ?? 0)
  return amount > 0 ? 'up' : amount < 0 ? 'down' : ''
}

/** Four digits that matter, whether a token costs 200 USD or 0.00002. */
export const price = (value: unknown): string => {
  if (value === null || value === undefined) return ''
  const amount = Number(value)
  return amount >= 1
    ? money(amount, amount >= 1000 ? 0 : 2)
    : amount.toLocaleString('en-US', { maximumSignificantDigits: 4 })
}

const sizes = ['B', 'kB', 'MB', 'GB', 'TB']

/** `12.3 MB` */
export const bytes = (value: number): string => {
  const step = value < 1000 ? 0 : Math.min(sizes.length - 1, Math.floor(Math.log10(value) / 3))
  return `${step === 0 ? value : (value / 1000 ** step).toFixed(1)} ${sizes[step]}`
}

/** `2026-11-21 19:02` of the lake's or an ISO time; the seconds are in the element's `datetime`. */
export const minute = (value: unknown): string =>
  value === null || value === undefined ? '' : String(value).replace('T', ' ').slice(0, 16)

/** ISO 8601 of the lake's `2026-11-21 06:00:00+00`. */
export const iso = (value: unknown): string =>
  String(value ?? '')
    .replace(' ', 'T')
    .replace(/\+00$/, 'Z')

/** `4 h 12 min`, `35 s` */
export const duration = (seconds: unknown): string => {
  if (seconds === null || seconds === undefined) return ''
  const whole = Number(seconds)
  if (whole < 60) return `${whole < 10 ? whole.toFixed(1) : Math.round(whole)} s`
  const minutes = Math.round(whole / 60)
  if (minutes < 60) return `${minutes} min`
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return `${count(Math.round(minutes / 1440))} days`
}

/** What is looked at, in a sentence. */
export const moment = ({ snapshotId, time, published }: Moment): string =>
  `snapshot ${snapshotId} of ${time}${published === undefined ? ', no run published yet' : `, run ${published.logicalRun} published at snapshot ${published.snapshotId}`}`
