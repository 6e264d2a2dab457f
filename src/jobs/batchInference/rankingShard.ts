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
import { contextIn, type HeardValue } from '../../inference/contextRanker.ts'
import { ANSWER_LIST } from '../../kernels/byteParameters.ts'
import { float32Text } from '../../kernels/plain/float32Text.ts'
import { bestFew } from '../../models/bestRows.ts'
import { type Answerer, answerLines, type LineSource, OwnLines, type Piece } from './answerLines.ts'
import { RecordFilter } from './filtering.ts'
import { ITEM_LIST_LENGTH_MAX } from './limits.ts'
import type { ParsedRecord } from './records.ts'
import { scoresFor } from './scoresFor.ts'
import type { ShardTools } from './shard.ts'

interface RankingTools extends ShardTools {
  readonly itemIds: Vocabulary
}

export class RankingAnswerer implements Answerer {
  readonly #tools: RankingTools
  readonly #own: OwnLines
  readonly #filter: RecordFilter | undefined
  /** Whether the filter names what may pass, so that something unknown does not. */
  readonly #strangersPass: boolean

  constructor(tools: RankingTools) {
    this.#tools = tools
    this.#own = new OwnLines(tools.bytes)
    this.#filter = tools.filter && new RecordFilter(tools.filter)
    this.#strangersPass = !tools.filter?.plan.statements.some(({ action }) => action === 'INCLUDE')
  }

  answer(source: LineSource): AsyncGenerator<Piece> {
    const { bytes, recipe } = this.#tools
    return answerLines(bytes, this.#own, source, count => {
      for (let record = 0; record < count; record++) {
        source.clock.enter('parse')
        const parsed = this.#own.parse(record, recipe.record)
        source.clock.enter('rank')
        if (parsed) this.#rank(record, parsed)
      }
    })
  }

  #rank(record: number, { userId, itemList = [], filterValues, ...parsed }: ParsedRecord): void {
    const { itemIds, bytes, subjectTable, contexts, histories } = this.#tools
    const context = contexts && contextIn(parsed.context)
    if (typeof context === 'string') {
      this.#own.failAtLine(record, context)
      return
    }
    const passes = this.#passes(userId, filterValues)
    if (typeof passes === 'string') {
      this.#own.failAtLine(record, passes)
      return
    }
    const known: number[] = []
    const unknown: string[] = []
    for (const id of new Set(itemList)) {
      const item = itemIds.indexOf(id)
      if (item < 0) {
        if (this.#strangersPass) unknown.push(id)
      } else if (passes(item)) known.push(item)
    }
    const user = userId === undefined || subjectTable === undefined ? -1 : bytes.tables[subjectTable].indexOf(userId)
    const { best, shares } = this.#choose(known, user, contexts?.heard(context, histories?.has(user) ?? false))
    if (unknown.length > 0) {
      this.#own.set(record, this.#line(record, [...Array.from(best, item => itemIds.idAt(item)), ...unknown], shares))
      return
    }
    const from = record * ITEM_LIST_LENGTH_MAX
    bytes.items.set(best, from)
    bytes.scores.set(shares, from)
    bytes.answer(record, ANSWER_LIST, from, best.length)
  }

  /** What the kernels write (answers.ts), for a list in which some have no score. */
  #line(record: number, ids: readonly string[], shares: Float64Array): Buffer {
    const { scores, reasons } = this.#tools.recipe
    const members = [`"recommendedItems":${JSON.stringify(ids)}`]
    if (scores) members.push(`"scores":[${Array.from(shares, share => float32Text(Math.fround(share))).join(',')}]`)
    if (reasons) members.push(`"reasons":[${Array.from(shares, () => '[]').join(',')}]`)
    const output = Buffer.from(`,"output":{${members.join(',')}},"error":null}\n`)
    return Buffer.concat([Buffer.from('{"input":'), this.#own.textOf(record), output])
  }

  /** Which items may be in the answer; or a sentence that says why that cannot be told. */
  #passes(userId: string | undefined, filterValues: unknown): ((item: number) => boolean) | string {
    if (this.#filter === undefined) return () => true
    const allowed = this.#filter.allowed({ userId, item: -1 }, filterValues)
    if (typeof allowed === 'string') return allowed
    const { rows } = allowed
    const struck = new Set(this.#filter.struck(allowed))
    return item => ((rows[item >>> 5] >>> (item & 31)) & 1) === 1 && !struck.has(item)
  }

  /** `known` in order of preference, with their share of the list. */
  #choose(
    known: readonly number[],
    user: number,
    heard: readonly HeardValue[] | undefined,
  ): { best: Int32Array; shares: Float64Array } {
    if (known.length === 0) return { best: new Int32Array(0), shares: new Float64Array(0) }
    // What a context adds is added to all items; without one the list's alone are scored: 500 of 20 000 items at a twentieth.
    const { scores: plain, sharpness } = scoresFor(this.#tools, user, heard ? undefined : known)
    const scores = heard ? this.#tools.contexts!.scores(plain, sharpness, heard) : plain
    // Loops: callbacks an item take several times as long.
    const own = new Float32Array(known.length)
    for (let place = 0; place < known.length; place++) own[place] = scores[known[place]]
    const order = bestFew(own, own.length)
    const [best, shares] = [new Int32Array(own.length), new Float64Array(own.length)]
    let total = 0
    for (let place = 0; place < order.length; place++) {
      best[place] = known[order[place]]
      shares[place] = Math.exp(sharpness * (own[order[place]] - own[order[0]]))
      total += shares[place]
    }
    for (let place = 0; place < shares.length; place++) shares[place] /= total
    return { best, shares }
  }
}
