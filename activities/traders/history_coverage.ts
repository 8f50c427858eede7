/** Whole seconds, both ends read entirely. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Disjoint, newest first. */
export type Spans = readonly Span[]

/** The spans together with one more; spans that touch become one. */
export const withSpan = (spans: Spans, added: Span): Spans => {
  if (added.from > added.to) return spans
  let { from, to } = added
  const apart = spans.filter((span) => {
    if (span.from > to + 1 || span.to < from - 1) return true
    from = Math.min(from, span.from)
    to = Math.max(to, span.to)
    return false
  })
  return [...apart, { from, to }].sort((a, b) => b.to - a.to)
}

/** The parts of `wanted` that no span covers, newest first. */
export const gaps = (wanted: Span, spans: Spans): Spans => {
  const found: Span[] = []
  let to = wanted.to
  for (const span of spans) {
    if (span.to < wanted.from) break
    if (span.to < to) found.push({ from: Math.max(span.to + 1, wanted.from), to })
    to = Math.min(to, span.from - 1)
  }
  if (to >= wanted.from) found.push({ from: wanted.from, to })
  return found
}

export const isCovered = (second: number, spans: Spans): boolean =>
  spans.some(({ from, to }) => from <= second && second <= to)
