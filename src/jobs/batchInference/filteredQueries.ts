/**
 * A block of records under a filter: those with a history become queries with what may be chosen for each; the others are answered at once
 * from the one order that all of them have.
 */
import type { Allowed } from '../../filters/valueBinder.ts'
import type { NewcomerRanker } from '../../inference/newcomerRanker.ts'
import { PriorRanker, priorOrder } from '../../inference/priorRanker.ts'
import type { QueryBlock, QueryLists, Ranker } from '../../inference/queries.ts'
import { ANSWER_COPY, ANSWER_LIST, ANSWER_PLACES } from '../../kernels/byteParameters.ts'
import type { ByteBlocks, CopiedOutput } from './byteBlocks.ts'
import type { BatchDescription } from './description.ts'
import { type Asker, type PlacedFilter, RecordFilter } from './filtering.ts'

/** What everybody who may be given the same is answered, unless something is struck from it. */
interface SharedAnswer {
  /** Absent where there was no room to keep it. */
  readonly output: CopiedOutput | undefined
  readonly reach: number
}

interface FilteredTools {
  readonly ranker: Ranker
  readonly bytes: ByteBlocks
  readonly itemCount: number
  readonly k: number
  readonly newcomers: NewcomerRanker | undefined
  readonly recipe: BatchDescription['recipe']
}

export class FilteredQueries {
  /** Of the query of that number in the block. */
  readonly #allowed: Uint32Array[] = []
  #offsets: Uint32Array<ArrayBuffer>
  #struck = new Uint32Array(0)
  #count = 0
  readonly #filter: RecordFilter
  readonly #everybody: Allowed | undefined
  /** Then lists of what is struck are lists that the ranker has in any case. */
  readonly #strikesHistories: boolean
  readonly #prior: PriorRanker
  readonly #newcomers: NewcomerRanker | undefined
  readonly #bytes: ByteBlocks
  readonly #k: number
  /** Places of the prior order whose texts are there. */
  readonly #placeCount: number
  #priors = 0
  /** By what may be chosen. */
  #shared = new WeakMap<Uint32Array, SharedAnswer>()
  #outOfRoom = false

  constructor(filter: PlacedFilter, { ranker, bytes, itemCount, k, newcomers, recipe }: FilteredTools) {
    this.#filter = new RecordFilter(filter)
    this.#everybody = this.#filter.everybody()
    // An item is asked about by a history that is nobody's.
    this.#strikesHistories = recipe.record === 'userId' && this.#filter.strikesHistories
    this.#offsets = new Uint32Array(bytes.blockRecords + 1)
    this.#prior = new PriorRanker(priorOrder(ranker, itemCount), k)
    this.#newcomers = newcomers
    this.#bytes = bytes
    this.#k = k
    this.#placeCount = bytes.placeTexts(this.#prior.order, this.#prior.probabilities)
  }

