/**
 * A shard's lines in, its answers out, a block at a time: cut → parse → look up → rank → format. What a thread does between reading
 * and writing; it holds one block, and goes on when the last one's answers have been taken.
 *
 * Of records about users and about items: an item is asked about like somebody who has done nothing but that, and is not in its own
 * answer. Records with a list of items are rankingShard.ts's.
 */
import type { Vocabulary } from '../../datasets/vocabulary.ts'
import type { QueryBlock, Ranker } from '../../inference/queries.ts'
import { stopwatchSeconds } from '../../lib/clock.ts'
import type { ItemLists } from '../../models/splits.ts'
import { AnswerWriter, type ItemTexts } from './answers.ts'
import type { BatchDescription, Stage, StageSeconds } from './description.ts'
import { FilteredQueries } from './filteredQueries.ts'
import type { PlacedFilter } from './filtering.ts'
import { BLOCK_RECORDS } from './limits.ts'
import { type LineBlock, lineBlocks } from './lines.ts'
import { afterByteOrderMark, type ParsedRecord, parseRecord } from './records.ts'

export interface ShardTools {
  readonly ranker: Ranker
  /** Whoever, or whatever, records may be about. */
  readonly subjects: Vocabulary
  /** One row a subject; undefined when the model gives everybody the same. */
  readonly histories: ItemLists | undefined
  readonly items: ItemTexts
  readonly itemCount: number
  readonly filter: PlacedFilter | undefined
  readonly recipe: BatchDescription['recipe']
  /** Items of an answer, at most the catalogue. */
  readonly k: number
}

/** A record of the block that has a history is query q ≥ 0 of `queries`; the others have no query. */
const NO_QUERY = -1
const NO_EVENTS = [0, 0] as const

export class ShardAnswerer {
  readonly #tools: ShardTools
  readonly #writer: AnswerWriter
  /** Whoever has no history gets the same answer: it is written once. */
  readonly #outputWithoutHistory: Uint8Array
  readonly #queries: { count: number; readonly k: number; readonly offsets: Uint32Array; items: Int32Array }
  readonly #queryOf = new Int32Array(BLOCK_RECORDS)
  readonly #filtered: FilteredQueries | undefined

  constructor(tools: ShardTools) {
    this.#tools = tools
    this.#writer = new AnswerWriter(tools.items, tools.recipe)
    const { k, filter, itemCount } = tools
    const ranked = tools.ranker.rank({ count: 1, k, offsets: new Uint32Array(2), items: new Int32Array(0) })
    this.#outputWithoutHistory = this.#writer.outputOf(ranked.items, ranked.probabilities, 0, ranked.counts[0])
    this.#filtered = filter && new FilteredQueries(filter, tools.ranker, this.#writer, itemCount, k)
    this.#queries = { count: 0, k, offsets: new Uint32Array(BLOCK_RECORDS + 1), items: new Int32Array(0) }
  }

