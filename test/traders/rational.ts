/** Exact fractions of integers: what the lake's decimals are measured against. */
export interface Rational {
  readonly over: bigint
  readonly under: bigint
}

export const rational = (over: bigint, under = 1n): Rational => ({ over, under })
export const zero = rational(0n)
export const plus = (a: Rational, b: Rational): Rational =>
  rational(a.over * b.under + b.over * a.under, a.under * b.under)
export const minus = (a: Rational, b: Rational): Rational => plus(a, rational(-b.over, b.under))
export const times = (a: Rational, b: Rational): Rational => rational(a.over * b.over, a.under * b.under)
export const sum = (all: readonly Rational[]): Rational => all.reduce(plus, zero)

/** The number a decimal text says: `145.8`, `2.13e-5`, `-7`. */
export const fromText = (text: string): Rational => {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const places = fraction.length - Number(exponent)
  const digits = BigInt(whole + fraction)
  return places > 0 ? rational(digits, 10n ** BigInt(places)) : rational(digits * 10n ** BigInt(-places))
}

/** In units of 10^-12, half away from zero. */
export const inUnits = ({ over, under }: Rational): bigint => {
  const doubled = 2n * 10n ** 12n * (over < 0n ? -over : over)
  const units = (doubled + under) / (2n * under)
  return over < 0n ? -units : units
}

export const toNumber = (value: Rational): number => Number(inUnits(value)) / 1e12
