/**
 * A shard's lines in, its answers out, a block at a time: cut → parse → look up → rank → format. What a thread does between reading
 * and writing. Bytes stay in the kernels' memory; a line passes through JavaScript only where it is not the plain {"userId":"…"}.
 *
 * Of records about users and about items: an item is asked about like somebody who has done nothing but that, and is not in its own
 * answer. Records with a list of items are rankingShard.ts's.
 */
import { type ContextRanker, contextIn, type HeardValue } from '../../inference/contextRanker.ts'
import { Explorer, type PlacedExploration, type RankedList } from '../../inference/exploration.ts'
import type { PriorRanker } from '../../inference/priorRanker.ts'
import type { QueryBlock, RankedBlock } from '../../inference/queries.ts'
import { ANSWER_COPY, ANSWER_LIST, RECORD_PLAIN, RECORD_WORDS } from '../../kernels/byteParameters.ts'
import { assert } from '../../lib/assert.ts'
import { type Answerer, answerLines, type LineSource, OwnLines, type Piece } from './answerLines.ts'
import { BlockQueries } from './blockQueries.ts'
import type { ByteBlocks, CopiedOutput } from './byteBlocks.ts'
import type { BatchDescription } from './description.ts'
import { FilteredQueries } from './filteredQueries.ts'
import type { Asker, PlacedFilter } from './filtering.ts'
import { type ScoringTools, scoresFor } from './scoresFor.ts'

export interface ShardTools extends ScoringTools {
  readonly bytes: ByteBlocks
  /** The table of `bytes` with whoever, or whatever, records may be about; undefined where it does not matter. */
  readonly subjectTable: number | undefined
  /** The table with the filter's users; undefined where it does not care. */
  readonly askerTable: number | undefined
  readonly itemCount: number
  readonly filter: PlacedFilter | undefined
  readonly exploration: PlacedExploration | undefined
  /** Of recipes that listen to contexts; maybe to no column. */
  readonly contexts: ContextRanker | undefined
  readonly recipe: BatchDescription['recipe']
  /** Items of an answer, at most the catalogue. */
  readonly k: number
}

/** Who is nobody that the model knows gets what is drawn for them all. */
const NOBODY = () => -1

export class ShardAnswerer implements Answerer {
  readonly #tools: ShardTools
  readonly #own: OwnLines
  /** Whoever has no history gets the same answer: it is written once. */
  readonly #outputWithoutHistory: CopiedOutput | undefined
  readonly #queries: BlockQueries
  #ownCount = 0
  readonly #filtered: FilteredQueries | undefined
  readonly #explorer: Explorer | undefined

  constructor(tools: ShardTools) {
    this.#tools = tools
    const { k, filter, ranker, bytes, exploration } = tools
    this.#explorer = exploration && new Explorer(exploration, k)
    this.#own = new OwnLines(bytes)
    this.#filtered = filter && new FilteredQueries(filter, tools)
    this.#queries = new BlockQueries(tools, this.#filtered, bytes.blockRecords)
    if (filter) return
    const nobody = { count: 1, k, offsets: new Uint32Array(2), items: new Int32Array(0) }
    const { items, probabilities } = ranker.rank(nobody)
    const list = { items: items.slice(), scores: probabilities.slice(), from: 0, count: k }
    this.#explore(nobody, () => list, NOBODY)
    this.#outputWithoutHistory = bytes.keepOutput(list.items, list.scores)
    assert(this.#outputWithoutHistory, 'there is room for one output')
  }

  answer(source: LineSource): AsyncGenerator<Piece> {
    const { bytes, ranker } = this.#tools
    const { clock } = source
    return answerLines(bytes, this.#own, source, count => {
      clock.enter('lookup')
      this.#lookUp(count, () => clock.enter('parse'))
      for (let from = 0; from < this.#queries.count; ) {
        clock.enter('lookup')
        const queries = this.#queries.from(from)
        clock.enter('rank')
        this.#takeAnswers(ranker.rank(queries), queries, from)
        from += queries.count
      }
    })
  }

