/** The plain twins of assembly/foldIn.ts, strike.ts, quantise.ts and screen.ts. */
import { columnOf } from '../factorItems.ts'
import * as at from '../factorParameters.ts'
import type { PlainKernel, PlainMemory } from './memory.ts'

const { fround } = Math

/** Offsets and values of assembly/queryState.ts. */
const [NORM, SCALE, ERROR, OPEN, MODE, ALLOWED, STRUCK, STRUCK_LIST, STRUCK_END] = [0, 8, 16, 32, 36, 44, 48, 56, 60]
const [SCREENED, SETTLED, LISTED, ZERO] = [0, 1, 2, 3]
export const PRIOR = 4
const TINY = 2 ** -110

export const wordsOf = ({ u32 }: PlainMemory, params: number) => u32.subarray(params / 4, params / 4 + at.FACTOR_WORDS)
export const modeOf = ({ u32 }: PlainMemory, words: Uint32Array, query: number) =>
  u32[(words[at.FACTOR_STATES] + query * at.QUERY_STATE + MODE) / 4]
export const queryOf = ({ f32 }: PlainMemory, words: Uint32Array, query: number) => {
  const from = words[at.FACTOR_QUERIES] / 4 + query * words[at.FACTOR_QUERY_FLOATS]
  return f32.subarray(from, from + words[at.FACTOR_QUERY_FLOATS])
}
/** Whether the item is allowed to the query and not struck. */
export const isOpen = (memory: PlainMemory, words: Uint32Array, query: number, item: number): boolean => {
  const { u32 } = memory
  const state = (words[at.FACTOR_STATES] + query * at.QUERY_STATE) / 4
  if (((u32[u32[state + ALLOWED / 4] / 4 + (item >>> 5)] >>> (item & 31)) & 1) === 0) return false
  return !isStruck(memory, words, query, item)
}
/** Whether the item is struck from the query. */
export const isStruck = ({ u32 }: PlainMemory, words: Uint32Array, query: number, item: number): boolean => {
  const state = (words[at.FACTOR_STATES] + query * at.QUERY_STATE) / 4
  if (u32[state + STRUCK / 4] === 0) return false
  return u32.subarray(u32[state + STRUCK_LIST / 4] / 4, u32[state + STRUCK_END / 4] / 4).includes(item)
}

/** List `query` of lists that are given by the words of their starts, ends and items. */
function listOf(
  { u32 }: PlainMemory,
  words: Uint32Array,
  query: number,
  [starts, ends, items]: readonly number[],
): Uint32Array {
  const from = words[items] / 4
  return u32.subarray(from + u32[words[starts] / 4 + query], from + u32[words[ends] / 4 + query])
}
const HISTORY = [at.FACTOR_STARTS, at.FACTOR_ENDS, at.FACTOR_EVENTS]
export const historyOf = (memory: PlainMemory, words: Uint32Array, query: number) =>
  listOf(memory, words, query, HISTORY)
const EXCLUDED = [at.FACTOR_EXCLUDED_STARTS, at.FACTOR_EXCLUDED_ENDS, at.FACTOR_EXCLUDED_ITEMS]

export const foldIn: PlainKernel = (memory, params, query) => {
  const { u32, f32, madd } = memory
  const words = wordsOf(memory, params)
  const events = historyOf(memory, words, query)
  u32[(words[at.FACTOR_STATES] + query * at.QUERY_STATE + MODE) / 4] = events.length === 0 ? PRIOR : SCREENED
  const vector = queryOf(memory, words, query).fill(0)
  if (events.some(event => event >= words[at.FACTOR_ITEM_COUNT])) {
    words[at.FACTOR_FAULT] = 1
    return
  }
  const width = words[at.FACTOR_SOURCE_FLOATS]
  for (let f = 0; f < words[at.FACTOR_KERNEL_COUNT]; f++) {
    const first = u32[words[at.FACTOR_KERNEL_OFFSETS] / 4 + f]
    const length = Math.min(u32[words[at.FACTOR_KERNEL_OFFSETS] / 4 + f + 1] - first, events.length)
    for (let k = 0; k < length; k++) {
      const row =
        words[at.FACTOR_SOURCES] / 4 + (f * words[at.FACTOR_ITEM_COUNT] + events[events.length - 1 - k]) * width
      const weight = f32[words[at.FACTOR_KERNELS] / 4 + first + k]
      for (let x = 0; x < width; x++) vector[x] = madd(weight, f32[row + x], vector[x])
    }
  }
  if (words[at.FACTOR_BIAS] !== 0) vector[words[at.FACTOR_DIMENSION] - 1] = 1
}

