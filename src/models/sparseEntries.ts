/** Sparse rows in the making. */

/**
 * The indexes of the `count` entries of greatest size that are not 0, ascending; of equal ones the lower index stays. One pass with a heap of those
 * found so far, the first of them to go on top: a sort of everything took seconds a row where catalogues are large.
 */
export function greatest(values: Float64Array, count: number): number[] {
  const kept: number[] = []
  let at = 0
  for (; at < values.length && kept.length < count; at++) if (values[at] !== 0) kept.push(at)
  if (kept.length === 0) return kept
  for (let place = (kept.length >>> 1) - 1; place >= 0; place--) sink(kept, place, values)
  for (; at < values.length; at++) {
    if (Math.abs(values[at]) <= Math.abs(values[kept[0]])) continue
    kept[0] = at
    sink(kept, 0, values)
  }
  return kept.sort((a, b) => a - b)
}

/** Puts the index at `place` where none below it goes before it. */
function sink(heap: number[], place: number, values: Float64Array): void {
  const index = heap[place]
  for (;;) {
    let next = 2 * place + 1
    if (next >= heap.length) break
    if (next + 1 < heap.length && goesBefore(heap[next + 1], heap[next], values)) next++
    if (!goesBefore(heap[next], index, values)) break
    heap[place] = heap[next]
    place = next
  }
  heap[place] = index
}

/** The smaller one; of equal ones the later. */
function goesBefore(a: number, b: number, values: Float64Array): boolean {
  const [sizeA, sizeB] = [Math.abs(values[a]), Math.abs(values[b])]
  return sizeA < sizeB || (sizeA === sizeB && a > b)
}

/** Entries one after the other, on shared memory in the end. */
export class EntryList {
  items: Int32Array
  values: Float32Array
  count = 0

  constructor(room: number) {
    this.items = new Int32Array(Math.max(1024, room))
    this.values = new Float32Array(this.items.length)
  }

  add(item: number, value: number): void {
    if (this.count === this.items.length) {
      const [items, values] = [this.items, this.values]
      this.items = new Int32Array(2 * items.length)
      this.items.set(items)
      this.values = new Float32Array(2 * values.length)
      this.values.set(values)
    }
    this.items[this.count] = item
    this.values[this.count++] = value
  }

  finish(): { items: Int32Array; values: Float32Array } {
    const items = new Int32Array(new SharedArrayBuffer(4 * this.count))
    items.set(this.items.subarray(0, this.count))
    const values = new Float32Array(new SharedArrayBuffer(4 * this.count))
    values.set(this.values.subarray(0, this.count))
    return { items, values }
  }
}
