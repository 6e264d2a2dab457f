/** The shortest decimal that reads back to a float32, step by step as src/kernels/plain/float32Text.ts has it. */
import { BYTES_DECIMAL_COUNT, BYTES_DECIMALS, BYTES_HALF_STEPS, BYTES_POWERS, BYTES_SCALES } from '../src/kernels/byteParameters'
import { word } from './words'

const DIGITS_MAX: i32 = 9
const DIGITS_LOW: f64 = 1e8
const DIGITS_HIGH: f64 = 1e9
/** Nine digits as whole numbers of 2^-22: added to 2^52 they are the low bits of a f64. */
const FIXED: i64 = 22
const UNIT: i64 = 1 << FIXED
const INTEGERS: f64 = 4503599627370496
const UNDECIDED: i64 = 5
/** 10^0 … 10^3 in 16 bits each. */
const UNITS: u64 = 0x03e80064000a0001
/** '0.000000' and '00000000', the first character in the lowest byte. */
const ZERO_POINT_ZEROS: u64 = 0x3030303030302e30
const ZEROS: u64 = 0x3030303030303030
/** The longest plain text has six zeros behind the point. */
const PLAIN_POWER: u32 = 15

/**
 * Texts of the `count` scores at `scores`, a comma behind each; the place after them, or 0 when f64 cannot decide one. First the digits of a few,
 * then their texts: one score's steps wait for one another, those of different scores do not, and what a processor looks ahead is not long.
 * Without branches that depend on the digits, which nobody can predict.
 */
export function writeFloats(params: usize, to: usize, scores: usize, count: usize): usize {
  const decimals = params + 4 * BYTES_DECIMALS
  const end = scores + (count << 2)
  while (scores < end) {
    const chunk = min(end - scores, 4 * BYTES_DECIMAL_COUNT)
    for (let i: usize = 0; i < chunk; i += 4) {
      if (!decimalOf(params, load<f32>(scores + i), decimals + 2 * i)) return 0
    }
    for (let i: usize = 0; i < chunk; i += 4) {
      const decimal = load<u64>(decimals + 2 * i)
      to = writeDecimal(to, <u32>decimal, <u32>(decimal >>> 32))
      store<u8>(to++, 0x2c)
    }
    scores += chunk
  }
  return to
}

/** u32[2] at `to`: nine digits, and the power of ten that `given` was multiplied by; of 0 and 1 no digits and themselves. */
@inline
function decimalOf(params: usize, given: f32, to: usize): bool {
  const bits = reinterpret<u32>(given)
  if (bits == 0 || bits == 0x3f800000) {
    store<u32>(to, 0)
    store<u32>(to, <u32>(bits != 0), 4)
    return true
  }
  const biased = <usize>(bits >>> 23)
  if (biased == 0 || biased >= 127) return false
  const powers = <usize>word(params, BYTES_POWERS)
  const most = <i32>load<i8>(<usize>word(params, BYTES_SCALES) + biased)
  const value = <f64>given
  const power = most - <i32>(value * load<f64>(powers + (<usize>most << 3)) >= DIGITS_HIGH)
  const factor = load<f64>(powers + (<usize>power << 3))
  if (value * factor < DIGITS_LOW) return false

  const scaled = fixed(value * factor)
  const halfStep = fixed(load<f64>(<usize>word(params, BYTES_HALF_STEPS) + (biased << 3)) * factor)
  const low = scaled - (halfStep >> <i64>((bits & 0x7fffff) == 0))
  const high = scaled + halfStep
  const below = <u32>(low >> FIXED)
  const above = <u32>(high >> FIXED)
  const dropped = <i32>(above / 10 != below / 10) + <i32>(above / 100 != below / 100) + <i32>(above / 1000 != below / 1000)
  const unit = <u32>(UNITS >>> (<u64>dropped << 4)) & 0xffff
  const kept = fixed(value * load<f64>(powers + (<usize>(power - dropped) << 3))) + UNIT / 2
  if (nearWhole(low) | nearWhole(high) | nearWhole(kept)) return false
  let digits = <u32>(kept >> FIXED) * unit
  digits += unit & -(<u32>(digits <= below))
  store<u32>(to, digits)
  store<u32>(to, power, 4)
  return digits < <u32>DIGITS_HIGH
}

@inline
function fixed(x: f64): i64 {
  return reinterpret<i64>(x * <f64>UNIT + INTEGERS) - reinterpret<i64>(INTEGERS)
}

@inline
function nearWhole(x: i64): bool {
  return ((x + UNDECIDED) & (UNIT - 1)) <= 2 * UNDECIDED
}

/** The decimal digits of value < 10^8, one a byte, the first in the lowest: halves of four, pairs, ones, all at once. */
@inline
function eightDigits(value: u32): u64 {
  const upper = value / 10_000
  let all = <u64>upper | (<u64>(value - upper * 10_000) << 32)
  let tens = ((all * 10_486) >> 20) & 0x0000007f0000007f
  all = tens | ((all - tens * 100) << 16)
  tens = ((all * 103) >> 10) & 0x000f000f000f000f
  return tens | ((all - tens * 10) << 8)
}

/** '0.', zeros, digits. What is written beyond belongs to nobody. */
@inline
function writeDecimal(to: usize, digits: u32, power: u32): usize {
  if (digits == 0) {
    store<u8>(to, 0x30 + power)
    return to + 1
  }
  const first = digits / 100_000_000
  const rest = eightDigits(digits - first * 100_000_000)
  const digitCount = DIGITS_MAX - <i32>(clz<u64>(rest) >>> 3)
  if (power > PLAIN_POWER) return writeExponent(to, first, rest, digitCount, power - DIGITS_MAX + 1)
  store<u64>(to, ZERO_POINT_ZEROS)
  const at = to + 2 + (power - DIGITS_MAX)
  store<u8>(at, 0x30 + first)
  store<u64>(at, rest | ZEROS, 1)
  return at + digitCount
}

/** 'd.dde-n', or 'de-n' where one digit is enough. */
function writeExponent(to: usize, first: u32, rest: u64, digitCount: i32, negative: u32): usize {
  store<u8>(to, 0x30 + first)
  store<u8>(to, 0x2e, 1)
  store<u64>(to, rest | ZEROS, 2)
  let at = to + (digitCount == 1 ? 1 : 1 + digitCount)
  store<u16>(at, 0x2d65)
  at += 2
  if (negative >= 10) store<u8>(at++, 0x30 + negative / 10)
  store<u8>(at++, 0x30 + (negative % 10))
  return at
}
