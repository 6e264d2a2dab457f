/** What the self-test runs the kernels of factor models on: three groups of items, the last not full, with every shape of the tiles. */
import { assert } from '../lib/assert.ts'
import type { Random } from '../lib/random.ts'
import type { Arena } from './arena.ts'
import {
  capacityOf,
  connectSlot,
  type FactorValues,
  factorShape,
  fillFactors,
  reserveFactorSlot,
  reserveFactors,
} from './factorMemory.ts'
import * as at from './factorParameters.ts'
import { aligned, fillView, longestAllowed, type View, viewBytes, viewSource } from './factorView.ts'
import { type Case, extremes, type Step } from './selfTestCases.ts'
import { ALL_TILES, NARROWEST, type Tiles, WIDEST } from './tileShape.ts'

const ITEM_COUNT = 530
const DIMENSION = 6
const HISTORIES = [[3], [], [5, 5, 5, 5], [20, 21], [7, 290, 12, 9], [30], [31, 4], [299, 0, 17], [33, 30]]
/** What is not empty, in some order. */
const SCREENED = [7, 0, 4, 2, 3, 8, 6, 5]
const EVENTS_MAX = 4
const MASKS = 3
/** Room for the views of `viewCase`. */
const VIEW_CASE_BYTES = 2 ** 17
const TILES = Math.ceil(HISTORIES.length / at.FACTOR_TILE_ROWS)

/** Rows of one item: zero, tiny, equal to others, with one great value, of numbers between the subnormal and 2⁵⁰, or at random. */
function rowOf(item: number, random: Random): ArrayLike<number> {
  if (item === 30) return new Float32Array(DIMENSION)
  if (item === 31) return new Float32Array(DIMENSION).fill(1e-36)
  if (item % 50 === 5) return new Float32Array(DIMENSION).fill(0.25)
  if (item === 20) return Float32Array.of(0, 0, 3000, 0, 0, 0)
  if (item % 41 === 0) return extremes(random, DIMENSION).map(value => value * 1e-6)
  return Array.from({ length: DIMENSION }, () => random.normal())
}

function valuesOf(random: Random): FactorValues {
  const rows = (count: number) =>
    Float32Array.from(
      Array.from({ length: count }, (_, row) => [...Array.from(rowOf(row % ITEM_COUNT, random))]).flat(),
    )
  return {
    itemCount: ITEM_COUNT,
    dimension: DIMENSION,
    kernels: [Float32Array.of(1, 0.5, 0.25, 0.125), Float32Array.of(-0.75, 0.3)],
    sources: rows(2 * ITEM_COUNT),
    targets: rows(ITEM_COUNT),
    bias: Float32Array.from({ length: ITEM_COUNT }, (_, item) => (item % 50 === 5 ? 1 : random.normal())),
    prior: Float32Array.from({ length: ITEM_COUNT }, (_, item) => -Math.log(1 + Math.floor(item / 3))),
    sharpness: 0.7,
  }
}

/** The model and a slot; every history, and for each the exclusion of its own items. `views`: where there is room for those. */
function place(arena: Arena, random: Random): { words: Uint32Array; views: number } {
  const values = valuesOf(random)
  const shape = factorShape(values)
  const shared = reserveFactors(arena, values, shape)
  const slot = reserveFactorSlot(arena, shape, {
    blockSize: HISTORIES.length,
    entryCount: HISTORIES.length * capacityOf(ITEM_COUNT, ITEM_COUNT),
    resultCells: HISTORIES.length * ITEM_COUNT,
    excludedMax: HISTORIES.length * EVENTS_MAX,
    masksMax: MASKS,
    viewBytes: VIEW_CASE_BYTES,
    historyEvents: EVENTS_MAX,
  })
  fillFactors(values, shape, shared)
  connectSlot(slot, values, shape, shared, { queryMax: 1e30, tiles: NARROWEST, exactTotals: false })
  const { words, addresses } = slot
  const offsets = new Uint32Array(words.buffer, addresses.historyOffsets, HISTORIES.length + 1)
  for (const [q, history] of HISTORIES.entries()) offsets[q + 1] = offsets[q] + history.length
  new Uint32Array(words.buffer, addresses.historyItems, HISTORIES.length * EVENTS_MAX).set(HISTORIES.flat())
  words[at.FACTOR_STARTS] = addresses.historyOffsets
  words[at.FACTOR_ENDS] = addresses.historyOffsets + 4
  words[at.FACTOR_EVENTS] = addresses.historyItems
  words[at.FACTOR_QUERY_COUNT] = HISTORIES.length
  words[at.FACTOR_COUNTS] = addresses.counts
  words[at.FACTOR_ITEMS] = addresses.items
  words[at.FACTOR_PROBABILITIES] = addresses.probabilities
  return { words, views: addresses.views }
}

