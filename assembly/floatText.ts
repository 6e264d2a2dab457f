/**
 * The shortest decimal that reads back to a float32, as src/kernels/plain/float32Text.ts has it, of four scores at a time: lanes go the same
 * way whatever their digits are, which no processor can predict.
 */
import { BYTES_SCALES, BYTES_TENS } from '../src/kernels/byteParameters'
import { keptBits } from './transcendentals'
import { word } from './words'

const DIGITS_MAX: i32 = 9
const DIGITS_LAST: i32 = 999_999_999
/** Nine digits as whole numbers of 2^-22: added to 2^52 they are the low bits of a f64. */
const FIXED: i32 = 22
const UNIT: i32 = 1 << FIXED
const INTEGERS: f64 = 4503599627370496
const UNDECIDED: i32 = 5
/** The bits of 2^-126 and of 1. */
const LEAST: i32 = 0x00800000
const ONE: i32 = 0x3f800000
const MANTISSA_MASK: i32 = 0x7fffff
/** ⌈2^38 / 1000⌉ and ⌈2^45 / 10 000⌉: the high bits of products with what has nine digits are the quotients. */
const THOUSANDTH: i64 = 274_877_907
const TEN_THOUSANDTH: i64 = 3_518_437_209
/** '0.000000' and '00000000', the first character in the lowest byte. */
const ZERO_POINT_ZEROS: u64 = 0x3030303030302e30
const ZEROS: u64 = 0x3030303030303030
/** The longest plain text has six zeros behind the point. */
const PLAIN_POWER: u32 = 15

/** The same in all lanes, kept in a register. */
@inline
function lanes(value: i32): v128 {
  return i32x4.splat(keptBits(value))
}

