/**
 * An expert of a pool that remembers instead of solving: what did others do next where they had just done what this history ends with? The nearest
 * neighbours of sessions (V-SKNN: Ludewig and Jannach 2018, §3.2.4) at the grain of single events, as language models look up what follows a context
 * (Khandelwal et al. 2020). It sees what stands together at a history's end, where experts that add rows up see each item by itself.
 *
 *   anchors   the places of the history's last three different items among everybody's events: at most 1024, 512 and 256, the newest item's first, spread evenly
 *   nearness  z = Σ_b exp(-b/8) · worth of what stands b events before the place, b < 12; worth of the history's item k places before its newest: exp(-k/8) ·
 *             rarity, ln(1 + people / its events); of what is not in it 0
 *   votes     z⁴ for each of the four events after the place, but for those that the history has, and those from the next anchor's on, which has its own
 *   sums      an item's share of all votes
 *
 * Nothing is fitted. Kept are the events themselves, without the names of those whose they are, but in which row of the model's users they are, so that
 * who is deleted is forgotten here too (recipes/forget.ts). `src/kernels/plain/nearest.ts` is the definition to the bit.
 */
import { NEAREST_BEHIND, NEAREST_PLACES_MAX } from '../kernels/nearestParameters.ts'
import {
  eachVote,
  NEAREST_DECAY,
  type NearestPlaces,
  nothingRemembered,
  remember,
  takenFor,
  twinsOf,
} from '../kernels/plain/nearest.ts'
import type { NearestSize } from '../kernels/poolMemory.ts'
import { assert } from '../lib/assert.ts'
import type { KeptSequences, NearestExpert, PoolExpert } from './historyModel.ts'
import type { ItemLists } from './splits.ts'
import type { StandIns } from './standIns.ts'

/** Items of the history count by exp(-k/8) up to here; beyond, they are known to have been seen. 12, 16 and 20 measured alike. */
const COUNTED = 12
const FORGETTING = 8

/**
 * Of log pools: how many times the share of an item must be what others' must, to be told from nothing. Votes go to fewer items than rows do: measured with 1, 1/3 and
 * 1/10 .1957, .1973 and .1976 on ML-1M.
 */
export const NEAREST_SCALE = 0.1

/** f32[length]: what is counted, and from there on zeros: what is only seen. */
export const nearestKernel = (length: number): Float32Array =>
  Float32Array.from({ length }, (_, k) => (k < COUNTED ? Math.exp(-k / FORGETTING) : 0))

/** Of a new item, those of greatest weight: 1, 8 and 64 had an HR@10 among new items of .204, .262 and .262 on ML-1M. And of all new items together: what a record waits for. */
const STAND_INS_MAX = 8
const STAND_INS_TOTAL_MAX = 16_384

const noStandIns: StandIns = { offsets: new Uint32Array(1), items: new Int32Array(0), weights: new Float32Array(0) }

const shared = (length: number) => new SharedArrayBuffer(4 * length)

/** An expert as its definition takes it. */
export const nearestPlaces = ({
  kernel,
  steps,
  sequences,
}: Pick<NearestExpert, 'kernel' | 'steps' | 'sequences'>): NearestPlaces => ({ ...sequences, kernel, steps })

/** Of the expert of nearest sequences among these, if there is one. */
export function nearestSizeIn(experts: readonly PoolExpert[]): NearestSize | undefined {
  const nearest = experts.find(expert => 'sequences' in expert)
  if (!nearest) return undefined
  const { events, places, standIns } = nearest.sequences
  return {
    eventCount: events.length,
    placeCount: places.length,
    newCount: standIns.offsets.length - 1,
    standInCount: standIns.items.length,
  }
}

/** Whoever has one event did nothing next. */
const isKept = (start: number, end: number): boolean => end - start >= 2