const exclude = (words: Uint32Array, yes: boolean): Step[] =>
  [at.FACTOR_EXCLUDED_STARTS, at.FACTOR_EXCLUDED_ENDS, at.FACTOR_EXCLUDED_ITEMS].map((word, i) => ({
    params: words.byteOffset,
    word,
    value: yes ? words[[at.FACTOR_STARTS, at.FACTOR_ENDS, at.FACTOR_EVENTS][i]] : 0,
  }))

/** Sets of items, some of them nearly empty, and whose each is; of the last word, which is not full, nothing. */
function masks(words: Uint32Array, random: Random): Step[] {
  const whole = ITEM_COUNT >>> 5
  const steps: Step[] = []
  for (let mask = 0; mask < MASKS; mask++) {
    const bits = Uint32Array.from({ length: whole }, () => (random.below(4) <= mask ? random.uint32() : 0))
    for (const [word, value] of bits.entries())
      steps.push({ params: words[at.FACTOR_MASKS], word: mask * words[at.FACTOR_OPEN_WORDS] + word, value: value | 0 })
    const count = bits.reduce((sum, value) => sum + value.toString(2).replaceAll('0', '').length, 0)
    steps.push({ params: words[at.FACTOR_MASK_SIZES], word: mask, value: count })
  }
  for (let query = 0; query < HISTORIES.length; query++)
    steps.push({ params: words[at.FACTOR_MASK_OF], word: query, value: random.below(MASKS) })
  return steps
}

/** What the screen leaves behind and is no result. */
const scratchOf = (words: Uint32Array): Case['scratch'] => [
  { from: words[at.FACTOR_TILES], to: words[at.FACTOR_SCORE_PANELS] },
  { from: words[at.FACTOR_SCORE_PANELS], to: words[at.FACTOR_TOTALS] },
]

const screened = (words: Uint32Array): Step[] => [
  { params: words[at.FACTOR_ORDER], word: 0, value: SCREENED.length },
  ...SCREENED.map((query, place) => ({ params: words[at.FACTOR_ORDER], word: 2 + 2 * place, value: query })),
]

const taking = (words: Uint32Array, { wide, long }: Tiles): Step[] => [
  { params: words.byteOffset, word: at.FACTOR_WIDE, value: wide ? 1 : 0 },
  { params: words.byteOffset, word: at.FACTOR_LONG, value: long ? 1 : 0 },
]

/** Folding, rounding and all tiles, every byte compared. */
export function roundingCase(arena: Arena, random: Random): Case {
  const { words } = place(arena, random)
  const params = words.byteOffset
  words[at.FACTOR_CAPACITY] = capacityOf(25, ITEM_COUNT)
  const steps: Step[] = [{ kernel: 'foldIn', params, tasks: HISTORIES.length }]
  steps.push(...exclude(words, true), { kernel: 'openItems', params, tasks: 1 })
  steps.push({ kernel: 'scaleQuery', params, tasks: HISTORIES.length }, ...screened(words))
  steps.push({ kernel: 'quantise', params, tasks: TILES }, { kernel: 'packScoreTile', params, tasks: TILES })
  for (const tiles of ALL_TILES) {
    steps.push(...taking(words, tiles), { kernel: 'screenStart', params, tasks: TILES })
    steps.push({ kernel: 'packScorePanels', params, tasks: 2 }, { kernel: 'scoreGroup', params, tasks: TILES })
  }
  // What is struck near the start (assembly/strike.ts) no twin knows of.
  const small = words[at.FACTOR_SMALL]
  const entryBytes = 8 * HISTORIES.length * words[at.FACTOR_CAPACITY]
  const scratch = [
    { from: words[at.FACTOR_ENTRIES], to: words[at.FACTOR_ENTRIES] + entryBytes },
    { from: small + at.FACTOR_SMALL_NEAR, to: small + at.FACTOR_SMALL_BYTES },
  ]
  return { steps, scratch }
}

