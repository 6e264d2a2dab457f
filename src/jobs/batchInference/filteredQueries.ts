/**
 * A block of records under a filter: those with a history become queries with what may be chosen for each; the others are answered at once
 * from the one order that all of them have.
 */
import type { Wanted } from '../../filters/data.ts'
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
  /** Of the query of that number in the block: what may be chosen, who asks, and by what types of their events items are struck. */
  readonly #allowed: Uint32Array[] = []
  #users: Int32Array<ArrayBuffer>
  readonly #wanted: (Wanted | undefined)[] = []
  #count = 0
  readonly #filter: RecordFilter
  readonly #everybody: Allowed | undefined
  /** What is struck are the histories of those who ask, all of them. */
  readonly strikesHistories: boolean
  /** Items are asked about by a history that is nobody's, and struck from their own answers. */
  readonly #aboutItems: boolean
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
    this.#aboutItems = recipe.record === 'itemId'
    this.strikesHistories = !this.#aboutItems && this.#filter.byHistories && this.#everybody?.wanted === 'any'
    this.#users = new Int32Array(bytes.blockRecords)
    if (this.#everybody) {
      this.#allowed = new Array(bytes.blockRecords).fill(this.#everybody.rows)
      this.#wanted = new Array(bytes.blockRecords).fill(this.#everybody.wanted)
    }
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
    const allowed = this.#allowed.slice(0, count)
    if (this.#filter.strikesOnly || this.#everybody || allowed.every(set => set === allowed[0])) return undefined
    const ofSet = new Map<Uint32Array, number[]>()
    for (let query = 0; query < count; query++) {
      const queries = ofSet.get(allowed[query])
      if (queries) queries.push(query)
      else ofSet.set(allowed[query], [query])
    }
    if (ofSet.size === count) return undefined
    const order = Int32Array.from([...ofSet.values()].flat())
    const wanted = this.#wanted.slice(0, count)
    this.#users = inOrder(this.#users, order)
    for (let place = 0; place < count; place++) {
      this.#allowed[place] = allowed[order[place]]
      this.#wanted[place] = wanted[order[place]]
    }
    return order
  }

  /** Events of a query that may be struck, at most. */
  eventCount(query: number): number {
    return this.#filter.eventCount({ user: this.#users[query], wanted: this.#wanted[query] })
  }

  /** What goes with queries [from, to) of those taken since `begin`, whose histories these are, whole where those are struck. */
  restrictions(from: number, to: number, histories: QueryLists): Pick<QueryBlock, 'allowed' | 'excluded'> {
    const allowed = this.#filter.strikesOnly ? {} : { allowed: this.#allowed.slice(from, to) }
    const wanted = this.#wanted.slice(from, to)
    const strikes = wanted.some(each => each !== undefined)
    if (this.strikesHistories || (this.#aboutItems && !strikes)) return { ...allowed, excluded: histories }
    if (!strikes) return allowed
    const struck = this.#filter.struckLists(this.#users.subarray(from, to), wanted, to - from)
    return { ...allowed, excluded: this.#aboutItems ? joined(histories, struck, to - from) : struck }
  }

  /**
   * Record `record` of the block: as the next query when `subject` has a history, else answered. An item that is asked about is not in the answer
   * to its own record (it has a history: itself). A sentence where it cannot be answered.
   */
  take(record: number, subject: number, asker: Asker, filterValues: unknown, hasHistory: boolean): string | undefined {
    const allowed = this.#filter.allowed(asker, filterValues)
    if (typeof allowed === 'string') return allowed
    if (hasHistory) this.#addQuery(allowed)
    else if (this.#newcomers?.knows(subject)) this.#answerFrom(this.#newcomers.orderOf(subject), record, allowed)
    else this.#answer(record, allowed)
    return undefined
  }

  /** What a record may be given, for one that is answered elsewhere; a sentence where that cannot be told. */
  allowed(asker: Asker, filterValues: unknown): Allowed | string {
    return this.#filter.allowed(asker, filterValues)
  }

  /** Items that may not be given though they are among the allowed. */
  struck(allowed: Allowed): Int32Array {
    return this.#filter.struck(allowed)
  }

  /** As `take`, of a record without values whose subject has a history, without looking at it; false where it has to be looked at. */
  takeAlike(user: number): boolean {
    if (this.#everybody === undefined) return false
    this.#users[this.#count++] = user
    return true
  }

  #addQuery({ rows, user, wanted }: Allowed): void {
    const query = this.#count++
    this.#users[query] = user
    if (this.#everybody) return // equal sets, maybe others
    this.#allowed[query] = rows
    this.#wanted[query] = wanted
  }

  #answer(record: number, allowed: Allowed): void {
    const { rows } = allowed
    const shared = this.#shared.get(rows) ?? this.#share(rows)
    const touched = this.#prior.touches(this.#filter.struck(allowed), shared.reach)
    if (!touched && shared.output) {
      this.#bytes.answer(record, ANSWER_COPY, shared.output.from, shared.output.count)
      return
    }
    this.#answerFrom(this.#prior, record, allowed)
  }

  /** Room for the list of a record that is no query: queries fill the lists from the front, these from the back. */
  claimList(): number {
    return (this.#bytes.blockRecords - ++this.#priors) * this.#k
  }

  #answerFrom(prior: PriorRanker, record: number, allowed: Allowed): void {
    const { count, places, reach } = prior.rank(allowed.rows, this.#filter.struck(allowed))
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

/** Lists [0, count) of both, one behind the other. */
function joined(first: QueryLists, second: QueryLists, count: number): QueryLists {
  const offsets = Uint32Array.from({ length: count + 1 }, (_, q) => first.offsets[q] + second.offsets[q])
  const items = new Int32Array(offsets[count])
  for (let q = 0; q < count; q++) {
    const own = first.items.subarray(first.offsets[q], first.offsets[q + 1])
    items.set(own, offsets[q])
    items.set(second.items.subarray(second.offsets[q], second.offsets[q + 1]), offsets[q] + own.length)
  }
  return { offsets, items }
}

/** A list of the same length with values[order[i]] at i. */
export function inOrder(values: Int32Array, order: Int32Array): Int32Array<ArrayBuffer> {
  const arranged = new Int32Array(values.length)
  for (let i = 0; i < order.length; i++) arranged[i] = values[order[i]]
  return arranged
}
