/** The shortest decimal that reads back to a float32, step by step as src/kernels/plain/float32Text.ts has it. */
import { BYTES_HALF_STEPS, BYTES_POWERS, BYTES_SCALES } from '../src/kernels/byteParameters'
import { word } from './words'

const DIGITS_MAX: i32 = 9
const DIGITS_LOW: f64 = 1e8
const DIGITS_HIGH: f64 = 1e9
const UNDECIDED: f64 = 1e-6

/** The place after the text; 0 when f64 cannot decide. */
export function writeFloat(params: usize, to: usize, given: f32): usize {
  const bits = reinterpret<u32>(given)
  if (bits == 0) {
    store<u8>(to, 0x30)
    return to + 1
  }
  if (bits == 0x3f800000) {
    store<u8>(to, 0x31)
    return to + 1
  }
  const biased = <usize>(bits >>> 23)
  if (biased == 0 || biased >= 127) return 0
  const powers = <usize>word(params, BYTES_POWERS)
  let power = <i32>load<i8>(<usize>word(params, BYTES_SCALES) + biased)
  const value = <f64>given
  let scaled = value * load<f64>(powers + (<usize>power << 3))
  if (scaled >= DIGITS_HIGH) scaled = value * load<f64>(powers + (<usize>--power << 3))
  if (scaled < DIGITS_LOW) return 0

  const halfStep = load<f64>(<usize>word(params, BYTES_HALF_STEPS) + (biased << 3)) * load<f64>(powers + (<usize>power << 3))
  const low = scaled - ((bits & 0x7fffff) == 0 ? halfStep / 2 : halfStep)
  const high = scaled + halfStep

  let unit: f64 = 1
  let digitCount = DIGITS_MAX
  let best = floor<f64>(scaled + 0.5)
  for (;;) {
    const coarser = unit * 10
    let candidate = floor<f64>(scaled / coarser + 0.5) * coarser
    if (candidate <= low) candidate += coarser
    if (abs<f64>(candidate - low) < UNDECIDED || abs<f64>(candidate - high) < UNDECIDED) return 0
    if (candidate <= low || candidate >= high) break
    unit = coarser
    digitCount--
    best = candidate
  }
  if (abs<f64>(abs<f64>(best - scaled) - unit / 2) < UNDECIDED || best >= DIGITS_HIGH) return 0
  const digits = <u32>(best / unit)
  return value >= 1e-7
    ? plain(to, digits, digitCount, power - DIGITS_MAX)
    : exponent(to, digits, digitCount, <u32>(power - DIGITS_MAX + 1))
}

/** '0.', zeros, digits. */
function plain(to: usize, digits: u32, digitCount: i32, zeros: i32): usize {
  store<u16>(to, 0x2e30)
  let at = to + 2
  for (; zeros > 0; zeros--) store<u8>(at++, 0x30)
  writeDigits(at + digitCount, digits)
  return at + digitCount
}

/** 'd.dde-n', or 'de-n' where one digit is enough. */
function exponent(to: usize, digits: u32, digitCount: i32, negative: u32): usize {
  writeDigits(to + 1 + digitCount, digits)
  store<u8>(to, load<u8>(to, 1))
  store<u8>(to, 0x2e, 1)
  let at = to + (digitCount == 1 ? 1 : 1 + digitCount)
  store<u16>(at, 0x2d65)
  at += 2
  if (negative >= 10) store<u8>(at++, 0x30 + negative / 10)
  store<u8>(at++, 0x30 + (negative % 10))
  return at
}

function writeDigits(end: usize, digits: u32): void {
  let rest = digits
  while (rest > 0) {
    const next = rest / 10
    store<u8>(--end, 0x30 + rest - next * 10)
    rest = next
  }
}
