/**
 * Ranking in a context: {"DEVICE": "mobile"} → what a model gives, and what the columns it listens to add to it (models/contextLifts.ts):
 *
 *   log-probability(j) = sharpness · score(j) + Σ_columns w·lift(j) + constant
 *
 * whatever the form of the model, and for those without a history too. All items are scored, so a list is exact: by score descending, then item index
 * ascending; probabilities are a softmax over the whole catalogue. A context of which nothing is known is none.
 */
import type { AttributeRule } from '../models/attributes.ts'
import { bestFew } from '../models/bestRows.ts'
import { addLifts, type ContextLifts } from '../models/contextLifts.ts'
import { softmaxOf } from './newcomerRanker.ts'

/** As a client gives it: values by the names of columns of INTERACTIONS. */
export type Context = Readonly<Record<string, string>>

/** What of a context is known: the value of a column of the model. */
export interface HeardValue {
  readonly column: number
  readonly value: number
}

/** Best first. */
export interface ContextRanking {
  readonly items: Int32Array
  readonly probabilities: Float32Array
}

export class ContextRanker {
  readonly #columns: readonly ContextLifts[]
  readonly #valueOf: readonly ((text: string) => number)[]

  constructor(columns: readonly ContextLifts[]) {
    this.#columns = columns
    this.#valueOf = columns.map(({ rules }) => finderOf(rules))
  }

  /** Undefined where nothing of it is known: columns that the model does not listen to and values that it never met are passed over. */
  heard(context: Context | undefined, hasHistory: boolean): readonly HeardValue[] | undefined {
    if (context === undefined) return undefined
    const found: HeardValue[] = []
    const notFor = hasHistory ? 'newcomers' : 'history'
    for (const [column, { name, for: whom }] of this.#columns.entries()) {
      if (whom === notFor || !Object.hasOwn(context, name)) continue
      const value = this.#valueOf[column](context[name])
      if (value >= 0) found.push({ column, value })
    }
    return found.length > 0 ? found : undefined
  }

  /** f32[items]: scores of the model in that context; what the columns add is in units of 1/sharpness. */
  scores(scores: Float32Array, sharpness: number, heard: readonly HeardValue[]): Float32Array {
    const lifted = scores.slice()
    for (const { column, value } of heard) addLifts(lifted, this.#columns[column], value, 1 / sharpness)
    return lifted
  }

  /** `lifted` as `scores` makes them. At most k of `allowed`, a bit an item as QueryBlock has it, and not of `struck`. */
  rank(
    lifted: Float32Array,
    sharpness: number,
    k: number,
    allowed?: Uint32Array,
    struck?: ArrayLike<number>,
  ): ContextRanking {
    const best = bestFew(lifted, k, struck && struck.length > 0 ? without(struck, lifted.length, allowed) : allowed)
    return { items: Int32Array.from(best), probabilities: softmaxOf(lifted, sharpness, best) }
  }

  /** For people: what each column adds to the log-probability of one item. */
  parts(item: number, heard: readonly HeardValue[]) {
    return heard.map(({ column, value }) => {
      const { name, usual, offsets, items, values } = this.#columns[column]
      const row = items.subarray(offsets[value], offsets[value + 1]).indexOf(item)
      const lift = (usual[item] ?? 0) + (row < 0 ? 0 : values[offsets[value] + row])
      return { column: name, weight: lift }
    })
  }

  get columns(): readonly string[] {
    return this.#columns.map(({ name }) => name)
  }
}

/** The place of a value's rule, -1 where there is none. */
function finderOf(rules: readonly AttributeRule[]): (text: string) => number {
  if (rules.every(({ category }) => category !== undefined)) {
    const places = new Map(rules.map(({ category }, place) => [category, place]))
    return text => places.get(text) ?? -1
  }
  return text => {
    const number = text.trim() === '' ? Number.NaN : Number(text)
    return rules.findIndex(
      ({ from = Number.NEGATIVE_INFINITY, below = Number.POSITIVE_INFINITY }) => number >= from && number < below,
    )
  }
}

function without(struck: ArrayLike<number>, itemCount: number, allowed: Uint32Array | undefined): Uint32Array {
  const open = allowed ? allowed.slice() : new Uint32Array(Math.ceil(itemCount / 32)).fill(0xffff_ffff)
  for (let at = 0; at < struck.length; at++) open[struck[at] >>> 5] &= ~(1 << (struck[at] & 31))
  return open
}

const EXPECTED = 'an object such as {"DEVICE":"mobile"} was expected'
/** spec/runtime-events.md: the most that a request may have. */
const PAIRS_MAX = 150
const VALUE_CHARACTERS_MAX = 1000
/** Of a name in a record that is wrong in any case. */
const NAME_CHARACTERS_SHOWN = 50

/** The `context` of a record, not yet known to be one; a sentence where it is none. Absent, or null: undefined. */
export function contextIn(given: unknown): Context | undefined | string {
  if (given === undefined || given === null) return undefined
  if (typeof given !== 'object' || Array.isArray(given)) return `context is no object; ${EXPECTED}.`
  const pairs = Object.entries(given)
  if (pairs.length > PAIRS_MAX) return `context has ${pairs.length} values; at most ${PAIRS_MAX} were expected.`
  for (const [name, value] of pairs) {
    const shown = JSON.stringify(name.slice(0, NAME_CHARACTERS_SHOWN))
    if (typeof value !== 'string') return `context has for ${shown} something that is no string; ${EXPECTED}.`
    if (value.length > VALUE_CHARACTERS_MAX)
      return `context has for ${shown} more than ${VALUE_CHARACTERS_MAX} characters.`
  }
  return given as Context
}
