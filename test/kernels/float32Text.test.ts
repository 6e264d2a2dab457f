import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FLOAT32_TEXT_BYTES_MAX, float32Text, writeFloat32 } from '../../src/kernels/plain/float32Text.ts'
import { seededRandom } from '../../src/lib/random.ts'

const target = Buffer.alloc(FLOAT32_TEXT_BYTES_MAX + 8, '?')
/** What cannot be decided fast is decided plainly. */
let undecided = 0
function written(value: number): string {
  const end = writeFloat32(target, 0, value)
  if (end === 0) undecided++
  return end === 0 ? float32Text(value) : target.toString('latin1', 0, end)
}
const bits = new Uint32Array(1)
const float = new Float32Array(bits.buffer)
const fromBits = (pattern: number) => {
  bits[0] = pattern
  return float[0]
}
const ONE = 0x3f800000

test('scores have the text that a person would write', () => {
  const cases: [number, string][] = [
    [0, '0'],
    [1, '1'],
    [0.5, '0.5'],
    [0.1, '0.1'],
    [0.3, '0.3'],
    [1 / 3, '0.33333334'],
    [0.0213344, '0.0213344'],
    [0.999999, '0.999999'],
    [fromBits(ONE - 1), '0.99999994'],
    [1e-6, '0.000001'],
    [1e-7, '0.0000001'],
    [9e-8, '9e-8'],
    [1.25e-10, '1.25e-10'],
    [1e-13, '1e-13'],
    [3e-20, '3e-20'],
    [fromBits(0x00800000), '1.1754944e-38'],
    [fromBits(1), '1e-45'],
  ]
  for (const [value, text] of cases) {
    assert.equal(float32Text(Math.fround(value)), text)
    assert.equal(written(Math.fround(value)), text)
  }
})

test('what is not a score is an error of ours', () => {
  for (const value of [-0.1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => float32Text(value), { message: 'a score is a float32 between 0 and 1' })
  }
})

/** The fast text equals the plain one, reads back, is JSON, and stays in its bytes. */
function check(value: number): void {
  const text = written(value)
  assert.equal(text, float32Text(value))
  assert.equal(Math.fround(Number(text)), value)
  assert.equal(JSON.stringify(JSON.parse(text)), String(Number(text)))
  assert.ok(text.length <= FLOAT32_TEXT_BYTES_MAX, text)
}

test('around every power of two and of ten the fast text equals the plain one', () => {
  for (let exponent = 0; exponent <= 127; exponent++) {
    for (let step = -3; step <= 3; step++) {
      const pattern = (exponent << 23) + step
      if (pattern >= 0 && pattern <= ONE) check(fromBits(pattern))
    }
  }
  for (let exponent = 0; exponent <= 45; exponent++) {
    float[0] = Number(`1e-${exponent}`)
    const [near] = bits
    for (let step = -20; step <= 20; step++) if (near + step >= 0 && near + step <= ONE) check(fromBits(near + step))
  }
})

test('for random bits, random probabilities and round decimals the fast text equals the plain one', () => {
  const random = seededRandom(7)
  undecided = 0
  for (let i = 0; i < 30_000; i++) {
    check(fromBits(0x00800000 + random.below(ONE + 1 - 0x00800000)))
    check(Math.fround(random.uniform()))
    check(Math.fround(random.uniform() * 1e-4))
    check(Math.fround(random.below(10 ** (1 + (i % 9))) / 10 ** (1 + (i % 9))))
  }
  assert.ok(undecided <= 60, `${undecided} of 120 000 are left to the plain one`)
})

test('no decimal with fewer digits reads back', () => {
  const random = seededRandom(11)
  for (let i = 0; i < 20_000; i++) {
    const value = fromBits(random.below(ONE - 1) + 1)
    const digits = written(value).replace(/e.*/, '').replace('.', '').replace(/^0+/, '').length
    if (digits === 1) continue
    const [mantissa, exponent] = value.toExponential(digits - 2).split('e')
    const nearest = Number(mantissa.replace('.', ''))
    for (const shorter of [nearest - 1, nearest, nearest + 1]) {
      assert.notEqual(Math.fround(Number(`${shorter}e${Number(exponent) - digits + 2}`)), value)
    }
  }
})
