/** The parts under the masks, against arrays and Sets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  add,
  emptySet,
  firstRows,
  fullSet,
  has,
  intersect,
  invert,
  remove,
  subtract,
  unite,
} from '../../src/filters/bitset.ts'
import { BoundedCache } from '../../src/filters/boundedCache.ts'
import { byValue, columnBuilder } from '../../src/filters/columns.ts'
import { Dictionary } from '../../src/filters/dictionary.ts'
import { rowsMatching, valuesAt } from '../../src/filters/mask.ts'
import type { PlannedCondition } from '../../src/filters/plan.ts'
import { countOnes } from '../../src/lib/packedBits.ts'
import { seededRandom } from '../../src/lib/random.ts'

const ROW_COUNTS = [1, 31, 32, 33, 64, 100]

test('bitsets are sets', () => {
  const random = seededRandom(1)
  for (const rows of ROW_COUNTS) {
    const draw = () => new Set(Array.from({ length: random.below(2 * rows) }, () => random.below(rows)))
    const bits = (set: Set<number>) => {
      const made = emptySet(rows)
      for (const row of set) add(made, row)
      return made
    }
    const list = (set: Uint32Array) => firstRows(set, rows)
    const sorted = (set: Set<number>) => [...set].sort((a, b) => a - b)
    const [a, b] = [draw(), draw()]
    assert.deepEqual(list(bits(a)), sorted(a))
    assert.equal(countOnes(bits(a)), a.size)
    assert.equal(countOnes(fullSet(rows)), rows)
    for (let row = 0; row < rows; row++) assert.equal(has(bits(a), row), a.has(row))
    for (const [change, expected] of [
      [unite, a.union(b)],
      [intersect, a.intersection(b)],
      [subtract, a.difference(b)],
    ] as const) {
      const set = bits(a)
      change(set, bits(b))
      assert.deepEqual(list(set), sorted(expected))
    }
    const set = bits(a)
    invert(set, rows)
    assert.deepEqual(
      list(set),
      Array.from({ length: rows }, (_, row) => row).filter(row => !a.has(row)),
    )
    for (const row of b) remove(set, row)
    assert.equal(countOnes(set), rows - a.union(b).size)
    assert.deepEqual(firstRows(fullSet(rows), 3), [0, 1, 2].slice(0, rows))
  }
})

const condition = (operator: PlannedCondition['operator']): PlannedCondition => ({
  column: 'X',
  kind: 'number',
  operator,
  operand: { kind: 'constants', values: [] },
  start: 0,
  end: 0,
})

const holds = {
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
  '=': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b,
} as const

test('comparisons on columns of which every row has a value, and on others, take the rows that they should', () => {
  const random = seededRandom(2)
  for (const rows of ROW_COUNTS)
    for (const wholly of [true, false]) {
      const cells = Array.from({ length: rows }, () => (wholly || random.below(4) > 0 ? random.below(7) - 3 : null))
      const builder = columnBuilder({ type: 'double', categorical: false }, rows)
      for (const [row, cell] of cells.entries()) builder.set(row, cell)
      const column = byValue(builder.finish(), rows)
      for (const [operator, is] of Object.entries(holds))
        for (let bound = -5; bound <= 5; bound++) {
          const found = rowsMatching(condition(operator as PlannedCondition['operator']), [bound], column, rows)
          const expected = [...cells.keys()].filter(row => cells[row] !== null && is(cells[row], bound))
          assert.deepEqual(firstRows(found, rows), expected, `${operator} ${bound} of [${cells}]`)
        }
    }
})

test('a column of numbers becomes one of 64-bit integers when it has to, and keeps what it had', () => {
  const builder = columnBuilder({ type: 'long', categorical: false }, 4)
  builder.set(0, 5n)
  builder.set(2, 2n ** 53n + 1n)
  builder.set(3, -7)
  const column = builder.finish()
  assert.deepEqual(
    [0, 1, 2, 3].map(row => valuesAt(column, row)),
    [[5n], [], [9007199254740993n], [-7n]],
  )
})

test('texts come in any order, twice, and in parts', () => {
  const builder = columnBuilder({ type: 'string', categorical: true }, 3)
  builder.set(2, 'b|a||b')
  builder.set(0, 'é')
  builder.set(1, null)
  const column = builder.finish()
  assert.deepEqual(
    [0, 1, 2].map(row => valuesAt(column, row)),
    [['é'], [], ['a', 'b']],
  )
})

test('a dictionary finds its texts and no others', () => {
  const texts = ['b', 'a', '', 'é', '日本', '\u{1F600}', 'ab', 'a\0']
  const { dictionary, codes } = Dictionary.of(texts)
  texts.forEach((text, at) => {
    assert.equal(dictionary.codeOf(text), codes[at])
    assert.equal(dictionary.textAt(codes[at]), text)
  })
  for (const text of ['c', 'aa', '日', '\u{1F601}', 'abc']) assert.equal(dictionary.codeOf(text), -1)
  assert.equal(Dictionary.of([]).dictionary.codeOf(''), -1)
})

test('a cache forgets what has not been used, and never holds more than its bound', () => {
  const cache = new BoundedCache<number>(1000, 3)
  cache.set('a', 1, 10)
  cache.set('b', 2, 10)
  cache.set('c', 3, 10)
  assert.equal(cache.get('a'), 1)
  cache.set('d', 4, 10)
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map(key => cache.get(key)),
    [1, undefined, 3, 4],
  )
  cache.set('e', 5, 990)
  assert.deepEqual(
    ['a', 'c', 'd', 'e'].map(key => cache.get(key)),
    [undefined, undefined, undefined, 5],
  )
  cache.set('e', 5, 2000)
  cache.set('f', 6, 2000)
  assert.deepEqual(
    ['e', 'f'].map(key => cache.get(key)),
    [undefined, undefined],
  )
  cache.set('g', 7, 900)
  cache.set('g', 8, 900)
  assert.equal(cache.get('g'), 8)
})
