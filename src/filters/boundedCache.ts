/**
 * What was computed for a key, as long as there is room. Who goes is found by the clock algorithm (Corbató 1969), an approximation of "least
 * recently used" that costs a look-up nothing but a mark: the hand passes over the entries in turn, takes away the mark of one that has
 * been used since it last came by, and the entry of one that has not.
 */
interface Entry<Value> {
  readonly value: Value
  bytes: number
  used: boolean
}

export class BoundedCache<Value> {
  readonly #bytesMax: number
  readonly #entriesMax: number
  /** In the order in which the hand meets them. */
  readonly #entries = new Map<string, Entry<Value>>()
  #bytes = 0

  constructor(bytesMax: number, entriesMax: number) {
    this.#bytesMax = bytesMax
    this.#entriesMax = entriesMax
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    entry.used = true
    return entry.value
  }

  /** `bytes` is what the value takes, its key aside. A value larger than all there is room for is not kept. */
  set(key: string, value: Value, bytes: number): void {
    this.#drop(key)
    const weight = bytes + 2 * key.length
    if (weight > this.#bytesMax) return
    while (this.#bytes + weight > this.#bytesMax || this.#entries.size >= this.#entriesMax) this.#turn()
    this.#entries.set(key, { value, bytes: weight, used: false })
    this.#bytes += weight
  }

  #turn(): void {
    for (const [key, entry] of this.#entries) {
      this.#entries.delete(key)
      if (entry.used) {
        entry.used = false
        this.#entries.set(key, entry)
        continue
      }
      this.#bytes -= entry.bytes
      return
    }
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#bytes -= entry.bytes
    this.#entries.delete(key)
  }
}
