/** What the self-test runs pools of sparse experts on. */
import type { Random } from '../lib/random.ts'
import type { Arena } from './arena.ts'
import * as block from './nearestParameters.ts'
import * as at from './parameters.ts'
import { NEAREST_DECAY } from './plain/nearest.ts'
import { type Case, extremes, type Step } from './selfTestCases.ts'

const ITEM_COUNT = 45
const COLUMN_COUNT = 64
const KERNEL_LENGTH = 5
const EXPERT_COUNT = 4
/** The last one is of nearest sequences: of people who did so many things. */
const NEAREST = EXPERT_COUNT - 1
const PEOPLE = [40, 1, 9, 13, 25]
/** Items that may not be chosen. */
const EXCLUDED = [0, 9, 44]
/** Not in order. */
const LISTED = [ITEM_COUNT - 1, 0, 5, 7, 12, 3]
const HISTORY_LENGTH_MAX = 8
/** Nothing, less than a group, a group, more, repeats, more than the kernel reaches; 7 and 8 are empty rows, 9 one that only takes away. */
const HISTORIES = [[], [3], [7, 8], [9], [9, 3, 9], [4, 4, 4, 4], [0, 1, 2, 3, 4, 5, 6], [44, 9, 12, 13, 20]]

/** Both widths of entries, both pools, shares from nothing to far above 1; scores, and the best from estimates of them. */
export function poolCase(arena: Arena, random: Random): Case {
  const prior = arena.reserveF32(COLUMN_COUNT)
  prior.view.set(extremes(random, COLUMN_COUNT))
  const scored = placeSlot(arena, prior.ptr, true)
  const chosen = placeSlot(arena, prior.ptr, false)
  const steps: Step[] = []
  for (const near of [true, false])
    for (const combination of [at.POOL_LOG, at.POOL_LINEAR]) {
      const pool = placePool(arena, random, near, combination)
      for (const { params } of [scored, chosen]) steps.push({ params, word: at.RANK_POOL, value: pool })
      for (let q = 0; q < HISTORIES.length; q++) {
        for (const { params } of [scored, chosen]) steps.push({ kernel: 'poolSums', params, tasks: q + 1 })
        steps.push({ kernel: 'poolScores', params: scored.params, tasks: q + 1 }, ...listSteps(scored, q))
        for (const wanted of [1, 3, ITEM_COUNT - EXCLUDED.length]) steps.push(...chooseSteps(chosen, q, wanted))
      }
    }
  return { steps, scratch: [...scored.scratch, ...chosen.scratch] }
}

/** Of an empty list, of one that fills lanes and of one that does not, over what was there. */
function listSteps({ params, items, scores }: Slot, q: number): Step[] {
  const list = LISTED.slice(0, q % (LISTED.length + 1))
  return [
    ...list.map((value, word) => ({ params: items, word, value })),
    ...list.map(item => ({ params: scores, word: q * COLUMN_COUNT + item, value: -1 })),
    { params, word: at.RANK_LISTED_COUNT, value: list.length },
    { kernel: 'poolListed', params, tasks: q + 1 },
  ]
}

/** Estimates of query `q` are made anew each time, since choosing may leave scores in their place. */
const chooseSteps = ({ params, keys }: Slot, q: number, wanted: number): Step[] => [
  { kernel: 'poolEstimate', params, tasks: q + 1 },
  ...EXCLUDED.map(word => ({ params: keys, word, value: at.RANK_EXCLUDED })),
  { params, word: at.RANK_WANTED, value: wanted },
  { kernel: 'poolChoose', params, tasks: q + 1 },
]

interface Slot {
  readonly params: number
  readonly keys: number
  readonly items: number
  readonly scores: number
  readonly scratch: Case['scratch']
}