/** The best, of everything, of what is not excluded and of what is allowed; what is no result is scratch. */
export function bestCase(arena: Arena, random: Random): Case {
  const { words } = place(arena, random)
  const params = words.byteOffset
  const steps: Step[] = []
  for (const tiles of [WIDEST, NARROWEST])
    for (const [wanted, excluded, masked, exact] of [
      [1, false, 0, 0],
      [25, true, 0, 0],
      [100, true, 1, 0],
      [100, true, 0, 0],
      [ITEM_COUNT, false, 0, 1],
    ] as const) {
      steps.push({ params, word: at.FACTOR_EXACT_TOTALS, value: exact })
      steps.push(...taking(words, tiles), { params, word: at.FACTOR_MASKED, value: masked })
      steps.push({ params, word: at.FACTOR_WANTED, value: wanted })
      steps.push({ params, word: at.FACTOR_CAPACITY, value: capacityOf(wanted, ITEM_COUNT) })
      // Of a hundred the threshold is guessed from a sample, which is the second group.
      steps.push({ params, word: at.FACTOR_START_GROUPS, value: wanted <= 100 ? 1 : 2 }, ...exclude(words, excluded))
      steps.push({ kernel: 'foldIn', params, tasks: HISTORIES.length })
      if (masked === 1) steps.push(...masks(words, random))
      steps.push({ kernel: 'openItems', params, tasks: 1 }, { kernel: 'bestOf', params, tasks: 1 })
      steps.push(exact ? { kernel: 'sumWeights', params, tasks: 1 } : { kernel: 'estimate', params, tasks: TILES })
      steps.push(
        { kernel: 'shares', params, tasks: 1 },
        { kernel: 'scoreItems', params, tasks: 1 },
        ...listSteps(words),
      )
    }
  return { steps, scratch: scratchOf(words) }
}

/** Of an empty list, of lists that fill a batch and that do not, over what was there. */
function listSteps(words: Uint32Array): Step[] {
  const params = words.byteOffset
  return [0, 1, 16, 17].flatMap(count => [
    ...Array.from({ length: count }, (_, i) => i).flatMap(i => {
      const item = (7 * i + 3) % ITEM_COUNT
      return [
        { params: words[at.FACTOR_ITEMS], word: i, value: item },
        { params: words[at.FACTOR_EVERY_SCORE], word: item, value: -1 },
      ]
    }),
    { params, word: at.FACTOR_LISTED_COUNT, value: count },
    { kernel: 'scoreListed' as const, params, tasks: 1 },
  ])
}

/** The best of two items in three, in a view of all of them and in one that is cut, where queries stay unsettled; and again of everything. */
export function viewCase(arena: Arena, random: Random): Case {
  const { words, views } = place(arena, random)
  const params = words.byteOffset
  const source = viewSource(words)
  const allowed = Uint32Array.from({ length: Math.ceil(ITEM_COUNT / 32) }, () => random.uint32() | random.uint32())
  let address = aligned(views)
  const made = [ITEM_COUNT, 40].map(most => {
    const items = longestAllowed(source, allowed, most)
    const view = fillView(source, items, 2, address)
    address += viewBytes(source, items.positions.length, 2)
    return view
  })
  assert(address <= views + VIEW_CASE_BYTES, 'there is room for the views')
  const mask = words[at.FACTOR_MASKS]
  for (const [word, bits] of allowed.entries()) new Uint32Array(words.buffer, mask)[word] = bits
  words[at.FACTOR_REST_MASK] = mask
  const look = (view: View, wanted: number): Step[] => [
    ...view.words.map(([word, value]) => ({ params, word, value })),
    { params, word: at.FACTOR_START_GROUPS, value: view.startGroups },
    { params, word: at.FACTOR_WANTED, value: wanted },
    { params, word: at.FACTOR_CAPACITY, value: capacityOf(wanted, ITEM_COUNT) },
  ]
  const steps: Step[] = []
  for (const tiles of [WIDEST, NARROWEST])
    for (const view of [...made, source.everything])
      for (const [wanted, excluded] of [
        [25, false],
        [70, true],
      ] as const) {
        steps.push(...taking(words, tiles), ...look(view, wanted), ...exclude(words, excluded))
        steps.push({ kernel: 'foldIn', params, tasks: HISTORIES.length }, { kernel: 'openItems', params, tasks: 1 })
        steps.push({ kernel: 'bestOf', params, tasks: 1 })
        if (view.cut) {
          // Beyond a view everything is looked at.
          for (const [word, value] of source.everything.words) steps.push({ params, word, value })
          steps.push({ params, word: at.FACTOR_REST_FROM, value: view.next })
          steps.push({ kernel: 'searchRest', params, tasks: HISTORIES.length })
        }
        steps.push({ kernel: 'shares', params, tasks: 1 })
      }
  return { steps, scratch: scratchOf(words) }
}