/** Texts of the `count` scores at `scores`, a comma behind each; the place after them, or 0 when f64 cannot decide one. */
export function writeFloats(params: usize, to: usize, scores: usize, count: usize): usize {
  const tens = <usize>word(params, BYTES_TENS)
  const scales = <usize>word(params, BYTES_SCALES)
  const end = scores + (count << 2)
  const zero = i32x4.splat(0)
  const integers = f64x2.splat(INTEGERS)
  const fraction = lanes(UNIT - 1)
  const undecided = lanes(UNDECIDED)
  const undecidedEnd = lanes(2 * UNDECIDED + 1)
  const n10 = lanes(10)
  const n100 = lanes(100)

  for (; scores < end; scores += 16) {
    const given = v128.load(scores)
    const r0 = v128.load(rowOf(tens, scales, load<u32>(scores)))
    const r1 = v128.load(rowOf(tens, scales, load<u32>(scores, 4)))
    const r2 = v128.load(rowOf(tens, scales, load<u32>(scores, 8)))
    const r3 = v128.load(rowOf(tens, scales, load<u32>(scores, 12)))
    const rest01 = v128.shuffle<i64>(r0, r1, 1, 3)
    const rest23 = v128.shuffle<i64>(r2, r3, 1, 3)
    const halfSteps = v128.shuffle<i32>(rest01, rest23, 0, 2, 4, 6)

    // The midpoint above, nine digits before and 22 bits behind the point. Everything else is near it: differences of 32 bits.
    const high01 = midpoints(f64x2.promote_low_f32x4(given), v128.shuffle<i64>(r0, r1, 0, 2), integers, rest01)
    const given23 = f64x2.promote_low_f32x4(v128.shuffle<i64>(given, given, 1, 0))
    const high23 = midpoints(given23, v128.shuffle<i64>(r2, r3, 0, 2), integers, rest23)
    const above = v128.shuffle<i32>(i64x2.shr_u(high01, FIXED), i64x2.shr_u(high23, FIXED), 0, 2, 4, 6)
    const high = v128.and(v128.shuffle<i32>(high01, high23, 0, 2, 4, 6), fraction)
    // Below a power of two floats are twice as dense.
    const isPower = i32x4.eq(v128.and(given, lanes(MANTISSA_MASK)), zero)
    const lowerHalf = i32x4.shr_u(halfSteps, 1)
    const low = i32x4.sub(i32x4.sub(high, halfSteps), v128.bitselect(lowerHalf, halfSteps, isPower))
    const width = i32x4.neg(i32x4.shr_s(low, FIXED))

    // Digits are dropped where a multiple of 10, 100, 1000 lies between, which is where less than the width is left of `above`.
    const left1000 = i32x4.sub(above, i32x4.mul(quotients(above, THOUSANDTH, 38), lanes(1000)))
    const hundreds = i32x4.dot_i16x8_s(i32x4.shr_u(i32x4.dot_i16x8_s(left1000, lanes(41)), 12), n100)
    const left100 = i32x4.sub(left1000, hundreds)
    const tensOf = i32x4.dot_i16x8_s(i32x4.shr_u(i32x4.dot_i16x8_s(left100, lanes(205)), 11), n10)
    const left10 = i32x4.sub(left100, tensOf)
    const drops1 = i32x4.gt_s(width, left10)
    const drops2 = i32x4.gt_s(width, left100)
    const drops3 = i32x4.gt_s(width, left1000)
    const left = i32x4.add(v128.and(left10, drops1), i32x4.add(v128.and(tensOf, drops2), v128.and(hundreds, drops3)))

    // From the greatest multiple down to the one that is nearest to the value: by none of 1000, by one of 100 at most, by six of 10.
    let beyond = i32x4.sub(i32x4.sub(halfSteps, high), i32x4.shl(left, FIXED))
    beyond = i32x4.add(beyond, i32x4.add(v128.and(lanes(9 * (UNIT / 2)), drops1), v128.and(lanes(90 * (UNIT / 2)), drops2)))
    beyond = i32x4.max_s(i32x4.add(beyond, lanes(UNIT / 2 + UNDECIDED)), undecidedEnd)
    const steps1 = i32x4.shr_u(beyond, FIXED)
    const steps10 = i32x4.dot_i16x8_s(i32x4.shr_u(i32x4.dot_i16x8_s(steps1, lanes(205)), 11), n10)
    const steps100 = v128.and(i32x4.ge_s(steps1, n100), n100)
    let steps = i32x4.add(steps1, v128.and(i32x4.sub(steps10, steps1), drops1))
    steps = i32x4.add(steps, v128.and(i32x4.sub(steps100, steps10), drops2))
    steps = i32x4.sub(steps, v128.and(steps100, drops3))
    let digits = i32x4.sub(i32x4.sub(above, left), steps)
    let unit = i32x4.add(v128.and(lanes(9), drops1), v128.and(lanes(90), drops2))
    unit = i32x4.add(i32x4.add(unit, lanes(1)), v128.and(lanes(900), drops3))
    digits = i32x4.add(digits, v128.and(unit, i32x4.le_s(digits, i32x4.sub(above, width))))

    // What is nearer to a border than the arithmetic is exact is not decided here. 0 and 1 are.
    const near = v128.or(
      i32x4.lt_s(v128.and(i32x4.add(high, undecided), fraction), undecidedEnd),
      i32x4.lt_s(v128.and(i32x4.add(low, undecided), fraction), undecidedEnd),
    )
    const tie = v128.and(i32x4.lt_s(v128.and(beyond, fraction), undecidedEnd), i32x4.eq(steps, steps1))
    const one = i32x4.eq(given, lanes(ONE))
    const special = v128.or(one, i32x4.eq(given, zero))
    const outside = i32x4.ge_u(i32x4.sub(given, lanes(LEAST)), lanes(ONE - LEAST))
    const tooMany = i32x4.gt_s(digits, lanes(DIGITS_LAST))
    const stuck = v128.andnot(v128.or(v128.or(near, tie), v128.or(outside, tooMany)), special)
    const valid = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(<i32>((end - scores) >> 2)))
    if (v128.any_true(v128.and(stuck, valid))) return 0
    digits = v128.andnot(digits, special)
    const shuffled = v128.shuffle<i32>(rest01, rest23, 1, 3, 5, 7)
    const powers = v128.bitselect(v128.and(one, lanes(1)), shuffled, special)

    // The first digit, and two halves of four.
    const five = quotients(digits, TEN_THOUSANDTH, 45)
    const lower = i32x4.sub(digits, i32x4.mul(five, lanes(10_000)))
    const first = i32x4.shr_u(i32x4.dot_i16x8_s(i32x4.shr_u(five, 4), lanes(6711)), 22)
    const upper = i32x4.sub(five, i32x4.dot_i16x8_s(first, lanes(10_000)))
    const eight01 = eightDigits(v128.shuffle<i32>(upper, lower, 0, 4, 1, 5), n100)
    const eight23 = eightDigits(v128.shuffle<i32>(upper, lower, 2, 6, 3, 7), n100)
    to = writeDecimal(to, i32x4.extract_lane(first, 0), i64x2.extract_lane(eight01, 0), i32x4.extract_lane(powers, 0))
    if (scores + 4 >= end) break
    to = writeDecimal(to, i32x4.extract_lane(first, 1), i64x2.extract_lane(eight01, 1), i32x4.extract_lane(powers, 1))
    if (scores + 8 >= end) break
    to = writeDecimal(to, i32x4.extract_lane(first, 2), i64x2.extract_lane(eight23, 0), i32x4.extract_lane(powers, 2))
    if (scores + 12 >= end) break
    to = writeDecimal(to, i32x4.extract_lane(first, 3), i64x2.extract_lane(eight23, 1), i32x4.extract_lane(powers, 3))
  }
  return to
}

