/**
 * Scores as text: the shortest decimal that reads back to the same float32, that is Math.fround(Number(text)) === value; of several
 * equally short ones the nearest to the value, and the upper at a tie. Plain notation from 1e-7 on (0.0000001), exponents below (9.1e-8).
 * A score is a probability, so only 0 ≤ value ≤ 1 is written.
 *
 * `float32Text` says it plainly and slowly (a microsecond or more). `writeFloat32` is the twin of the kernel (assembly/floatText.ts, some 15
 * ns), step by step: it gives up where float64 arithmetic cannot decide, and agrees with the plain one everywhere else.
 */
import { assert } from '../../lib/assert.ts'
import { BINADES } from '../byteParameters.ts'

/** '0.000000' and nine digits is the longest plain text, 'd.dddddddde-45' the longest with an exponent. */
export const FLOAT32_TEXT_BYTES_MAX = 17

/** A float32 needs at most nine significant digits (its 24 bits lie between 10^7 and 10^8, steps of ten do not align with steps of two). */
const DIGITS_MAX = 9
const PLAIN_MIN = 1e-7

const DIGITS_HIGH = 1e9
/** Nine digits as whole numbers of 2^-22, which float64 rounds to when 2^52 is added to them. */
const UNIT = 2 ** 22
const INTEGERS = 2 ** 52
/**
 * Scaled to nine digits a value is below 10^9, where float64 rounds to the nearest 2^-23, half a unit of it off. A power of ten beyond 10^22 and
 * the product make two such roundings, and the whole number is half a unit of 2^-22 off: a value and half a step, which their difference
 * has both of, stay within 2.5 units. A decision that hangs on twice that is not made here.
 */
const UNDECIDED = 5

const fixed = (x: number): number => x * UNIT + INTEGERS - INTEGERS
const nearWhole = (x: number): boolean => (x + UNDECIDED) % UNIT <= 2 * UNDECIDED

const EXPONENT_BIAS = 127
const MANTISSA_BITS = 23
const MANTISSA_MASK = 0x7fffff
const SCALE_BYTES = 16

const floats = new Float32Array(1)
const bits = new Uint32Array(floats.buffer)

/** By binade the bits of its first float from the power of ten on that lies in it; of the next binade's first where none does. */
export const TENS = new Uint32Array(BINADES)
/**
 * By binade two rows, before and from that float on: f64 what brings a value to nine digits and 22 bits behind the point; i32 half the distance
 * to the next float in the same; i32 the power of ten in the former.
 */
export const SCALES = new Uint8Array(BINADES * 2 * SCALE_BYTES)
/** 0 and 1 have texts of their own: the binades of both have rows of zeros. */
for (let binade = 1; binade < BINADES - 1; binade++) {
  const exponent = binade - EXPONENT_BIAS
  const most = DIGITS_MAX - 1 - Math.floor(exponent * Math.log10(2))
  const ten = Number(`1e${DIGITS_MAX - most}`)
  floats[0] = ten
  if (floats[0] < ten) bits[0]++
  TENS[binade] = Math.min(bits[0], (binade + 1) << MANTISSA_BITS)
  const rows = new DataView(SCALES.buffer, binade * 2 * SCALE_BYTES)
  for (const [row, power] of [most, most - 1].entries()) {
    const factor = Number(`1e${power}`)
    rows.setFloat64(row * SCALE_BYTES, factor * UNIT, true)
    rows.setInt32(row * SCALE_BYTES + 8, fixed(2 ** (exponent - MANTISSA_BITS - 1) * factor), true)
    rows.setInt32(row * SCALE_BYTES + 12, power, true)
  }
}

/** The definition, as a program. */
export function float32Text(value: number): string {
  assert(value >= 0 && value <= 1 && Math.fround(value) === value, 'a score is a float32 between 0 and 1')
  if (value === 0) return '0'
  for (let digitCount = 1; digitCount <= DIGITS_MAX; digitCount++) {
    const [mantissa, exponent] = value.toExponential(digitCount - 1).split('e')
    const nearest = Number(mantissa.replace('.', ''))
    // At a power of two the floats below are twice as dense as those above: the nearest decimal may miss where the next one up does not.
    for (const digits of [nearest, nearest + 1]) {
      if (Math.fround(Number(`${digits}e${Number(exponent) - digitCount + 1}`)) !== value) continue
      return layOut(String(digits), Number(exponent) - digitCount + 1, value)
    }
  }
  throw new Error('unreachable: nine digits always read back')
}

