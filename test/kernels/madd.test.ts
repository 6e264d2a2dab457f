/** The twins' own arithmetic against exact arithmetic in BigInt and against f64. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fusedMadd, roundedMadd } from '../../src/kernels/plain/memory.ts'
import { plainExp } from '../../src/kernels/plain/rank.ts'
import { seededRandom } from '../../src/lib/random.ts'

/** Every finite f32 is a whole multiple of 2^-149. */
const SCALE = 149
const F32_MAX = (2 - 2 ** -23) * 2 ** 127

function exactMultiple(x: number): bigint {
  let shifts = 0
  for (; !Number.isInteger(x); shifts++) x *= 2
  return BigInt(x) << BigInt(SCALE - shifts)
}

/** sum · 2^-298 to the nearest f32, ties to even: by bisection over what f32 can be. */
function nearest(sum: bigint): number {
  const size = sum < 0n ? -sum : sum
  if (size === 0n) return 0
  const bits = size.toString(2).length
  // The last place of the result, in units of 2^-298: 24 bits below the first, but no finer than the subnormals'.
  const place = BigInt(Math.max(bits - 24, SCALE))
  const unit = 1n << place
  const down = size / unit
  const rest = size % unit
  const up = rest * 2n > unit || (rest * 2n === unit && down % 2n === 1n)
  const whole = Number(down + (up ? 1n : 0n)) // at most 2^24: exact
  const value = whole * 2 ** (Number(place) - 298 + 120) * 2 ** -120
  const rounded = value > F32_MAX ? Number.POSITIVE_INFINITY : value
  return sum < 0n ? -rounded : rounded
}

const exactMadd = (a: number, b: number, c: number) =>
  nearest(exactMultiple(a) * exactMultiple(b) + (exactMultiple(c) << BigInt(SCALE)))

test('fusedMadd rounds a·b + c once', () => {
  const random = seededRandom(3)
  const float = (exponent: number, bits: number) =>
    Math.fround((random.below(2) ? 1 : -1) * (1 + random.below(2 ** bits) / 2 ** bits) * 2 ** exponent)
  let beyondRounded = 0
  let halfWay = 0
  const check = (a: number, b: number, c: number) => {
    const expected = exactMadd(a, b, c)
    assert.equal(fusedMadd(a, b, c) + 0, expected + 0, `${a} · ${b} + ${c}`)
    if (roundedMadd(a, b, c) !== expected) beyondRounded++
    if (Math.fround(a * b + c) !== expected) halfWay++
  }
  for (let i = 0; i < 20_000; i++) {
    check(float(random.below(40) - 20, 23), float(random.below(40) - 20, 23), float(random.below(40) - 20, 23))
    // Half way between two f32, and beside that by too little for f64: (1 + e)(1 - e) = 1 - e².
    const e = 2 ** -23 * random.below(8)
    check(float(-12, 0) * (1 + e), float(-12, 0) * (1 - e), float(0, 23))
    // Subnormal results.
    check(float(-70 - random.below(10), 23), float(-70 - random.below(10), 23), float(-130 - random.below(20), 6))
    // Around the greatest f32.
    check(float(103, 0), float(random.below(3) - 1, random.below(24)), F32_MAX)
  }
  // Half way from the greatest f32 to what would be the next is infinite; by any less it is not.
  for (const sign of [1, -1]) {
    check(sign * 2 ** 51, 2 ** 52, sign * F32_MAX)
    check(sign * 2 ** 51 * (1 + 2 ** -23), 2 ** 52 * (1 - 2 ** -23), sign * F32_MAX)
    check(sign * 2 ** 51 * (1 + 2 ** -23), 2 ** 52, sign * F32_MAX)
  }
  assert.ok(beyondRounded > 1000, 'the cases tell one rounding from two')
  assert.ok(halfWay > 0, 'the cases tell f32 from rounding in f64 first')
})

test('roundedMadd rounds the product, then the sum', () => {
  const random = seededRandom(4)
  for (let i = 0; i < 5000; i++) {
    const [a, b, c] = [random.normal(), random.normal(), random.normal()].map(Math.fround)
    const product = nearest(exactMultiple(a) * exactMultiple(b))
    assert.equal(roundedMadd(a, b, c), nearest((exactMultiple(product) + exactMultiple(c)) << BigInt(SCALE)))
  }
})

test('exp: relative error at most 2⁻²² where its value is above 2⁻¹²⁶, and 0 below', () => {
  let greatest = 0
  for (let i = 0; i <= 2_000_000; i++) {
    const x = Math.fround((-87.3 * i) / 2_000_000)
    greatest = Math.max(greatest, Math.abs(plainExp(x) / Math.exp(x) - 1))
  }
  assert.ok(greatest <= 2 ** -22, `${greatest}`)
  assert.equal(plainExp(0), 1)
  for (const x of [-87.4, -100, -1e30, Number.NEGATIVE_INFINITY]) assert.equal(plainExp(Math.fround(x)), 0)
})
