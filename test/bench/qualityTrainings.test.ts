import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Data } from '../../bench/quality/data.ts'
import { EASE } from '../../bench/quality/subjects.ts'
import { isAlone, isMoreOfTheSame, shown, trainingsOf } from '../../bench/quality/trainings.ts'
import { interactionsOf } from '../models/toy.ts'

const dataOf = (itemCount: number): Data => ({
  name: 'toy',
  interactions: interactionsOf([[0, 1, 2]], itemCount),
  catalogueItemCount: itemCount,
  realTimes: Uint32Array.of(0),
})
const of = (itemCount: number) => trainingsOf(dataOf(itemCount), { recipe: EASE }).map(shown)

test('a baseline is asked with every seed, where that is slow with the first, and not at all where it does not fit', () => {
  const first = [`toy, P2, seed 0, ${EASE}`, `toy, P1 and P3, seed 0, ${EASE}`, `toy, ties, seed 0, ${EASE}`]
  const others = [1, 2].flatMap(seed => [`toy, P1 and P3, seed ${seed}, ${EASE}`, `toy, ties, seed ${seed}, ${EASE}`])
  assert.deepEqual(of(3000), [...first, ...others])
  assert.deepEqual(of(12_000), first)
  assert.deepEqual(of(20_000), [])
})

test('other seeds can be done without, solution versions cannot', () => {
  const all = trainingsOf(dataOf(3000), {})
  const seeds = all.filter(isMoreOfTheSame).map(({ seed }) => seed)
  assert.deepEqual([...new Set(seeds)], [1, 2])
  assert.ok(!all.filter(isAlone).some(isMoreOfTheSame))
})
