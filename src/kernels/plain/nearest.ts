/**
 * The votes of the nearest sequences: what others did next where they had done what a history ends with (models/nearestSequences.ts). This is their
 * definition, and the plain twin of assembly/nearest.ts.
 */
import {
  NEAREST_ANCHOR,
  NEAREST_ANCHORS,
  NEAREST_BEHIND,
  NEAREST_BEYOND,
  NEAREST_PLACES_MAX,
  NEAREST_SEEN,
} from '../nearestParameters.ts'

const { fround } = Math

/** Events after which what somebody had done counts 1/e of what they did at the place itself. */
const FORGETTING = 8

/** f32[NEAREST_BEHIND]: what an event of somebody's counts, the oldest first, that of the place itself last. */
export const NEAREST_DECAY = Float32Array.from({ length: NEAREST_BEHIND }, (_, at) =>
  Math.exp(-(NEAREST_BEHIND - 1 - at) / FORGETTING),
)

export interface NearestPlaces {
  /**
   * Items, person after person, the oldest event first. The number of items, which is none's, stands NEAREST_BEHIND times before the first person and
   * after each.
   */
  readonly events: ArrayLike<number>
  /** Item i stands at places[starts[i] … starts[i + 1]) of the events, NEAREST_PLACES_MAX at most. */
  readonly starts: ArrayLike<number>
  readonly places: ArrayLike<number>
  /** Of the last items, c being the place among them, the share is Σ weights · that of items[offsets[c] … offsets[c + 1]). */
  readonly standIns: {
    readonly offsets: ArrayLike<number>
    readonly items: ArrayLike<number>
    readonly weights: ArrayLike<number>
  }
  /** f32: what it says that two people had item i. */
  readonly rarity: ArrayLike<number>
  /** f32[K]: what an event of the history k places before its newest counts. */
  readonly kernel: ArrayLike<number>
  /** Whether what a history has is stepped over, or voted for as anything else. */
  readonly steps: boolean
}

/** What is known of a history while votes are counted. */
export interface Remembered {
  /** f32[items + 1]: kernel[k] · rarity of an item, k the newest of its places in the history; 0 of all others. */
  readonly worth: Float32Array
  /** u8[items + 1]: NEAREST_ANCHOR, NEAREST_SEEN or 0. */
  readonly marks: Uint8Array
}

/** Of no history: room for one. */
export function nothingRemembered(itemCount: number): Remembered {
  const marks = new Uint8Array(itemCount + 1)
  marks[itemCount] = NEAREST_ANCHOR
  return { worth: new Float32Array(itemCount + 1), marks }
}

/** Of each of the last items that which stands in most, the first of equal ones; itself where none does. */
export function twinsOf({ standIns: { offsets, items, weights }, rarity }: NearestPlaces): number[] {
  const known = rarity.length - (offsets.length - 1)
  return Array.from({ length: offsets.length - 1 }, (_, c) => {
    let [twin, most] = [known + c, 0]
    for (let at = offsets[c]; at < offsets[c + 1]; at++) if (weights[at] > most) [twin, most] = [items[at], weights[at]]
    return twin
  })
}

/** Items, each of the last ones taken for its twin. */
export function takenFor({ rarity }: NearestPlaces, twins: readonly number[], items: ArrayLike<number>): number[] {
  const known = rarity.length - twins.length
  return Array.from(items, item => (item < known ? item : twins[item - known]))
}

/** The history, newest first, and its newest different items: the anchors. */
export function remember(
  { kernel, rarity, steps }: NearestPlaces,
  history: ArrayLike<number>,
  { worth, marks }: Remembered,
): number[] {
  const reach = Math.min(kernel.length, history.length)
  for (let k = reach - 1; k >= 0; k--) {
    worth[history[k]] = fround(kernel[k] * rarity[history[k]])
    marks[history[k]] = steps ? NEAREST_SEEN : 0
  }
  const anchors: number[] = []
  for (let k = 0; k < reach && anchors.length < NEAREST_ANCHORS; k++)
    if (!anchors.includes(history[k])) anchors.push(history[k])
  for (const anchor of anchors) marks[anchor] = NEAREST_ANCHOR
  return anchors
}

function forget({ kernel }: NearestPlaces, history: ArrayLike<number>, { worth, marks }: Remembered): void {
  for (let k = 0; k < Math.min(kernel.length, history.length); k++) worth[history[k]] = marks[history[k]] = 0
}

/** How near what somebody had done by a place is to the history: four sums, each of every fourth event, the oldest first, then (0 + 1) + (2 + 3). */
function nearness(events: ArrayLike<number>, place: number, worth: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let at = 0, event = place - (NEAREST_BEHIND - 1); at < NEAREST_BEHIND; at += 4, event += 4) {
    a = fround(a + fround(NEAREST_DECAY[at] * worth[events[event]]))
    b = fround(b + fround(NEAREST_DECAY[at + 1] * worth[events[event + 1]]))
    c = fround(c + fround(NEAREST_DECAY[at + 2] * worth[events[event + 2]]))
    d = fround(d + fround(NEAREST_DECAY[at + 3] * worth[events[event + 3]]))
  }
  return fround(fround(a + b) + fround(c + d))
}

/** Every vote in turn: for which item, from which place, f32. Answers what they add up to, f64, place after place. */
export function eachVote(
  { events, starts, places }: NearestPlaces,
  anchors: readonly number[],
  { worth, marks }: Remembered,
  use: (item: number, vote: number, place: number) => void,
): number {
  let total = 0
  for (const [f, anchor] of anchors.entries()) {
    const step = Math.ceil((starts[anchor + 1] - starts[anchor]) / (NEAREST_PLACES_MAX >> f))
    for (let at = starts[anchor]; at < starts[anchor + 1]; at += step) {
      const place = places[at]
      const near = nearness(events, place, worth)
      const square = fround(near * near)
      const vote = fround(square * square)
      let votes = 0
      for (let event = place + 1; event <= place + NEAREST_BEYOND; event++) {
        const mark = marks[events[event]]
        if (mark === NEAREST_ANCHOR) break
        if (mark === NEAREST_SEEN) continue
        use(events[event], vote, place)
        votes++
      }
      total += vote * votes
    }
  }
  return total
}

/** To `sums`, f32[items …] of zeros, for each item its share of the votes. `room` is left as it came. */
export function shareVotes(
  nearest: NearestPlaces,
  history: ArrayLike<number>,
  room: Remembered,
  sums: Float32Array,
): void {
  const taken = takenFor(nearest, twinsOf(nearest), history)
  const total = eachVote(nearest, remember(nearest, taken, room), room, (item, vote) => {
    sums[item] += vote
  })
  forget(nearest, taken, room)
  if (total === 0) return
  const inverse = fround(1 / total)
  for (let item = 0; item < sums.length; item++) sums[item] *= inverse
  const { offsets, items, weights } = nearest.standIns
  const known = nearest.rarity.length - (offsets.length - 1)
  for (let c = 0; c + 1 < offsets.length; c++)
    for (let at = offsets[c]; at < offsets[c + 1]; at++) sums[known + c] += fround(weights[at] * sums[items[at]])
}