/** `people` says which user each row of the lists is; absent: the row itself. `standIns` are those of the last items. */
export function keptSequences(
  lists: ItemLists,
  itemCount: number,
  people?: ArrayLike<number>,
  standIns = noStandIns,
): KeptSequences {
  const rows: number[] = []
  let count = NEAREST_BEHIND
  for (let row = 0; row + 1 < lists.offsets.length; row++) {
    const [start, end] = [lists.offsets[row], lists.offsets[row + 1]]
    if (!isKept(start, end)) continue
    rows.push(row)
    count += end - start + NEAREST_BEHIND
  }
  const events = new Int32Array(shared(count)).fill(itemCount)
  const offsets = new Uint32Array(shared(rows.length + 1))
  offsets[0] = NEAREST_BEHIND
  for (const [r, row] of rows.entries()) {
    const list = lists.items.subarray(lists.offsets[row], lists.offsets[row + 1])
    events.set(list, offsets[r])
    offsets[r + 1] = offsets[r] + list.length + NEAREST_BEHIND
  }
  const owners = new Uint32Array(shared(rows.length))
  for (const [r, row] of rows.entries()) owners[r] = people ? people[row] : row
  return { events, offsets, people: owners, standIns, ...placesOf(events, itemCount, rows.length) }
}

/** The rows as they were, without what stands between them. */
export function listsOf({ events, offsets }: Pick<KeptSequences, 'events' | 'offsets'>): ItemLists {
  const rowCount = offsets.length - 1
  const plain = offsets.map((start, row) => start - (row + 1) * NEAREST_BEHIND)
  const items = new Int32Array(plain[rowCount])
  for (let row = 0; row < rowCount; row++)
    items.set(events.subarray(offsets[row], offsets[row + 1] - NEAREST_BEHIND), plain[row])
  return { offsets: plain, items }
}

/** The same, with more items after the others, made of stand-ins: of each those of greatest weight. */
export function withMoreItems(sequences: KeptSequences, added: StandIns): KeptSequences {
  const itemCount = sequences.rarity.length
  const rows = listsOfStandIns(sequences.standIns)
  const known = itemCount - rows.length
  const count = Math.max(1, Math.min(STAND_INS_MAX, Math.floor(STAND_INS_TOTAL_MAX / (added.offsets.length - 1))))
  for (const row of listsOfStandIns(added)) {
    const own = row.filter(({ item }) => item < known).sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    rows.push(own.slice(0, count).sort((a, b) => a.item - b.item))
  }
  return keptSequences(listsOf(sequences), known + rows.length, sequences.people, standInsOf(rows))
}

type StandInRow = { readonly item: number; readonly weight: number }[]

const listsOfStandIns = ({ offsets, items, weights }: StandIns): StandInRow[] =>
  Array.from({ length: offsets.length - 1 }, (_, c) =>
    Array.from(items.subarray(offsets[c], offsets[c + 1]), (item, i) => ({ item, weight: weights[offsets[c] + i] })),
  )

function standInsOf(rows: readonly StandInRow[]): StandIns {
  const offsets = new Uint32Array(rows.length + 1)
  for (const [c, row] of rows.entries()) offsets[c + 1] = offsets[c] + row.length
  const all = rows.flat()
  return {
    offsets,
    items: Int32Array.from(all, ({ item }) => item),
    weights: Float32Array.from(all, ({ weight }) => weight),
  }
}

/**
 * The same with people and items numbered anew, `-1` for those that go: whoever is left with one event goes too. Absent: they keep their numbers. `itemCount` is that of
 * the items then.
 */
export function renumbered(
  sequences: KeptSequences,
  itemCount: number,
  { personOf, itemOf }: { readonly personOf?: ArrayLike<number>; readonly itemOf?: ArrayLike<number> },
): KeptSequences {
  const { offsets, items } = listsOf(sequences)
  const ends = new Uint32Array(offsets.length)
  const people = new Uint32Array(sequences.people.length)
  let [rows, count] = [0, 0]
  for (const [row, person] of sequences.people.entries()) {
    const who = personOf ? personOf[person] : person
    if (who < 0) continue
    for (let at = offsets[row]; at < offsets[row + 1]; at++) {
      const item = itemOf ? itemOf[items[at]] : items[at]
      if (item >= 0) items[count++] = item // never ahead of what is read
    }
    people[rows++] = who
    ends[rows] = count
  }
  const standing = listsOfStandIns(sequences.standIns)
  const known = sequences.rarity.length - standing.length
  const left = standing.flatMap((row, c) =>
    itemOf && itemOf[known + c] < 0
      ? []
      : [
          row
            .map(({ item, weight }) => ({ item: itemOf ? itemOf[item] : item, weight }))
            .filter(({ item }) => item >= 0),
        ],
  )
  return keptSequences({ offsets: ends.subarray(0, rows + 1), items }, itemCount, people, standInsOf(left))
}

