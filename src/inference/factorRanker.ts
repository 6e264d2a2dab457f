/**
 * Histories in, the best items and their probabilities out: exact, block by block, on the calling thread. For factor models.
 *
 *   query        Σ_f Σ_k kernels[f][k] · sources[f, event k places before the newest], added up in f32, f ascending, then k
 *   score        query · item over the factors ascending, then the bias, in f32: one order of summation (assembly/exactScores.ts)
 *   order        score descending, then item index ascending: exactly that, though few items are scored at all (assembly/screen.ts)
 *   probability  exp(sharpness · score) over its sum over the whole catalogue, excluded items too; the sum is estimated (assembly/estimate.ts),
 *                or exact where the model was placed so
 *
 * Lists that lie in the model's own memory are read where they are; others are copied. Results are views of that memory where they fit
 * (PlacedFactors.resultCells).
 */
import { capacityOf } from '../kernels/factorMemory.ts'
import * as at from '../kernels/factorParameters.ts'
import type { View } from '../kernels/factorView.ts'
import { instantiate } from '../kernels/load.ts'
import { assert } from '../lib/assert.ts'
import { FactorViews } from './factorViews.ts'
import type { PlacedFactors } from './placeFactors.ts'
import { placeListed, type QueryBlock, type QueryLists, type RankedBlock, type Ranker, rankedBlock } from './queries.ts'
import { fitting, listPlace, openMasks, placeLists } from './queryLists.ts'

/**
 * Items from whose scores a threshold starts, for each of the best that are wanted: for k up to FACTOR_SORTED_MAX; above, where a sample of others
 * helps (assembly/sample.ts); and above, where masks say what is open, so that none does.
 */
const START_SHARE = { few: 8, many: 2, masked: 6 }