/** The text of digits · 10^exponent. */
function layOut(digits: string, exponent: number, value: number): string {
  const pointPlace = digits.length + exponent
  const kept = digits.replace(/0+$/, '')
  if (value === 1) return '1'
  if (value >= PLAIN_MIN) return `0.${'0'.repeat(-pointPlace)}${kept}`
  return `${kept[0]}${kept.length > 1 ? `.${kept.slice(1)}` : ''}e${pointPlace - 1}`
}

/**
 * Writes the text of `value` at `at`, where FLOAT32_TEXT_BYTES_MAX bytes are free, and returns the place after it; 0 where it cannot decide:
 * of a handful of values in a million, and of those below 2^-126.
 */
export function writeFloat32(target: Uint8Array, at: number, value: number): number {
  if (value === 0 || value === 1) {
    writeLatin(target, at, String(value))
    return at + 1
  }
  floats[0] = value
  const binade = bits[0] >>> MANTISSA_BITS
  if (binade === 0 || binade >= EXPONENT_BIAS) return 0
  const row = new DataView(SCALES.buffer, (2 * binade + Number(bits[0] >= TENS[binade])) * SCALE_BYTES)

  // Everything strictly between the midpoints to the neighbours reads back to this value. Below a power of two floats are twice as dense.
  const scaled = value * row.getFloat64(0, true) + INTEGERS - INTEGERS
  const halfStep = row.getInt32(8, true)
  const low = scaled - ((bits[0] & MANTISSA_MASK) === 0 ? Math.floor(halfStep / 2) : halfStep)
  const high = scaled + halfStep

  // Digits are dropped while a shorter number lies between. They are 6 to 119 apart: with three digits less one number at most is between them,
  // and the zeros at its end go with those of the text.
  const [below, above] = [Math.floor(low / UNIT), Math.floor(high / UNIT)]
  const unit = [1000, 100, 10].find(unit => Math.floor(below / unit) !== Math.floor(above / unit)) ?? 1
  // Of what lies between the greatest is at hand, and the nearest to the value so many units below.
  const greatest = above - (above % unit)
  const beyond = greatest * UNIT - scaled + (unit * UNIT) / 2 + UNDECIDED
  const steps = unit === 1000 ? 0 : Math.max(0, Math.floor(beyond / (unit * UNIT)))
  if (nearWhole(low) || nearWhole(high)) return 0
  if (unit < 1000 && beyond - steps * unit * UNIT <= 2 * UNDECIDED && beyond > 2 * UNDECIDED) return 0
  const nearest = greatest - steps * unit
  const best = nearest > below ? nearest : nearest + unit
  if (best >= DIGITS_HIGH) return 0

  const digits = String(best)
  const digitCount = digits.replace(/0+$/, '').length
  const power = row.getInt32(12, true)
  return value >= PLAIN_MIN
    ? writePlain(target, at, digits, digitCount, power - DIGITS_MAX)
    : writeExponent(target, at, digits, digitCount, power - DIGITS_MAX + 1)
}

/** '0.', zeros, digits; zeros after them, which belong to nobody, as the kernel leaves them. */
function writePlain(target: Uint8Array, at: number, digits: string, digitCount: number, zeros: number): number {
  writeLatin(target, at, '0.000000')
  at += 2 + zeros
  writeLatin(target, at, digits)
  return at + digitCount
}

/** 'd.dde-n', or 'de-n' where one digit is enough; 8 ≤ n ≤ 38. */
function writeExponent(target: Uint8Array, at: number, digits: string, digitCount: number, negative: number): number {
  writeLatin(target, at, `${digits[0]}.${digits.slice(1)}`)
  at += digitCount === 1 ? 1 : 1 + digitCount
  const exponent = `e-${negative}`
  writeLatin(target, at, exponent)
  return at + exponent.length
}

function writeLatin(target: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) target[at + i] = text.charCodeAt(i)
}
