/**
 * A block of records under a filter: those with a history become queries with what may be chosen for each; the others are answered at once
 * from the one order that all of them have.
 */
import { PriorRanker } from '../../inference/priorRanker.ts'
import type { Ranker } from '../../inference/queries.ts'
import type { AnswerWriter } from './answers.ts'
import { type PlacedFilter, RecordFilter } from './filtering.ts'
import { BLOCK_RECORDS } from './limits.ts'
import type { ParsedRecord } from './records.ts'

/** The items of a record without a history; or its whole output, where it is that of records before. */
export type PriorAnswer =
  | { readonly output: Uint8Array }
  | { readonly output?: undefined; readonly from: number; readonly to: number }

export class FilteredQueries {
  /** Of the query of that number in the block. */
  readonly allowed: Uint32Array[] = []
  readonly excluded: { offsets: Uint32Array; items: Int32Array } = {
    offsets: new Uint32Array(BLOCK_RECORDS + 1),
    items: new Int32Array(0),
  }
  /** Where the answers of records without a history lie. */
  readonly priorItems: Int32Array
  readonly priorProbabilities: Float32Array
  readonly #filter: RecordFilter
  readonly #prior: PriorRanker
  readonly #writer: AnswerWriter
  #priorTop = 0
  readonly #faults = new Map<number, string>()
  readonly #answers: PriorAnswer[] = []
  /** By what may be chosen: everybody who may be given the same has one output, unless something is struck from it. */
  readonly #outputs = new WeakMap<Uint32Array, { readonly output: Uint8Array; readonly reach: number }>()

  constructor(filter: PlacedFilter, ranker: Ranker, writer: AnswerWriter, itemCount: number, k: number) {
    this.#filter = new RecordFilter(filter)
    this.#prior = new PriorRanker(ranker, itemCount, k)
    this.#writer = writer
    this.priorItems = new Int32Array(BLOCK_RECORDS * k)
    this.priorProbabilities = new Float32Array(BLOCK_RECORDS * k)
  }

  begin(): void {
    this.allowed.length = 0
    this.#priorTop = 0
    this.#faults.clear()
    this.#answers.length = 0
  }

  /**
   * Record `record` of the block: as the next query when it has a history. `item`: the one asked about, which is not in its own answer, or
   * -1. Whether it may be answered at all.
   */
  take(record: number, { userId, filterValues }: ParsedRecord, item: number, hasHistory: boolean): boolean {
    const allowed = this.#filter.allowed({ userId, item }, filterValues)
    if (typeof allowed === 'string') this.#faults.set(record, allowed)
    else if (hasHistory) this.#addQuery(allowed.rows, allowed.struck, item)
    else this.#answers[record] = this.#answerOf(allowed.rows, allowed.struck)
    return typeof allowed !== 'string'
  }

  faultOf = (record: number): string | undefined => (this.#faults.size === 0 ? undefined : this.#faults.get(record))

  answerOf = (record: number): PriorAnswer => this.#answers[record]

  #addQuery(rows: Uint32Array, struck: Uint32Array, item: number): void {
    const query = this.allowed.length
    this.allowed.push(rows)
    const { excluded } = this
    const at = excluded.offsets[query]
    const own = item < 0 ? 0 : 1
    const end = at + struck.length + own
    if (end > excluded.items.length) {
      const grown = new Int32Array(2 * end)
      grown.set(excluded.items.subarray(0, at))
      excluded.items = grown
    }
    excluded.items.set(struck, at)
    if (own === 1) excluded.items[end - 1] = item
    excluded.offsets[query + 1] = end
  }

  #answerOf(rows: Uint32Array, struck: Uint32Array): PriorAnswer {
    let shared = this.#outputs.get(rows)
    if (!shared) {
      const { count, reach, items, probabilities } = this.#prior.rank(rows)
      shared = { output: this.#writer.outputOf(items, probabilities, 0, count), reach }
      this.#outputs.set(rows, shared)
    }
    if (!this.#prior.touches(struck, shared.reach)) return shared
    const { count, items, probabilities } = this.#prior.rank(rows, struck)
    const from = this.#priorTop
    this.priorItems.set(items.subarray(0, count), from)
    this.priorProbabilities.set(probabilities.subarray(0, count), from)
    this.#priorTop += count
    return { from, to: this.#priorTop }
  }
}