/**
 * How much of an item's share of the votes each event of a history carried, f64[history.length], oldest first: a vote is shared out as its nearness was
 * added up, and an item that stands there more than once is heard where it is newest.
 */
export function votesByEvent(expert: NearestExpert, history: ArrayLike<number>, item: number): Float64Array {
  const nearest = nearestPlaces(expert)
  const newestFirst = takenFor(nearest, twinsOf(nearest), Array.from(history).reverse())
  const asked = shareOf(nearest, item)
  const room = nothingRemembered(expert.sequences.rarity.length)
  const { worth } = room
  const said = new Float64Array(worth.length)
  const total = eachVote(nearest, remember(nearest, newestFirst, room), room, (target, vote, place) => {
    const share = asked.get(target)
    if (!share) return
    const events = expert.sequences.events.subarray(place + 1 - NEAREST_BEHIND, place + 1)
    const parts = Array.from(events, (event, at) => NEAREST_DECAY[at] * worth[event])
    const near = parts.reduce((sum, part) => sum + part, 0)
    for (const [at, event] of events.entries()) if (near > 0) said[event] += (share * vote * parts[at]) / near
  })
  const carried = new Float64Array(history.length)
  for (const [k, event] of newestFirst.entries())
    if (newestFirst.indexOf(event) === k && total > 0) carried[history.length - 1 - k] = said[event] / total
  return carried
}

/** Of which items' shares an item's is made, and how. */
function shareOf({ standIns: { offsets, items, weights }, rarity }: NearestPlaces, item: number): Map<number, number> {
  const c = item - (rarity.length - (offsets.length - 1))
  if (c < 0) return new Map([[item, 1]])
  const places = Array.from({ length: offsets[c + 1] - offsets[c] }, (_, i) => offsets[c] + i)
  return new Map(places.map(at => [items[at], weights[at]]))
}

/** Of each item the places that something follows, ascending: all, or NEAREST_PLACES_MAX spread evenly. */
function placesOf(events: Int32Array, itemCount: number, rowCount: number) {
  const counts = new Uint32Array(itemCount)
  const followed = new Uint32Array(itemCount)
  for (let at = 0; at < events.length; at++) {
    const item = events[at]
    if (item === itemCount) continue
    assert(item >= 0 && item < itemCount, 'an item index lies outside the catalogue')
    counts[item]++
    if (events[at + 1] !== itemCount) followed[item]++
  }
  const starts = new Uint32Array(shared(itemCount + 1))
  for (let item = 0; item < itemCount; item++)
    starts[item + 1] = starts[item] + Math.min(followed[item], NEAREST_PLACES_MAX)
  const places = new Uint32Array(shared(starts[itemCount]))
  const met = new Uint32Array(itemCount)
  const next = starts.slice()
  for (let at = 0; at < events.length; at++) {
    const item = events[at]
    if (item === itemCount || events[at + 1] === itemCount) continue
    const all = followed[item]
    const kept = Math.min(all, NEAREST_PLACES_MAX)
    // The t-th of all is kept where t · kept / all passes a whole number.
    if (Math.floor(((met[item] + 1) * kept) / all) > Math.floor((met[item] * kept) / all)) places[next[item]++] = at
    met[item]++
  }
  const rarity = new Float32Array(shared(itemCount))
  for (let item = 0; item < itemCount; item++) if (counts[item] > 0) rarity[item] = Math.log1p(rowCount / counts[item])
  return { starts, places, rarity }
}