  begin(): void {
    this.#count = 0
    this.#priors = 0
    if (!this.#outOfRoom) return
    this.#outOfRoom = false
    this.#shared = new WeakMap()
    this.#bytes.forgetOutputs()
  }

  /**
   * Puts queries beside one another that may be given the same: where they were before, in the new order; undefined where that changes nothing.
   * In the order in which what they may be given first came.
   */
  arrange(): Int32Array | undefined {
    const count = this.#count
    const [first] = this.#allowed
    if (this.#filter.strikesOnly || this.#everybody || this.#allowed.slice(0, count).every(set => set === first))
      return undefined
    const ofSet = new Map<Uint32Array, number[]>()
    for (let query = 0; query < count; query++) {
      const set = this.#allowed[query]
      const queries = ofSet.get(set)
      if (queries) queries.push(query)
      else ofSet.set(set, [query])
    }
    if (ofSet.size === count) return undefined
    const order = new Int32Array(count)
    const offsets = new Uint32Array(this.#offsets.length)
    const struck = new Uint32Array(this.#struck.length)
    let place = 0
    for (const [set, queries] of ofSet) {
      for (const query of queries) {
        const [from, to] = [this.#offsets[query], this.#offsets[query + 1]]
        if (to > from) struck.set(this.#struck.subarray(from, to), offsets[place])
        this.#allowed[place] = set
        order[place++] = query
        offsets[place] = offsets[place - 1] + to - from
      }
    }
    this.#offsets = offsets
    this.#struck = struck
    return order
  }

  /** What goes with the queries taken since `begin`, whose histories these are. */
  restrictions(histories: QueryLists): Pick<QueryBlock, 'allowed' | 'excluded'> {
    if (this.#strikesHistories) return { excluded: histories }
    const lists = { offsets: this.#offsets, items: new Int32Array(this.#struck.buffer) }
    const excluded = this.#offsets[this.#count] > 0 && { excluded: lists }
    return this.#filter.strikesOnly ? { ...excluded } : { ...excluded, allowed: this.#allowed }
  }

  /**
   * Record `record` of the block: as the next query when `subject` has a history, else answered. An item that is asked about is not in the answer
   * to its own record (it has a history: itself). A sentence where it cannot be answered.
   */
  take(record: number, subject: number, asker: Asker, filterValues: unknown, hasHistory: boolean): string | undefined {
    const allowed = this.#filter.allowed(asker, filterValues)
    if (typeof allowed === 'string') return allowed
    if (hasHistory && this.#strikesHistories) this.#count++
    else if (hasHistory) this.#addQuery(allowed.rows, allowed.struck, asker.item)
    else if (this.#newcomers?.knows(subject))
      this.#answerFrom(this.#newcomers.orderOf(subject), record, allowed.rows, allowed.struck)
    else this.#answer(record, allowed.rows, allowed.struck)
    return undefined
  }

  /** What a record may be given, for one that is answered elsewhere; a sentence where that cannot be told. */
  allowed(asker: Asker, filterValues: unknown): Allowed | string {
    return this.#filter.allowed(asker, filterValues)
  }

  /** As `take`, of a record without values about a user who has a history, without looking at it; false where it has to be looked at. */
  takeAlike(): boolean {
    if (this.#strikesHistories) {
      this.#count++
      return true
    }
    if (this.#everybody === undefined) return false
    this.#addQuery(this.#everybody.rows, this.#everybody.struck, -1)
    return true
  }

  #addQuery(rows: Uint32Array, struck: Uint32Array, item: number): void {
    const query = this.#count++
    this.#allowed[query] = rows
    const at = this.#offsets[query]
    const own = item < 0 ? 0 : 1
    const end = at + struck.length + own
    if (end > this.#struck.length) {
      const grown = new Uint32Array(2 * end)
      grown.set(this.#struck.subarray(0, at))
      this.#struck = grown
    }
    if (struck.length > 0) this.#struck.set(struck, at)
    if (own === 1) this.#struck[end - 1] = item
    this.#offsets[query + 1] = end
  }

  #answer(record: number, rows: Uint32Array, struck: Uint32Array): void {
    const shared = this.#shared.get(rows) ?? this.#share(rows)
    const touched = this.#prior.touches(struck, shared.reach)
    if (!touched && shared.output) {
      this.#bytes.answer(record, ANSWER_COPY, shared.output.from, shared.output.count)
      return
    }
    this.#answerFrom(this.#prior, record, rows, struck)
  }

  /** Room for the list of a record that is no query: queries fill the lists from the front, these from the back. */
  claimList(): number {
    return (this.#bytes.blockRecords - ++this.#priors) * this.#k
  }

  #answerFrom(prior: PriorRanker, record: number, rows: Uint32Array, struck: Uint32Array): void {
    const { count, places, reach } = prior.rank(rows, struck)
    const from = this.claimList()
    const { items, scores } = this.#bytes
    const inPlaces = prior === this.#prior && reach <= this.#placeCount
    for (let i = 0; i < count; i++) {
      items[from + i] = inPlaces ? places[i] : prior.order[places[i]]
      if (!inPlaces) scores[from + i] = prior.probabilities[places[i]]
    }
    this.#bytes.answer(record, inPlaces ? ANSWER_PLACES : ANSWER_LIST, from, count)
  }

  #share(rows: Uint32Array): SharedAnswer {
    const { count, reach, places } = this.#prior.rank(rows)
    const chosen = places.subarray(0, count)
    const output = this.#bytes.keepOutput(
      chosen.map(place => this.#prior.order[place]),
      Float32Array.from(chosen, place => this.#prior.probabilities[place]),
    )
    if (output === undefined) this.#outOfRoom = true
    const shared = { output, reach }
    this.#shared.set(rows, shared)
    return shared
  }
}

/** A list of the same length with values[order[i]] at i. */
export function inOrder(values: Int32Array, order: Int32Array): Int32Array<ArrayBuffer> {
  const arranged = new Int32Array(values.length)
  for (let i = 0; i < order.length; i++) arranged[i] = values[order[i]]
  return arranged
}