/** `scores`: whether a twin leaves the same scores there. */
function placeSlot(arena: Arena, prior: number, scores: boolean): Slot {
  const { ptr: params, view: words } = arena.reserveU32(at.RANK_WORDS)
  const offsets = arena.reserveU32(HISTORIES.length + 1)
  const events = arena.reserveU32(HISTORIES.length * HISTORY_LENGTH_MAX)
  for (const [q, history] of HISTORIES.entries()) {
    events.view.set(history, offsets.view[q])
    offsets.view[q + 1] = offsets.view[q] + history.length
  }
  words[at.RANK_ITEM_COUNT] = ITEM_COUNT
  words[at.RANK_COLUMN_COUNT] = COLUMN_COUNT
  words[at.RANK_PRIOR] = prior
  words[at.RANK_OFFSETS] = offsets.ptr
  words[at.RANK_EVENTS] = events.ptr
  words[at.RANK_SUMS] = arena.reserveF32(EXPERT_COUNT * (COLUMN_COUNT + at.POOL_GROUP)).ptr
  words[at.RANK_WORTH] = arena.reserveF32(COLUMN_COUNT + at.POOL_GROUP).ptr
  const marks = arena.reserveU8(COLUMN_COUNT + at.POOL_GROUP)
  marks.view[ITEM_COUNT] = block.NEAREST_ANCHOR
  words[at.RANK_MARKS] = marks.ptr
  words[at.RANK_KEYS] = arena.reserveI32(COLUMN_COUNT).ptr
  words[at.RANK_TOTAL] = arena.reserveF64(1).ptr
  words[at.RANK_ITEMS] = arena.reserveI32(COLUMN_COUNT).ptr
  words[at.RANK_PROBABILITIES] = arena.reserveF32(COLUMN_COUNT).ptr
  new Float32Array(words.buffer, params)[at.RANK_SHARPNESS] = 0.8
  const scratch: { from: number; to: number }[] = []
  const room = (bytes: number): number => {
    const { ptr: from } = arena.reserveF64(bytes / 8)
    scratch.push({ from, to: from + bytes })
    return from
  }
  const scoreBytes = 4 * COLUMN_COUNT * HISTORIES.length
  words[at.RANK_SCORES] = scores ? arena.reserveF32(scoreBytes / 4).ptr : room(scoreBytes)
  words[at.RANK_SOURCES] = room(4 * HISTORY_LENGTH_MAX)
  words[at.RANK_PLACES] = room(4 * HISTORY_LENGTH_MAX)
  words[at.RANK_SUMS_OF_WEIGHTS] = room(4 * HISTORY_LENGTH_MAX)
  words[at.RANK_WEIGHTS] = room(4 * COLUMN_COUNT)
  words[at.RANK_CANDIDATES] = room(8 * COLUMN_COUNT)
  return {
    ...{ params, keys: words[at.RANK_KEYS], items: words[at.RANK_ITEMS], scores: words[at.RANK_SCORES] },
    scratch,
  }
}

/** Answers its address. Where entries are far, estimates of a log pool tell the best from the others; where they are near, all are scored. */
function placePool(arena: Arena, random: Random, near: boolean, combination: number): number {
  const pool = arena.reserveU32(at.POOL_WORDS)
  const experts = arena.reserveU32(at.EXPERT_WORDS * EXPERT_COUNT)
  const bias = arena.reserveF32(COLUMN_COUNT)
  const isLog = combination === at.POOL_LOG
  bias.view.set(isLog ? Float32Array.from({ length: COLUMN_COUNT }, random.normal) : extremes(random, COLUMN_COUNT))
  pool.view[at.POOL_COMBINATION] = combination
  pool.view[at.POOL_EXPERT_COUNT] = EXPERT_COUNT
  pool.view[at.POOL_EXPERTS] = experts.ptr
  pool.view[at.POOL_BIAS] = bias.ptr
  pool.view[at.POOL_NEAR] = near ? 1 : 0
  const floats = new Float32Array(pool.view.buffer, pool.ptr)
  floats[at.POOL_EPSILON] = 1e-4
  floats[at.POOL_MARGIN] = isLog ? (near ? 8 : 0.03) : 0
  for (let f = 0; f < EXPERT_COUNT; f++)
    (f === NEAREST ? placeNearest : placeExpert)(
      arena,
      random,
      near,
      f,
      experts.view.subarray(f * at.EXPERT_WORDS, (f + 1) * at.EXPERT_WORDS),
    )
  return pool.ptr
}