/** Of the binade and of what in it has one more digit before the point. */
@inline
function rowOf(tens: usize, scales: usize, bits: u32): usize {
  const binade = <usize>(bits >>> 23) & 127
  return scales + (binade << 5) + (<usize>(bits >= load<u32>(tens + (binade << 2))) << 4)
}

/** i64[2], in 2^-22: values · factors + the halves of steps in the low words of `rest`. */
@inline
function midpoints(values: v128, factors: v128, integers: v128, rest: v128): v128 {
  const scaled = i64x2.sub(f64x2.add(f64x2.mul(values, factors), integers), integers)
  return i64x2.add(scaled, v128.and(rest, i64x2.splat(0xffffffff)))
}

/** values · multiplier >> shift. */
@inline
function quotients(values: v128, multiplier: i64, shift: i32): v128 {
  const by = lanes(<i32>multiplier)
  const q01 = i64x2.shr_u(i64x2.extmul_low_i32x4_u(values, by), shift)
  const q23 = i64x2.shr_u(i64x2.extmul_high_i32x4_u(values, by), shift)
  return v128.shuffle<i32>(q01, q23, 0, 2, 4, 6)
}

/** u8[2][8]: the digits of u32[2][2] below 10^4, the first in the lowest byte: pairs, ones. */
@inline
function eightDigits(fours: v128, n100: v128): v128 {
  const high = i32x4.shr_u(i32x4.dot_i16x8_s(fours, lanes(10_486)), 20)
  const low = i32x4.sub(fours, i32x4.dot_i16x8_s(high, n100))
  const pairs = v128.or(high, i32x4.shl(low, 16))
  const tens = i16x8.shr_u(i16x8.mul(pairs, lanes(103 * 0x10001)), 10)
  const ones = i16x8.sub(pairs, i16x8.mul(tens, lanes(10 * 0x10001)))
  return v128.or(tens, i16x8.shl(ones, 8))
}

/** '0.', zeros, digits, and a comma. What is written beyond belongs to nobody. Without a first digit: `power` itself, 0 or 1. */
@inline
function writeDecimal(to: usize, first: u32, rest: u64, power: u32): usize {
  if (power > PLAIN_POWER) return writeExponent(to, first, rest, power - DIGITS_MAX + 1)
  if (first == 0) {
    store<u16>(to, <u16>(0x2c30 + power))
    return to + 2
  }
  store<u64>(to, ZERO_POINT_ZEROS)
  to += 2 + (power - DIGITS_MAX)
  store<u8>(to, 0x30 + first)
  store<u64>(to, rest | ZEROS, 1)
  to += DIGITS_MAX - <i32>(clz<u64>(rest) >>> 3)
  store<u8>(to, 0x2c)
  return to + 1
}

/** 'd.dde-n', or 'de-n' where one digit is enough, and a comma. */
function writeExponent(to: usize, first: u32, rest: u64, negative: u32): usize {
  const digitCount = DIGITS_MAX - <i32>(clz<u64>(rest) >>> 3)
  store<u8>(to, 0x30 + first)
  store<u8>(to, 0x2e, 1)
  store<u64>(to, rest | ZEROS, 2)
  let at = to + (digitCount == 1 ? 1 : 1 + digitCount)
  store<u16>(at, 0x2d65)
  at += 2
  if (negative >= 10) store<u8>(at++, 0x30 + negative / 10)
  store<u8>(at++, 0x30 + (negative % 10))
  store<u8>(at++, 0x2c)
  return at
}
