/**
 * The k best of many scores, in order: linear in their number, however large k is. Scores become 32-bit keys of the same order, a histogram
 * of their upper halves finds where the k-th lies, and what is not below that is sorted by radix (Knuth vol. 3 §5.2.5). Of many lists of many
 * users kernels do it (userRanking.ts).
 */
import { assert } from '../lib/assert.ts'

const DIGITS = 2 ** 16

/** The rows of the k highest scores, best first; of equal scores the lower row first, and -0 is 0. No score is NaN. */
export function bestRows(scores: Float32Array, k: number): Uint32Array {
  assert(Number.isInteger(k) && k >= 0)
  const keys = descendingKeys(scores)
  const counts = new Uint32Array(DIGITS)
  for (let row = 0; row < keys.length; row++) counts[keys[row] >>> 16]++
  const wanted = Math.min(k, keys.length)
  let [last, count] = [-1, 0]
  while (count < wanted) count += counts[++last]
  const candidates = new Uint32Array(count)
  let at = 0
  for (let row = 0; row < keys.length; row++) if (keys[row] >>> 16 <= last) candidates[at++] = row
  return sortedByKey(candidates, keys).subarray(0, wanted)
}

/**
 * The same rows in the same order, for few of many, among those of `allowed` (row i is bit i mod 32 of word i / 32; absent: all), fewer where fewer are
 * allowed: a heap of the best so far with the least on top (Knuth vol. 3 §5.2.3), which most scores only look at. Linear in the number of scores, and
 * k·ln(scores / k) replacements in an order of chance.
 */
export function bestFew(scores: Float32Array, k: number, allowed?: Uint32Array): Uint32Array {
  assert(Number.isInteger(k) && k >= 0)
  const heap = new Uint32Array(k)
  const isWorse = (a: number, b: number) => scores[a] < scores[b] || (scores[a] === scores[b] && a > b)
  const sink = (row: number, count: number) => {
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= count) break
      if (child + 1 < count && isWorse(heap[child + 1], heap[child])) child++
      if (!isWorse(heap[child], row)) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = row
  }
  let count = 0
  let least = Number.NEGATIVE_INFINITY
  for (let row = 0; row < scores.length && k > 0; row++) {
    // Of equal scores the row that is here already is the lower one.
    if (count === k && !(scores[row] > least)) continue
    if (allowed && ((allowed[row >>> 5] >>> (row & 31)) & 1) === 0) continue
    if (count === k) sink(row, k)
    else {
      let at = count++
      while (at > 0 && isWorse(row, heap[(at - 1) >>> 1])) {
        heap[at] = heap[(at - 1) >>> 1]
        at = (at - 1) >>> 1
      }
      heap[at] = row
    }
    least = scores[heap[0]]
  }
  for (let end = count - 1; end > 0; end--) {
    const [worst, last] = [heap[0], heap[end]]
    sink(last, end)
    heap[end] = worst
  }
  return heap.subarray(0, count)
}

/** A higher score has a lower key: the bits of a positive float ascend with it, those of a negative one descend. */
function descendingKeys(scores: Float32Array): Uint32Array {
  const keys = new Uint32Array(scores.length)
  const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length)
  for (let row = 0; row < scores.length; row++) {
    const own = scores[row] === 0 ? 0 : bits[row]
    keys[row] = own >>> 31 === 0 ? ~(own | 0x8000_0000) : own
  }
  return keys
}

/** Ascending by key; of equal keys in the order given. */
function sortedByKey(rows: Uint32Array<ArrayBuffer>, keys: Uint32Array): Uint32Array<ArrayBuffer> {
  let [from, to] = [rows, new Uint32Array(rows.length)]
  for (const shift of [0, 16]) {
    const next = new Uint32Array(DIGITS + 1)
    for (const row of from) next[((keys[row] >>> shift) & 0xffff) + 1]++
    for (let digit = 0; digit < DIGITS; digit++) next[digit + 1] += next[digit]
    for (const row of from) to[next[(keys[row] >>> shift) & 0xffff]++] = row
    ;[from, to] = [to, from]
  }
  return from
}
