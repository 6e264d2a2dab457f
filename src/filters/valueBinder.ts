/** The values of requests, understood once for each distinct set of them. */
import { assert } from '../lib/assert.ts'
import type { Bitset } from './bitset.ts'
import { BoundedCache } from './boundedCache.ts'
import type { Wanted } from './data.ts'
import { MASK_CACHE_ENTRIES_MAX } from './limits.ts'
import type { Plan } from './plan.ts'
import { type Bindings, bindValues, type FilterValues } from './values.ts'

/** The values of one request, and what follows from them alone. */
export interface Bound {
  readonly bindings: Bindings
  /** Equal for requests whose statements on columns see equal values. */
  readonly key: string
  /** Types of events whose rows are struck, by which statements apply (masks.ts). */
  readonly struck: Map<string, Wanted | undefined>
  /** What may pass, where nothing but the values has a say. */
  allowed?: Allowed
}

export interface Allowed {
  /** Not to be changed. The same object for equal requests, as long as it is remembered. */
  readonly rows: Bitset
  /** Who asked, for FilterMasks.struck, and the types of their events whose rows do not pass all the same; undefined: none. */
  readonly user: number
  readonly wanted: Wanted | undefined
}

export class ValueBinder {
  readonly #plan: Plan
  readonly #names: readonly string[]
  readonly #onColumns: readonly string[]
  readonly #known: BoundedCache<Bound>

  /** `onColumns`: the placeholders that statements on columns use. */
  constructor(plan: Plan, onColumns: readonly string[], bytesMax: number) {
    this.#plan = plan
    this.#names = [...plan.placeholders.keys()]
    this.#onColumns = onColumns
    this.#known = new BoundedCache(bytesMax, MASK_CACHE_ENTRIES_MAX)
  }

  /** Throws FilterError when the values will not do. */
  bind(values: FilterValues): Bound {
    const key = this.#keyOf(values)
    const known = key === undefined ? undefined : this.#known.get(key)
    if (known) return known
    const bindings = bindValues(this.#plan, values)
    assert(key !== undefined, 'values that can be bound have names that are known')
    const onColumns = this.#onColumns.map(name => bindings.get(name)?.map(({ text }) => text) ?? null)
    const bound = { bindings, key: JSON.stringify(onColumns), struck: new Map() }
    this.#known.set(key, bound, BOUND_BYTES + 16 * key.length)
    return bound
  }

  /** `allowed` goes with the values from now on, and is forgotten with them. */
  remember(values: FilterValues, bound: Bound, allowed: Allowed): Allowed {
    const key = this.#keyOf(values)
    assert(key !== undefined, 'only what could be bound is remembered')
    bound.allowed = allowed
    this.#known.set(key, bound, BOUND_BYTES + 16 * key.length + allowed.rows.byteLength)
    return allowed
  }

  /** Different for different values; undefined when some are for no placeholder. */
  #keyOf(values: FilterValues): string | undefined {
    let key = ''
    let known = 0
    for (const name of this.#names) {
      const value = Object.hasOwn(values, name) ? values[name] : undefined
      key += value === undefined ? '-' : `${value.length} ${value}`
      if (value !== undefined) known++
    }
    return known === Object.keys(values).length ? key : undefined
  }
}

/** What an entry takes beside its texts, generously. */
const BOUND_BYTES = 1024
