/** Preloaded by `--import`: this process believes to be an hour ahead, and after some seconds of work an hour behind. */
const hourMs = 3_600_000
const aheadForMs = 5_000
const TrueDate = Date
const startedAt = TrueDate.now()
const now = () => {
  const trueNow = TrueDate.now()
  return trueNow + (trueNow - startedAt < aheadForMs ? hourMs : -hourMs)
}

class SkewedDate extends TrueDate {
  constructor(...given) {
    if (given.length === 0) super(now())
    else super(...given)
  }

  static now() {
    return now()
  }
}
globalThis.Date = SkewedDate
