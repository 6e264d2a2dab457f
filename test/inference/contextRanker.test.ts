/** Values of a context, and ranking in it, beside a plain sort. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ContextRanker, contextIn } from '../../src/inference/contextRanker.ts'
import { seededRandom } from '../../src/lib/random.ts'
import type { ContextLifts } from '../../src/models/contextLifts.ts'

const n = 70

function column(name: string, whom: ContextLifts['for'], rules: ContextLifts['rules']): ContextLifts {
  const random = seededRandom(name.length)
  const rows = rules.map(() => Array.from({ length: n }, (_, item) => item).filter(() => random.below(2) === 0))
  const offsets = new Uint32Array(rules.length + 1)
  for (const [row, { length }] of rows.entries()) offsets[row + 1] = offsets[row] + length
  const items = Int32Array.from(rows.flat())
  return {
    ...{ name, for: whom, rules, weight: 1, offsets, items },
    // The last ten items came later.
    usual: Float32Array.from({ length: n - 10 }, () => -random.uniform()),
    values: Float32Array.from(items, () => 3 * random.uniform()),
  }
}

const device = column('DEVICE', 'everybody', [
  { column: 'DEVICE', category: 'phone' },
  { column: 'DEVICE', category: '__proto__' },
])
const hour = column('HOUR', 'history', [
  { column: 'HOUR', below: 6 },
  { column: 'HOUR', from: 6, below: 12.5 },
  { column: 'HOUR', from: 12.5 },
])
const shop = column('SHOP', 'newcomers', [{ column: 'SHOP', category: '' }])
const ranker = new ContextRanker([device, hour, shop])

test('values are found by their rules, columns by whom they are for', () => {
  const found = (context: Record<string, string>, hasHistory = true) => ranker.heard(context, hasHistory)
  assert.deepEqual(found({ DEVICE: 'phone', HOUR: '6' }), [
    { column: 0, value: 0 },
    { column: 1, value: 1 },
  ])
  assert.deepEqual(found({ DEVICE: '__proto__', HOUR: '6' }, false), [{ column: 0, value: 1 }])
  assert.deepEqual(found({ SHOP: '' }, false), [{ column: 2, value: 0 }])
  for (const [text, value] of [
    ['-1e9', 0],
    ['5.999', 0],
    [' 12.4 ', 1],
    ['12.5', 2],
    ['1e300', 2],
  ] as const)
    assert.deepEqual(found({ HOUR: text }), [{ column: 1, value }], text)
  for (const nothing of [
    {},
    { DEVICE: 'Phone' },
    { device: 'phone' },
    { HOUR: '' },
    { HOUR: 'noon' },
    { HOUR: 'Infinity' },
    { SHOP: '' },
    { toString: 'x' },
  ])
    assert.equal(found(nothing as Record<string, string>), undefined, JSON.stringify(nothing))
  assert.equal(ranker.heard(undefined, true), undefined)
  assert.equal(new ContextRanker([]).heard({ DEVICE: 'phone' }, true), undefined)
})

test('the best in a context, of what is allowed and not struck, with shares of the whole catalogue', () => {
  const random = seededRandom(3)
  const scores = Float32Array.from({ length: n }, () => Math.round(8 * random.normal()) / 4)
  const sharpness = 1.5
  const heard = ranker.heard({ DEVICE: 'phone', HOUR: '13' }, true)!
  const lifted = ranker.scores(scores, sharpness, heard)
  const rowOf = ({ usual, offsets, items, values }: ContextLifts, value: number, item: number) => {
    const at = items.subarray(offsets[value], offsets[value + 1]).indexOf(item)
    return (usual[item] ?? 0) + (at < 0 ? 0 : values[offsets[value] + at])
  }
  for (let item = 0; item < n; item++) {
    const parts = [rowOf(device, 0, item), rowOf(hour, 2, item)]
    const expected = scores[item] + (parts[0] + parts[1]) / sharpness
    assert.ok(Math.abs(lifted[item] - expected) < 1e-5)
    assert.deepEqual(
      ranker.parts(item, heard),
      ['DEVICE', 'HOUR'].map((name, at) => ({ column: name, weight: parts[at] })),
    )
  }
  const allowed = Uint32Array.of(0x0fff_ffff, 0xffff_fff0, 0b11_1111)
  const struck = [0, 1, 2, 69, 69]
  const open = Array.from({ length: n }, (_, item) => item).filter(item => (allowed[item >>> 5] >>> (item & 31)) & 1)
  const total = lifted.reduce((sum, score) => sum + Math.exp(sharpness * score), 0)
  for (const [mask, gone, left] of [
    [undefined, undefined, Array.from({ length: n }, (_, item) => item)],
    [allowed, undefined, open],
    [allowed, struck, open.filter(item => !struck.includes(item))],
  ] as const)
    for (const k of [1, 25, n]) {
      const { items, probabilities } = ranker.rank(lifted, sharpness, k, mask, gone)
      const expected = left.toSorted((a, b) => lifted[b] - lifted[a] || a - b).slice(0, k)
      assert.deepEqual([...items], expected)
      for (const [place, item] of expected.entries())
        assert.ok(Math.abs(probabilities[place] - Math.exp(sharpness * lifted[item]) / total) < 1e-6)
      assert.ok(probabilities.reduce((sum, each) => sum + each, 0) <= 1)
    }
  assert.deepEqual([...allowed], [0x0fff_ffff, 0xffff_fff0, 0b11_1111])
})

test('what is no context is told in a sentence', () => {
  const expected = 'an object such as {"DEVICE":"mobile"} was expected.'
  assert.equal(contextIn(undefined), undefined)
  assert.equal(contextIn(null), undefined)
  assert.deepEqual(contextIn({ DEVICE: 'phone' }), { DEVICE: 'phone' })
  for (const [given, problem] of [
    [7, `context is no object; ${expected}`],
    [[], `context is no object; ${expected}`],
    [{ DEVICE: null }, `context has for "DEVICE" something that is no string; ${expected}`],
    [{ ['x'.repeat(80)]: 1 }, `context has for "${'x'.repeat(50)}" something that is no string; ${expected}`],
    [{ DEVICE: 'x'.repeat(1001) }, 'context has for "DEVICE" more than 1000 characters.'],
    [
      Object.fromEntries(Array.from({ length: 151 }, (_, at) => [`C${at}`, ''])),
      'context has 151 values; at most 150 were expected.',
    ],
  ] as const)
    assert.equal(contextIn(given), problem)
})
