/** 2^53 has 16 digits: integers with fewer always fit a double. */
const longInteger = /([:[,]\s*)(-?\d{16,})(?=\s*[,}\]])/g
const stringOrLongInteger = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g

/**
 * JSON.parse, except that integers of 16 digits and more come as strings, digit for digit. Throws SyntaxError.
 *
 * The first attempt does not look where strings begin. Should it quote digits inside one, the string ends right before a digit,
 * which is never JSON; so a text that parses was read rightly, and only one that does not is read again with care.
 */
export const parseLossless = (text: string): unknown => {
  try {
    return JSON.parse(text.replace(longInteger, '$1"$2"'))
  } catch {
    return JSON.parse(text.replace(stringOrLongInteger, (token) => (token.startsWith('"') ? token : `"${token}"`)))
  }
}
