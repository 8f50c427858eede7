import { createPrivateKey, createPublicKey } from 'node:crypto'
import { mixSeed, type Random } from './random.js'

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** RFC 8410: the DER bytes before the 32 bytes of an ed25519 private key. */
const ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const PRIME = 2n ** 255n - 19n
const CURVE_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n

/** Base58 in Bitcoin's alphabet, as Solana writes keys. */
export function base58(bytes: Uint8Array): string {
  let value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  let text = ''
  while (value > 0n) {
    text = ALPHABET.charAt(Number(value % 58n)) + text
    value /= 58n
  }
  for (const byte of bytes) {
    if (byte !== 0) break
    text = `1${text}`
  }
  return text
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = base % PRIME
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % PRIME
    square = (square * square) % PRIME
  }
  return result
}

/** Whether 32 bytes are the y coordinate of an ed25519 point (RFC 8032 5.1.3): a program's derived address never is one. */
export function isOnCurve(key: Uint8Array): boolean {
  const littleEndian = BigInt(`0x${Buffer.from(key).reverse().toString('hex')}`)
  const y = littleEndian & (2n ** 255n - 1n)
  if (y >= PRIME) return false
  const u = (y * y - 1n + PRIME) % PRIME
  const v = (CURVE_D * y * y + 1n) % PRIME
  // u/v has a square root exactly when u*v has (Euler's criterion).
  return u === 0n || power(u * v, (PRIME - 1n) / 2n) === 1n
}

/** A wallet: the public key of a real ed25519 key pair made from the stream. */
export function walletAddress(random: Random): string {
  const key = createPrivateKey({
    key: Buffer.concat([ED25519_PREFIX, random.bytes(32)]),
    format: 'der',
    type: 'pkcs8',
  })
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return base58(Buffer.from(x ?? '', 'base64url'))
}

/** An address nobody has a key of, as those of pools and vaults. */
export function programAddress(random: Random): string {
  for (;;) {
    const key = random.bytes(32)
    if (!isOnCurve(key)) return base58(key)
  }
}

/** A token's mint. */
export function mintAddress(random: Random): string {
  return base58(random.bytes(32))
}

const PAIRS = Array.from(
  { length: 58 * 58 },
  (_, pair) => ALPHABET.charAt(pair % 58) + ALPHABET.charAt(Math.floor(pair / 58)),
)
const NUMBERS = 58 ** 7
/** Coprime to 58, so that numbers stay distinct; small enough that products of numbers below 9e9 stay exact. */
const STRIDE = 1_000_003

/** The signature of transaction `number` (below 9e9) of a market: 64 bytes in base58, unique within the market. */
export function transactionSignature(seed: number, number: number): string {
  let state = mixSeed(seed, number)
  // A first digit of 1 to 4 keeps 88 digits under 2^512.
  let text = ALPHABET.charAt(1 + (state & 3))
  for (let word = 0; word < 20; word += 1) {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = (Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97) >>> 4) % 11316496
    text += pairOf(mixed % 3364) + pairOf(Math.floor(mixed / 3364))
  }
  // The number itself, scattered, makes it unique, whatever the generator's period.
  const rest = (number * STRIDE + seed) % NUMBERS
  const low = rest % 3364
  const middle = Math.floor(rest / 3364) % 3364
  const high = Math.floor(rest / 11316496) % 3364
  return text + pairOf(low) + pairOf(middle) + pairOf(high) + ALPHABET.charAt(Math.floor(rest / 38068692544))
}

function pairOf(pair: number): string {
  return PAIRS[pair] ?? ''
}