  /** Makes queries of the block's records, or answers them at once. */
  #lookUp(count: number, parsing: () => void): void {
    const { bytes, subjectTable, askerTable, recipe, histories } = this.#tools
    const filtered = this.#filtered
    const aboutItems = recipe.record === 'itemId'
    this.#queries.begin()
    this.#ownCount = 0
    filtered?.begin()
    bytes.find()
    const subjects = subjectTable === undefined ? undefined : bytes.found[subjectTable]
    const askers = askerTable === undefined || aboutItems ? undefined : bytes.found[askerTable]
    let inJson = 0
    for (let record = 0; record < count; record++) {
      if (bytes.records[record * RECORD_WORDS + RECORD_PLAIN] === 0) {
        inJson++
        continue
      }
      const subject = subjects === undefined ? -1 : subjects[record]
      if (filtered === undefined) this.#ask(record, subject)
      else {
        const user = askers === undefined ? -1 : askers[record]
        if (histories?.has(subject) && filtered.takeAlike(user)) this.#queries.add(record, subject)
        else this.#askFiltered(record, subject, { user, item: aboutItems ? subject : -1 }, undefined)
      }
    }
    if (inJson > 0) {
      parsing()
      for (let record = 0; record < count; record++)
        if (bytes.records[record * RECORD_WORDS + RECORD_PLAIN] === 0) this.#askInJson(record)
    }
    this.#queries.arrange()
  }

  /** The general path: a record that only a JSON parser understands, if anybody. */
  #askInJson(record: number): void {
    const { bytes, subjectTable, recipe } = this.#tools
    const parsed = this.#own.parse(record, recipe.record)
    if (parsed === undefined) return
    const { userId, itemId, filterValues } = parsed
    const context = this.#tools.contexts && contextIn(parsed.context)
    if (typeof context === 'string') {
      this.#own.failAtLine(record, context)
      return
    }
    const id = recipe.record === 'itemId' ? itemId : userId
    assert(id !== undefined, 'a record has the id that its kind is about')
    const subject = subjectTable === undefined ? -1 : bytes.tables[subjectTable].indexOf(id)
    const heard = this.#tools.contexts?.heard(context, this.#tools.histories?.has(subject) ?? false)
    if (heard) {
      this.#answerInContext(record, subject, heard, { asker: { userId, item: -1 }, filterValues })
      return
    }
    if (this.#filtered === undefined) this.#ask(record, subject)
    else this.#askFiltered(record, subject, { userId, item: itemId === undefined ? -1 : subject }, filterValues)
  }

  #ask(record: number, subject: number): void {
    const { bytes, histories, newcomers } = this.#tools
    if (histories?.has(subject)) {
      this.#queries.add(record, subject)
      return
    }
    if (newcomers?.knows(subject)) {
      this.#answerNewcomer(newcomers.orderOf(subject), record, subject)
      return
    }
    const { from, count } = this.#outputWithoutHistory!
    bytes.answer(record, ANSWER_COPY, from, count)
  }

  /** Line by line: every item is scored, and what the context adds is added. */
  #answerInContext(
    record: number,
    subject: number,
    heard: readonly HeardValue[],
    { asker, filterValues }: { asker: Asker; filterValues: unknown },
  ): void {
    const { bytes, k, contexts } = this.#tools
    const allowed = this.#filtered?.allowed(asker, filterValues)
    if (typeof allowed === 'string') {
      this.#own.failAtLine(record, allowed)
      return
    }
    const struck = allowed && this.#filtered!.struck(allowed)
    const { scores, sharpness } = scoresFor(this.#tools, subject)
    const lifted = contexts!.scores(scores, sharpness, heard)
    const { items, probabilities } = contexts!.rank(lifted, sharpness, k, allowed?.rows, struck)
    const list = { items: bytes.items, scores: bytes.scores, from: this.#claimList(), count: items.length }
    bytes.items.set(items, list.from)
    bytes.scores.set(probabilities, list.from)
    const explorer = this.#explorer
    if (explorer) {
      const open = explorer.allowed(allowed?.rows)
      const fresh = contexts!.rank(lifted, sharpness, explorer.drawnCount, open, struck)
      const drawn = { items: fresh.items, scores: fresh.probabilities, from: 0, count: fresh.items.length }
      explorer.explore(subject, list, drawn)
    }
    bytes.answer(record, ANSWER_LIST, list.from, list.count)
  }

  /** Lists of queries fill the room from the front, others from the back. */
  #claimList(): number {
    const { bytes, k } = this.#tools
    return this.#filtered ? this.#filtered.claimList() : (bytes.blockRecords - ++this.#ownCount) * k
  }

  #answerNewcomer(prior: PriorRanker, record: number, subject: number): void {
    const { bytes, k } = this.#tools
    const from = this.#claimList()
    const list = { items: bytes.items, scores: bytes.scores, from, count: k }
    bytes.items.set(prior.order.subarray(0, k), from)
    bytes.scores.set(prior.probabilities.subarray(0, k), from)
    const explorer = this.#explorer
    if (explorer) {
      const { count, places } = prior.rank(explorer.allowed())
      const chosen = places.subarray(0, count)
      const scores = Float32Array.from(chosen, place => prior.probabilities[place])
      explorer.explore(subject, list, { items: chosen.map(place => prior.order[place]), scores, from: 0, count })
    }
    bytes.answer(record, ANSWER_LIST, from, k)
  }

  #askFiltered(record: number, subject: number, asker: Asker, filterValues: unknown): void {
    const hasHistory = this.#tools.histories?.has(subject) ?? false
    const fault = this.#filtered!.take(record, subject, asker, filterValues, hasHistory)
    if (fault !== undefined) this.#own.failAtLine(record, fault)
    else if (hasHistory) this.#queries.add(record, subject)
  }

  /** Answers to the block's queries from `from` on. */
  #takeAnswers({ counts, items, probabilities }: RankedBlock, queries: QueryBlock, from: number): void {
    const { bytes } = this.#tools
    const { count, k } = queries
    const lengths = this.#explorer ? counts.slice() : counts
    bytes.items.set(items.subarray(0, count * k), from * k)
    bytes.scores.set(probabilities.subarray(0, count * k), from * k)
    this.#explore(
      queries,
      q => ({ items: bytes.items, scores: bytes.scores, from: (from + q) * k, count: lengths[q] }),
      q => this.#queries.subjectAt(from + q),
    )
    for (let q = 0; q < count; q++)
      bytes.answer(this.#queries.recordAt(from + q), ANSWER_LIST, (from + q) * k, lengths[q])
  }

  /** Ranks the new items for the same queries, and puts some of them into their lists. */
  #explore(queries: QueryBlock, listOf: (q: number) => RankedList, subjectOf: (q: number) => number): void {
    const explorer = this.#explorer
    if (!explorer) return
    const { count } = queries
    const k = explorer.drawnCount
    const allowed = Array.from({ length: count }, (_, q) => explorer.allowed(queries.allowed?.[q]))
    const { counts, items, probabilities } = this.#tools.ranker.rank({ ...queries, k, allowed })
    for (let q = 0; q < count; q++)
      explorer.explore(subjectOf(q), listOf(q), { items, scores: probabilities, from: q * k, count: counts[q] })
  }
}
