/** Those records of a block that a ranker is asked about: who they are about, and what it is told of them, as much at a time as memory bears. */
import type { QueryBlock, Ranker } from '../../inference/queries.ts'
import { assert } from '../../lib/assert.ts'
import type { BatchDescription } from './description.ts'
import { type FilteredQueries, inOrder } from './filteredQueries.ts'
import type { SubjectHistories } from './histories.ts'
import { GATHERED_ITEMS_MAX } from './limits.ts'

interface QueryTools {
  readonly ranker: Ranker
  readonly histories: SubjectHistories | undefined
  readonly recipe: BatchDescription['recipe']
  readonly k: number
}

export class BlockQueries {
  readonly #tools: QueryTools
  readonly #filtered: FilteredQueries | undefined
  /** By query its record and its subject. */
  #recordOf: Int32Array<ArrayBuffer>
  #subjectOf: Int32Array<ArrayBuffer>
  count = 0

  /** `filtered` takes the same queries in the same order, and is given `blockRecords` at most. */
  constructor(tools: QueryTools, filtered: FilteredQueries | undefined, blockRecords: number) {
    this.#tools = tools
    this.#filtered = filtered
    this.#recordOf = new Int32Array(blockRecords)
    this.#subjectOf = new Int32Array(blockRecords)
  }

  begin(): void {
    this.count = 0
  }

  /** The subject has a history. */
  add(record: number, subject: number): void {
    this.#recordOf[this.count] = record
    this.#subjectOf[this.count++] = subject
  }

  recordAt(query: number): number {
    return this.#recordOf[query]
  }

  subjectAt(query: number): number {
    return this.#subjectOf[query]
  }

  /** Before the first is ranked: those that may be given the same come together. */
  arrange(): void {
    const order = this.#filtered?.arrange()
    if (!order) return
    this.#recordOf = inOrder(this.#recordOf, order)
    this.#subjectOf = inOrder(this.#subjectOf, order)
  }

  /** Queries from that one on, at least one, as many as have GATHERED_ITEMS_MAX events. */
  from(first: number): QueryBlock {
    const { ranker, histories, recipe, k } = this.#tools
    const filtered = this.#filtered
    assert(histories, 'who asks has a history')
    const aboutItems = recipe.record === 'itemId'
    const newest = aboutItems || filtered?.strikesHistories ? Number.POSITIVE_INFINITY : ranker.historyLength
    let end = first
    for (let items = 0; end < this.count; end++) {
      items += Math.min(newest, histories.count(this.#subjectOf[end])) + (filtered?.eventCount(end) ?? 0)
      if (items > GATHERED_ITEMS_MAX && end > first) break
    }
    const lists = histories.gather(this.#subjectOf.subarray(first, end), end - first, newest)
    const queries = { count: end - first, k, ...lists }
    if (filtered) return { ...queries, ...filtered.restrictions(first, end, lists) }
    return aboutItems ? { ...queries, excluded: lists } : queries
  }
}
