/** Sparse rows in the making. */

/** The indexes of the `count` entries of greatest size that are not 0, ascending; of equal ones the lower index stays. */
export function greatest(values: Float64Array, count: number): number[] {
  const found: number[] = []
  for (let index = 0; index < values.length; index++) if (values[index] !== 0) found.push(index)
  if (found.length <= count) return found
  found.sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b)
  return found.slice(0, count).sort((a, b) => a - b)
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