/** One for each thread, on a slot of its own: slot < placeFactors's `threads`. */
export function openFactorRanker(placed: PlacedFactors, slot: number): Ranker {
  const { memory, itemCount, entryCount, resultCells, excludedMax } = placed
  const { buffer } = memory
  const places = placed.slots[slot]
  assert(
    places !== undefined,
    `the model was placed for ${placed.slots.length} threads, slot ${slot} is not among them`,
  )
  const { params } = places
  const kernels = instantiate(placed.module, memory, slot)
  const words = new Uint32Array(buffer, params, at.FACTOR_WORDS)
  const history = listPlace(
    buffer,
    [places.historyOffsets, places.historyItems],
    placed.blockSize,
    placed.blockSize * placed.historyLength,
  )
  const struck = listPlace(buffer, [places.excludedOffsets, places.excludedItems], placed.blockSize, excludedMax)
  const masks = openMasks(placed, words)
  const views = new FactorViews(placed, slot, words)
  const states = new Uint32Array(buffer, words[at.FACTOR_STATES], (placed.blockSize * at.QUERY_STATE) / 4)
  const everyScore = new Float32Array(buffer, words[at.FACTOR_EVERY_SCORE], itemCount)
  const prior = new Float32Array(buffer, words[at.FACTOR_PRIOR], itemCount)
  const listed = new Int32Array(buffer, places.items, itemCount)

  const viewsAt = (cell: number, query: number, count: number, k: number): RankedBlock => ({
    counts: new Uint32Array(buffer, places.counts + 4 * query, count),
    items: new Int32Array(buffer, places.items + 4 * cell, count * k),
    probabilities: new Float32Array(buffer, places.probabilities + 4 * cell, count * k),
  })

  /** Queries [from, from + count) of the block as vectors. */
  const fold = (lists: QueryLists, from: number, count: number): void => {
    const { starts, items } = placeLists(history, lists, from, count, placed.historyLength)
    words[at.FACTOR_STARTS] = starts
    words[at.FACTOR_ENDS] = starts + 4
    words[at.FACTOR_EVENTS] = items
    words[at.FACTOR_QUERY_COUNT] = count
    words[at.FACTOR_FAULT] = 0
    for (let query = 0; query < count; query++) kernels.foldIn(params, query)
    assert(words[at.FACTOR_FAULT] === 0, 'a history names an item that the model does not have')
  }

  /** What may not be chosen by queries [from, from + count) though it is allowed. */
  const restrict = ({ excluded }: QueryBlock, from: number, count: number): void => {
    const place = excluded && placeLists(struck, excluded, from, count, Number.POSITIVE_INFINITY)
    words[at.FACTOR_EXCLUDED_STARTS] = place?.starts ?? 0
    words[at.FACTOR_EXCLUDED_ENDS] = place ? place.starts + 4 : 0
    words[at.FACTOR_EXCLUDED_ITEMS] = place?.items ?? 0
    kernels.openItems(params, 0)
    assert(words[at.FACTOR_FAULT] === 0, 'an exclusion names an item that the model does not have')
  }

  /** Of the first `count` queries those that have not found their best in a view that is cut. */
  const unsettled = (count: number): number[] => {
    const open: number[] = []
    for (let query = 0; query < count; query++)
      if (states[(query * at.QUERY_STATE + at.STATE_MODE) / 4] !== at.MODE_SETTLED) open.push(query)
    return open
  }

  const look = (view: View, startGroups: number): void => {
    for (const [word, value] of view.words) words[word] = value
    words[at.FACTOR_START_GROUPS] = Math.min(view.startGroups, startGroups)
  }

  /** Those of the first `count` queries that have not found their best in the view go on behind it. */
  const searchBeyond = (view: View, allowed: Uint32Array, count: number): void => {
    const open = unsettled(count)
    if (open.length === 0) return
    views.unfinished(allowed, open.length)
    look(views.everything, words[at.FACTOR_START_GROUPS])
    words[at.FACTOR_REST_FROM] = view.next
    words[at.FACTOR_REST_MASK] = masks.addressOf(allowed)
    for (const query of open) kernels.searchRest(params, query)
  }

  /**
   * Queries from `from` on that are ranked together, at most as many as there are: those that have a view in common, or several without one. Whoever has
   * no history walks down the prior's order, for which no view is any good.
   */
  const runFrom = (block: QueryBlock, from: number, startGroups: number): { to: number; view: View | undefined } => {
    const { count, k, allowed, offsets } = block
    if (!allowed) return { to: count, view: views.everything }
    let to = from
    while (to < count) {
      const mask = allowed[to]
      let end = to + 1
      let asking = offsets[to] < offsets[to + 1]
      for (; end < count && allowed[end] === mask; end++) asking &&= offsets[end] < offsets[end + 1]
      const view = asking ? views.of(mask, end - to, k, startGroups) : undefined
      if (view) return to === from ? { to: end, view } : { to, view: undefined }
      to = end
    }
    return { to, view: undefined }
  }

  return {
    historyLength: placed.historyLength,
    rank(block) {
      const { count, k, allowed, excluded } = block
      assert(Number.isInteger(k) && k >= 1 && k <= itemCount, `k is ${k}; 1 to ${itemCount} was expected`)
      assert(block.offsets.length > count)
      assert(!excluded || excluded.offsets.length > count)
      assert(!allowed || allowed.length >= count)
      const stays = count * k <= resultCells
      const ranked = stays ? viewsAt(0, 0, count, k) : rankedBlock(count, k)
      const capacity = capacityOf(k, itemCount)
      const size = Math.min(placed.blockSize, Math.floor(entryCount / capacity), Math.floor(resultCells / k))
      const groupsOf = (share: number) => Math.ceil((share * k) / at.FACTOR_GROUP)
      const few = k <= at.FACTOR_SORTED_MAX
      const startGroups = groupsOf(few ? START_SHARE.few : START_SHARE.many)
      const maskedGroups = few ? startGroups : groupsOf(START_SHARE.masked)
      words[at.FACTOR_WANTED] = k
      words[at.FACTOR_CAPACITY] = capacity

      /** Ranks queries [from, to), or the first of them, and answers how many: in the view, or over everything where there is none. */
      const rankSome = (from: number, to: number, view: View | undefined): number => {
        const most = excluded
          ? fitting(excluded.offsets, from, Math.min(size, to - from), excludedMax)
          : Math.min(size, to - from)
        const part = allowed && !view ? masks.place(allowed, from, most) : most
        const [cell, query] = stays ? [from * k, from] : [0, 0]
        words[at.FACTOR_ITEMS] = places.items + 4 * cell
        words[at.FACTOR_PROBABILITIES] = places.probabilities + 4 * cell
        words[at.FACTOR_COUNTS] = places.counts + 4 * query
        const masked = allowed !== undefined && view === undefined
        look(view ?? views.everything, masked ? maskedGroups : startGroups)
        words[at.FACTOR_MASKED] = masked ? 1 : 0
        fold(block, from, part)
        restrict(block, from, part)
        kernels.bestOf(params, 0)
        if (view?.cut && allowed) searchBeyond(view, allowed[from], part)
        if (words[at.FACTOR_EXACT_TOTALS] !== 0) kernels.sumWeights(params, 0)
        kernels.shares(params, 0)
        if (!stays) {
          const results = viewsAt(0, 0, part, k)
          ranked.counts.set(results.counts, from)
          ranked.items.set(results.items, from * k)
          ranked.probabilities.set(results.probabilities, from * k)
        }
        return part
      }

      let from = 0
      while (from < count) {
        const { to, view } = runFrom(block, from, startGroups)
        while (from < to) from += rankSome(from, to, view)
      }
      look(views.everything, startGroups) // as the next ranker of the slot expects to find it
      return ranked
    },
    scoreAll(items, only) {
      if (items.length === 0) {
        if (!only) everyScore.set(prior)
        else for (let i = 0; i < only.length; i++) everyScore[only[i]] = prior[only[i]]
        return everyScore
      }
      fold({ offsets: Uint32Array.of(0, items.length), items }, 0, 1)
      if (only) {
        placeListed(only, listed)
        words[at.FACTOR_ITEMS] = places.items
        words[at.FACTOR_LISTED_COUNT] = only.length
        kernels.scoreListed(params, 0)
      } else kernels.scoreItems(params, 0)
      return everyScore
    },
  }
}