  /** The output lines of the input lines in `chunks`, of which the first is line `firstLine`. */
  async *answer(
    chunks: AsyncIterable<Buffer>,
    firstLine: number,
    clock: StageClock,
    answered: (records: number, failed: number) => void,
  ): AsyncGenerator<Uint8Array> {
    clock.enter('read')
    for await (const block of lineBlocks(chunks, firstLine, BLOCK_RECORDS)) {
      clock.enter('parse')
      const records = block.numbers.map((number, i) =>
        parseRecord(block.bytes, recordStart(block, i), block.ends[i], number, this.#tools.recipe.record),
      )
      clock.enter('lookup')
      const queries = this.#lookUp(records)
      clock.enter('rank')
      const ranked = queries.count > 0 ? this.#tools.ranker.rank(queries) : undefined
      clock.enter('format')
      const failed = this.#format(block, records, ranked)
      const lines = this.#writer.take()
      clock.enter('write')
      yield lines
      answered(records.length, failed)
      clock.enter('read')
    }
    clock.enter('write')
  }

  /** Gathers the histories of the block's subjects; views of a buffer that the next block uses again. */
  #lookUp(records: readonly ParsedRecord[]): QueryBlock {
    const { subjects, histories, recipe } = this.#tools
    const aboutItems = recipe.record === 'itemId'
    const queries = this.#queries
    const filtered = this.#filtered
    queries.count = 0
    filtered?.begin()
    for (let i = 0; i < records.length; i++) {
      this.#queryOf[i] = NO_QUERY
      const id = aboutItems ? records[i].itemId : records[i].userId
      if (id === undefined) continue
      const subject = histories === undefined && !aboutItems ? -1 : subjects.indexOf(id)
      const [from, to] =
        subject < 0 || histories === undefined
          ? NO_EVENTS
          : [histories.offsets[subject], histories.offsets[subject + 1]]
      if (filtered && !filtered.take(i, records[i], aboutItems ? subject : -1, to > from)) continue
      if (from === to || histories === undefined) continue
      const at = queries.offsets[queries.count]
      const end = at + to - from
      if (end > queries.items.length) {
        const grown = new Int32Array(2 * end)
        grown.set(queries.items.subarray(0, at))
        queries.items = grown
      }
      queries.items.set(histories.items.subarray(from, to), at)
      this.#queryOf[i] = queries.count++
      queries.offsets[queries.count] = end
    }
    if (filtered) return { ...queries, allowed: filtered.allowed, excluded: filtered.excluded }
    return aboutItems ? { ...queries, excluded: queries } : queries
  }

  /** How many of the records are bad. */
  #format(block: LineBlock, records: readonly ParsedRecord[], ranked: ReturnType<Ranker['rank']> | undefined): number {
    const { k } = this.#queries
    let failed = 0
    for (let i = 0; i < records.length; i++) {
      const start = recordStart(block, i)
      const fault = records[i].fault ?? this.#filterFault(i, block.numbers[i])
      const query = this.#queryOf[i]
      if (fault !== undefined) {
        this.#writer.fault(block.bytes, start, block.ends[i], records[i].echo, fault)
        failed++
      } else if (ranked === undefined || query === NO_QUERY) {
        this.#answerWithoutHistory(i, block.bytes, start, block.ends[i])
      } else {
        const from = query * k
        const to = from + ranked.counts[query]
        this.#writer.answer(block.bytes, start, block.ends[i], ranked.items, ranked.probabilities, from, to)
      }
    }
    return failed
  }

  #filterFault(record: number, line: number): string | undefined {
    const fault = this.#filtered?.faultOf(record)
    return fault === undefined ? undefined : `Line ${line}: ${fault}`
  }

  #answerWithoutHistory(record: number, bytes: Buffer, start: number, end: number): void {
    if (this.#filtered === undefined) {
      this.#writer.repeat(bytes, start, end, this.#outputWithoutHistory)
      return
    }
    const { priorItems, priorProbabilities } = this.#filtered
    const answer = this.#filtered.answerOf(record)
    if (answer.output) this.#writer.repeat(bytes, start, end, answer.output)
    else this.#writer.answer(bytes, start, end, priorItems, priorProbabilities, answer.from, answer.to)
  }
}

export const recordStart = ({ bytes, starts, ends, numbers }: LineBlock, i: number): number =>
  numbers[i] === 1 ? afterByteOrderMark(bytes, starts[i], ends[i]) : starts[i]

/** The time by what is being done. */
export class StageClock {
  readonly #seconds = { read: 0, parse: 0, lookup: 0, rank: 0, format: 0, write: 0 }
  #stage: Stage = 'read'
  #since = stopwatchSeconds()

  enter(stage: Stage): void {
    const now = stopwatchSeconds()
    this.#seconds[this.#stage] += now - this.#since
    this.#stage = stage
    this.#since = now
  }

  /** Of everything since it was made. */
  stop(): StageSeconds {
    this.enter(this.#stage)
    return { ...this.#seconds }
  }
}
