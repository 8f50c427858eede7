/** A seeded stream of random numbers: the same seed gives the same stream on every machine. */
export type Random = {
  /** An unsigned 32-bit word. */
  word(): number
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform in [from, to). */
  between(from: number, to: number): number
  /** An integer in [0, below). */
  integer(below: number): number
  /** Standard normal. */
  normal(): number
  /** Log-normal about `median` with `sigma` in log units. */
  around(median: number, sigma: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  bytes(count: number): Uint8Array
}

/** Mixes 32-bit words into one seed, so that streams of neighbouring labels are unrelated (murmur3's finalizer). */
export function mixSeed(...words: number[]): number {
  let hash = 0x9e3779b9
  for (const word of words) {
    hash = Math.imul(hash ^ (word >>> 0), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13) ^ Math.floor(word / 4294967296), 0xc2b2ae35)
    hash ^= hash >>> 16
  }
  return hash >>> 0
}

/** The sfc32 generator (PractRand's small fast counting generator), seeded through splitmix32. */
export function createRandom(...seed: number[]): Random {
  let mixed = mixSeed(...seed)
  const scatter = () => {
    mixed = (mixed + 0x9e3779b9) | 0
    let z = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return z ^ (z >>> 15)
  }
  let a = scatter()
  let b = scatter()
  let c = scatter()
  let counter = 1
  const word = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let warmUp = 0; warmUp < 8; warmUp += 1) word()
  const next = () => word() / 4294967296
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  return {
    word,
    next,
    normal,
    between: (from, to) => from + next() * (to - from),
    integer: (below) => Math.floor(next() * below),
    around: (median, sigma) => median * Math.exp(sigma * normal()),
    chance: (probability) => next() < probability,
    pick: (items) => {
      const item = items[Math.floor(next() * items.length)]
      if (item === undefined) throw new RangeError('cannot pick from an empty list')
      return item
    },
    bytes: (count) => Uint8Array.from({ length: count }, () => word() >>> 24),
  }
}

/** Shuffles in place and returns the same array (Fisher-Yates). */
export function shuffle<T>(random: Random, items: T[]): T[] {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = random.integer(last + 1)
    const [left, right] = [items[last], items[other]]
    if (left === undefined || right === undefined) continue
    items[last] = right
    items[other] = left
  }
  return items
}