export const openItems: PlainKernel = (memory, params) => {
  const { u32 } = memory
  const words = wordsOf(memory, params)
  let table = words[at.FACTOR_STRUCK]
  for (let query = 0; query < words[at.FACTOR_QUERY_COUNT]; query++) {
    const state = (words[at.FACTOR_STATES] + query * at.QUERY_STATE) / 4
    const mask = u32[words[at.FACTOR_MASK_OF] / 4 + query]
    const masked = words[at.FACTOR_MASKED] !== 0
    u32[state + ALLOWED / 4] = masked
      ? words[at.FACTOR_MASKS] + 4 * mask * words[at.FACTOR_OPEN_WORDS]
      : words[at.FACTOR_EVERY_ITEM]
    u32[state + STRUCK / 4] = 0
    let open = masked ? u32[words[at.FACTOR_MASK_SIZES] / 4 + mask] : words[at.FACTOR_VIEW_COUNT]
    const list = words[at.FACTOR_EXCLUDED_STARTS] === 0 ? [] : listOf(memory, words, query, EXCLUDED)
    if (list.length > 0) {
      open = Math.max(0, open - list.length)
      const bits = Math.max(
        Math.log2(at.FACTOR_STRUCK_BITS_MIN),
        3 + Math.ceil(Math.log2(Math.min(list.length, words[at.FACTOR_ITEM_COUNT]))),
      )
      const first = words[at.FACTOR_EXCLUDED_ITEMS] + 4 * u32[words[at.FACTOR_EXCLUDED_STARTS] / 4 + query]
      u32.set([table, 2 ** bits - 1, first, first + 4 * list.length], state + STRUCK / 4)
      const filter = u32.subarray(table / 4, table / 4 + 2 ** bits / 32).fill(0)
      for (const item of list) {
        if (item >= words[at.FACTOR_ITEM_COUNT]) {
          words[at.FACTOR_FAULT] = 1
          return
        }
        const bit = Math.imul(item, 0x9e3779b1) >>> (32 - bits)
        filter[bit >>> 5] |= 1 << (bit & 31)
      }
      table += 4 * filter.length
    }
    u32[state + OPEN / 4] = open
  }
}

/** (l0 + l1) + (l2 + l3) of sums over the places ≡ l mod 4, in f32. */
function sumOfLanes(values: Float32Array): number {
  const lanes = new Float32Array(4)
  for (let i = 0; i < values.length; i++) lanes[i % 4] += values[i]
  return fround(fround(lanes[0] + lanes[1]) + fround(lanes[2] + lanes[3]))
}

export const scaleQuery: PlainKernel = (memory, params, query) => {
  const words = wordsOf(memory, params)
  if (modeOf(memory, words, query) !== SCREENED) return
  chooseScale(memory, words, queryOf(memory, words, query), words[at.FACTOR_STATES] + query * at.QUERY_STATE)
}

export const quantise: PlainKernel = (memory, params, tile) => {
  const { u32, f64 } = memory
  const words = wordsOf(memory, params)
  const to = words[at.FACTOR_TILES] + tile * words[at.FACTOR_TILE_BYTES]
  const bytes = new Uint8Array(u32.buffer, to, words[at.FACTOR_TILE_BYTES])
  for (let m = 0; m < at.FACTOR_TILE_ROWS; m++) {
    const place = tile * at.FACTOR_TILE_ROWS + m
    const order = words[at.FACTOR_ORDER] / 4
    const screened = place < u32[order]
    const query = screened ? u32[order + 2 + 2 * place] : 0
    const state = words[at.FACTOR_STATES] + query * at.QUERY_STATE
    const vector = queryOf(memory, words, query)
    const scale = screened ? f64[(state + SCALE) / 8] : 0
    const scaled = vector.map(value => (screened ? value * scale : 0))
    const whole = scaled.map(nearestEven)
    const squares = scaled.map((value, x) => fround(whole[x] - value) ** 2)
    const starts = [0, 0]
    for (let x = 0; x < vector.length; x++) {
      bytes[at.FACTOR_TILE_HEADER + 4 * ((x >> 2) * at.FACTOR_TILE_ROWS + m) + (x & 3)] = whole[x]
      starts[(x & 2) >> 1] -= 64 * whole[x]
    }
    const header = new DataView(u32.buffer, to, at.FACTOR_TILE_HEADER)
    header.setInt32(4 * m, starts[0] + starts[1], true)
    for (const [half, start] of starts.entries()) header.setInt16(4 * (at.FACTOR_TILE_ROWS + m) + 2 * half, start, true)
    // Four lanes add the errors of eight components at a time, first those of two together.
    const pairs = new Float32Array(squares.length / 2)
    for (let i = 0; i < pairs.length; i++) {
      const x = 8 * Math.floor(i / 4) + (i % 4)
      pairs[i] = squares[x] + squares[x + 4]
    }
    if (screened) f64[(state + ERROR) / 8] = Math.sqrt(sumOfLanes(pairs))
  }
}