/** Among few items, so that histories are met with, from near and from far; nobody has the last two, which where entries are near others stand in for. Those that the kernel gives nothing are stepped over, or not. */
function placeNearest(arena: Arena, random: Random, near: boolean, _f: number, words: Uint32Array): void {
  const gap = new Array<number>(block.NEAREST_BEHIND).fill(ITEM_COUNT)
  const person = (count: number) =>
    Array.from({ length: count }, () => random.below(random.below(2) === 0 ? 10 : ITEM_COUNT - 2))
  const all = [...gap, ...PEOPLE.flatMap(count => [...person(count), ...gap])]
  const events = arena.reserveU32(all.length)
  if (near) new Uint16Array(words.buffer, events.ptr, all.length).set(all)
  else events.view.set(all)
  const starts = arena.reserveU32(ITEM_COUNT + 1)
  const places = arena.reserveU32(all.length)
  let top = 0
  for (let item = 0; item < ITEM_COUNT; item++) {
    for (const [place, event] of all.entries()) if (event === item) places.view[top++] = place
    starts.view[item + 1] = top
  }
  const rarity = arena.reserveF32(ITEM_COUNT)
  for (let item = 0; item < ITEM_COUNT; item++) rarity.view[item] = 0.1 + 3 * random.uniform()
  const decays = arena.reserveF32(block.NEAREST_BEHIND)
  decays.view.set(NEAREST_DECAY)
  const { ptr, view: nearest } = arena.reserveU32(block.NEAREST_WORDS)
  nearest[block.NEAREST_EVENTS] = events.ptr
  nearest[block.NEAREST_STARTS] = starts.ptr
  nearest[block.NEAREST_PLACES] = places.ptr
  nearest[block.NEAREST_RARITY] = rarity.ptr
  nearest[block.NEAREST_DECAYS] = decays.ptr
  nearest[block.NEAREST_STEPS] = near ? 1 : 0
  const twins = arena.reserveU32(2) // of the items 43 and 44
  twins.view.set([3, 0])
  const standOffsets = arena.reserveU32(3)
  if (near) standOffsets.view.set([0, 2, 3])
  const standIns = arena.reserveU32(3)
  standIns.view.set([1, 3, 0])
  const standWeights = arena.reserveF32(3)
  standWeights.view.set([-0.3, 0.7, 0.9])
  nearest[block.NEAREST_TWINS] = twins.ptr
  nearest[block.NEAREST_TWIN_COUNT] = near ? 2 : 0
  nearest[block.NEAREST_STAND_OFFSETS] = standOffsets.ptr
  nearest[block.NEAREST_STAND_INS] = standIns.ptr
  nearest[block.NEAREST_STAND_WEIGHTS] = standWeights.ptr
  const kernel = arena.reserveF32(KERNEL_LENGTH)
  kernel.view.set([1, 0.8, 0.6, 0.5])
  words[at.EXPERT_NEAREST] = ptr
  words[at.EXPERT_KERNEL] = kernel.ptr
  words[at.EXPERT_KERNEL_LENGTH] = KERNEL_LENGTH
  const floats = new Float32Array(words.buffer, words.byteOffset, at.EXPERT_WORDS)
  floats[at.EXPERT_WEIGHT] = random.uniform()
  floats[at.EXPERT_INVERSE_SCALE] = 10
}

function placeExpert(arena: Arena, random: Random, near: boolean, f: number, words: Uint32Array): void {
  const kernel = arena.reserveF32(KERNEL_LENGTH)
  for (let k = 0; k < KERNEL_LENGTH; k++) kernel.view[k] = 1 / (k + 1)
  const offsets = arena.reserveU32(ITEM_COUNT + 1)
  for (let row = 0; row < ITEM_COUNT; row++)
    offsets.view[row + 1] = offsets.view[row] + (row === 7 || row === 8 ? 0 : 1 + random.below(3))
  const groups = offsets.view[ITEM_COUNT]
  const rowWords = (near ? 1.5 : 2) * at.POOL_GROUP
  const rows = arena.reserveU32(groups * rowWords)
  const targets = near ? new Uint16Array(words.buffer, rows.ptr, 2 * rows.view.length) : rows.view
  const values = new Float32Array(words.buffer, rows.ptr, rows.view.length)
  for (let group = 0; group < groups; group++) {
    const first = random.below(COLUMN_COUNT)
    const numbers =
      f === 1 ? extremes(random, at.POOL_GROUP) : Float32Array.from({ length: at.POOL_GROUP }, random.normal)
    const takesAway = group >= offsets.view[9] && group < offsets.view[10]
    for (let x = 0; x < at.POOL_GROUP; x++) {
      targets[group * rowWords * (near ? 2 : 1) + x] = first + x
      values[(group + 1) * rowWords - at.POOL_GROUP + x] = takesAway ? -Math.abs(numbers[x]) : numbers[x]
    }
  }
  words[at.EXPERT_ROWS] = rows.ptr
  words[at.EXPERT_OFFSETS] = offsets.ptr
  words[at.EXPERT_KERNEL] = kernel.ptr
  words[at.EXPERT_KERNEL_LENGTH] = KERNEL_LENGTH - f
  const floats = new Float32Array(words.buffer, words.byteOffset, at.EXPERT_WORDS)
  floats[at.EXPERT_WEIGHT] = random.uniform()
  floats[at.EXPERT_INVERSE_SCALE] = f === 1 ? 1e-12 : 0.7
}
