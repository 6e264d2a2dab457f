/**
 * A shard of records with lists to be ranked: `{"userId":"…","itemList":["…", …]}` → the same items, best first for that user.
 *
 *   score of item i = exp(sharpness · s(i)) / Σ_j exp(sharpness · s(j))     over the items of the list that the model knows
 *
 * so that the scores of a list add up to 1 (spec/batch-inference.md §7). Of equal scores the item that came first in the list stays first.
 * Items that the model does not know follow in the order of the list, without a score: `scores` is then the shorter list. An item that is
 * named twice is ranked once. A filter strikes items from the list; what nothing is known of passes unless the filter has an INCLUDE.
 */
import type { Vocabulary } from '../../datasets/vocabulary.ts'
import type { ItemLists } from '../../models/splits.ts'
import { AnswerWriter } from './answers.ts'
import { RecordFilter } from './filtering.ts'
import { BLOCK_RECORDS, ITEM_LIST_LENGTH_MAX } from './limits.ts'
import { lineBlocks } from './lines.ts'
import { type ParsedRecord, parseRecord } from './records.ts'
import { recordStart, type ShardTools, type StageClock } from './shard.ts'

interface RankingTools extends ShardTools {
  /** Inverse temperature of the model's softmax. */
  readonly sharpness: number
  readonly itemIds: Vocabulary
}

const NO_HISTORY = new Int32Array(0)

export class RankingAnswerer {
  readonly #tools: RankingTools
  readonly #writer: AnswerWriter
  readonly #filter: RecordFilter | undefined
  /** Whether the filter names what may pass, so that something unknown does not. */
  readonly #strangersPass: boolean
  readonly #items = new Int32Array(ITEM_LIST_LENGTH_MAX)
  readonly #probabilities = new Float32Array(ITEM_LIST_LENGTH_MAX)

  constructor(tools: RankingTools) {
    this.#tools = tools
    this.#writer = new AnswerWriter(tools.items, tools.recipe)
    this.#filter = tools.filter && new RecordFilter(tools.filter)
    this.#strangersPass = !tools.filter?.plan.statements.some(({ action }) => action === 'INCLUDE')
  }

  /** The output lines of the input lines in `chunks`, of which the first is line `firstLine`. */
  async *answer(
    chunks: AsyncIterable<Buffer>,
    firstLine: number,
    clock: StageClock,
    answered: (records: number, failed: number) => void,
  ): AsyncGenerator<Uint8Array> {
    const { record: kind } = this.#tools.recipe
    clock.enter('read')
    for await (const block of lineBlocks(chunks, firstLine, BLOCK_RECORDS)) {
      let failed = 0
      for (const [i, number] of block.numbers.entries()) {
        clock.enter('parse')
        const start = recordStart(block, i)
        const end = block.ends[i]
        const record = parseRecord(block.bytes, start, end, number, kind)
        const fault = record.fault ?? this.#rank(block.bytes, start, end, record, number, clock)
        if (fault === undefined) continue
        this.#writer.fault(block.bytes, start, end, record.echo, fault)
        failed++
      }
      const lines = this.#writer.take()
      clock.enter('write')
      yield lines
      answered(block.numbers.length, failed)
      clock.enter('read')
    }
    clock.enter('write')
  }

  /** Writes the answer, or says in a sentence why there is none. */
  #rank(
    bytes: Buffer,
    start: number,
    end: number,
    record: ParsedRecord,
    line: number,
    clock: StageClock,
  ): string | undefined {
    clock.enter('lookup')
    const { userId, itemList = [], filterValues } = record
    const { itemIds, subjects, histories } = this.#tools
    const passes = this.#passes(userId, filterValues)
    if (typeof passes === 'string') return `Line ${line}: ${passes}`
    const known: number[] = []
    const unknown: string[] = []
    for (const id of new Set(itemList)) {
      const item = itemIds.indexOf(id)
      if (item < 0) {
        if (this.#strangersPass) unknown.push(JSON.stringify(id))
      } else if (passes(item)) known.push(item)
    }
    const user = userId === undefined ? -1 : subjects.indexOf(userId)
    clock.enter('rank')
    this.#choose(known, historyAt(histories, user))
    clock.enter('format')
    const strangers = Buffer.from(unknown.join(','))
    this.#writer.answer(bytes, start, end, this.#items, this.#probabilities, 0, known.length, strangers)
    return undefined
  }

  /** Which items may be in the answer; or a sentence that says why that cannot be told. */
  #passes(userId: string | undefined, filterValues: unknown): ((item: number) => boolean) | string {
    if (this.#filter === undefined) return () => true
    const allowed = this.#filter.allowed({ userId, item: -1 }, filterValues)
    if (typeof allowed === 'string') return allowed
    const { rows } = allowed
    const struck = new Set(allowed.struck)
    return item => ((rows[item >>> 5] >>> (item & 31)) & 1) === 1 && !struck.has(item)
  }

  /** `known` in order of preference, with their share of the list, into the arrays that the writer reads. */
  #choose(known: readonly number[], history: Int32Array): void {
    if (known.length === 0) return
    const { ranker, sharpness } = this.#tools
    const scores = ranker.scoreAll(history)
    const best = known.toSorted((a, b) => scores[b] - scores[a])
    const weights = best.map(item => Math.exp(sharpness * (scores[item] - scores[best[0]])))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    this.#items.set(best)
    for (const [place, weight] of weights.entries()) this.#probabilities[place] = weight / total
  }
}

const historyAt = (histories: ItemLists | undefined, user: number): Int32Array =>
  histories === undefined || user < 0
    ? NO_HISTORY
    : histories.items.subarray(histories.offsets[user], histories.offsets[user + 1])