function chooseScale({ u32, f32, f64 }: PlainMemory, words: Uint32Array, vector: Float32Array, state: number): void {
  const greatest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  if (!(greatest <= f32[words.byteOffset / 4 + at.FACTOR_QUERY_MAX])) {
    words[at.FACTOR_FAULT] = 1
    u32[(state + MODE) / 4] = SETTLED
  } else if (greatest < TINY) u32[(state + MODE) / 4] = greatest === 0 ? ZERO : LISTED
  else {
    const inverse = fround(1 / greatest)
    const norm = Math.sqrt(sumOfLanes(vector.map(value => fround(value * inverse) ** 2))) * greatest
    const roundedNorm = Math.max(f64[words[at.FACTOR_ROUNDED_NORM] / 8], 1)
    const fitting = (32700 / roundedNorm - 0.5 * Math.sqrt(words[at.FACTOR_DIMENSION])) / norm
    f64[(state + NORM) / 8] = norm
    f64[(state + SCALE) / 8] = fround(Math.min(127 / greatest, fitting))
  }
}

/** To the nearest whole number, ties to even; |x| < 2²². */
const nearestEven = (x: number) => fround(fround(x + 1.5 * 2 ** 23) - 1.5 * 2 ** 23)

export const screenStart: PlainKernel = (memory, params, tile) => {
  const words = wordsOf(memory, params)
  const { buffer } = memory.u32
  const i8 = new Int8Array(buffer)
  const i16 = new Int16Array(buffer)
  const i32 = new Int32Array(buffer)
  const a = words[at.FACTOR_TILES] + tile * words[at.FACTOR_TILE_BYTES]
  const greatest = i16
    .subarray(words[at.FACTOR_SMALL] / 2, words[at.FACTOR_SMALL] / 2 + 16 * at.FACTOR_TILE_ROWS)
    .fill(-32768)
  for (let m = 0; m < at.FACTOR_TILE_ROWS; m++) {
    for (let item = 0; item < at.FACTOR_GROUP; item++) {
      const panel =
        words[at.FACTOR_PANELS] + Math.floor(item / at.FACTOR_PANEL) * words[at.FACTOR_ROW_FLOATS] * at.FACTOR_PANEL
      let sum = i32[a / 4 + m]
      for (let x = 0; x < words[at.FACTOR_ROW_FLOATS]; x++) {
        const q = i8[a + at.FACTOR_TILE_HEADER + 4 * ((x >> 2) * at.FACTOR_TILE_ROWS + m) + (x & 3)]
        sum += q * i8[panel + ((x >> 2) * at.FACTOR_PANEL + columnOf(item % at.FACTOR_PANEL)) * 4 + (x & 3)]
      }
      const place = words[at.FACTOR_START_ROWS] / 2 + m * at.FACTOR_GROUP + item
      i16[place] = sum
      greatest[16 * m + (item % 16)] = Math.max(greatest[16 * m + (item % 16)], i16[place])
    }
  }
}

/** The score of the item at a position. */
export function scoreAt(
  { f32, madd }: PlainMemory,
  words: Uint32Array,
  vector: Float32Array,
  position: number,
): number {
  const row = words[at.FACTOR_ROWS] / 4 + position * words[at.FACTOR_ROW_FLOATS]
  let score = 0
  for (let x = 0; x < words[at.FACTOR_DIMENSION]; x++) score = madd(vector[x], f32[row + x], score)
  return score
}
