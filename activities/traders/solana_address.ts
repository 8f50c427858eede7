const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const values = new Map([...alphabet].map((digit, value) => [digit, BigInt(value)]))
const prime = 2n ** 255n - 19n
/** RFC 8032, 5.1: the curve is -x^2 + y^2 = 1 + d x^2 y^2. */
const d = 37095705934669439343138083508754565189542113879843219016388785533085940283555n

/** The number that the 32 bytes of a base58 address are, first byte highest; nothing where it is no address. */
const decode = (address: string): bigint | undefined => {
  if (address.length < 32 || address.length > 44) return undefined
  let number = 0n
  for (const digit of address) {
    const value = values.get(digit)
    if (value === undefined) return undefined
    number = number * 58n + value
  }
  const zeroes = address.length - address.replace(/^1+/, '').length
  const length = Math.ceil(number.toString(16).length / 2) * (number === 0n ? 0 : 1)
  return zeroes + length === 32 ? number : undefined
}

export const isSolanaAddress = (address: string): boolean => decode(address) !== undefined

/**
 * Whether an address can have a private key: its bytes are a point of ed25519. A program's derived address (pool, vault, escrow) is
 * chosen so that they are not. x^2 = (y^2 - 1) / (d y^2 + 1) has a root exactly when the product of both has one.
 */
export const isOnCurve = (address: string): boolean => {
  const number = decode(address)
  if (number === undefined) return false
  const bytes = Buffer.from(number.toString(16).padStart(64, '0'), 'hex').reverse()
  const y = BigInt(`0x${bytes.toString('hex')}`) & (2n ** 255n - 1n)
  return jacobi((((y * y - 1n) % prime) * (d * y * y + 1n)) % prime) >= 0
}

/** The Jacobi symbol of a number over the field's prime: 1 for a square, 0 for zero, -1 else. By Euclid's steps, not by a power. */
const jacobi = (of: bigint): number => {
  let a = ((of % prime) + prime) % prime
  let n = prime
  let sign = 1
  while (a !== 0n) {
    while ((a & 1n) === 0n) {
      a >>= 1n
      const rest = n & 7n
      if (rest === 3n || rest === 5n) sign = -sign
    }
    if ((a & 3n) === 3n && (n & 3n) === 3n) sign = -sign
    ;[a, n] = [n % a, a]
  }
  return n === 1n ? sign : 0
}
