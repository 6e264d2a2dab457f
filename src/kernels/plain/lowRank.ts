/** The plain twins of assembly/lowRank.ts, histories.ts and rows.ts. */
import {
  LANES,
  LOW_DECAYS,
  LOW_DIRECTIONS,
  LOW_EVENTS,
  LOW_IMAGES,
  LOW_INVERSES,
  LOW_ITEM_COUNT,
  LOW_KERNEL_COUNT,
  LOW_LOSSES,
  LOW_OFFSETS,
  LOW_RIDGE,
  LOW_SCALES,
  LOW_SOURCES,
  LOW_STEPS,
  LOW_USER_COUNT,
  LOW_WINDOWS,
  LOW_WORDS,
  SUM_ROWS,
} from '../parameters.ts'
import type { PlainKernel, PlainMemory } from './memory.ts'

const { fround } = Math

/** What a walk reads of the parameter block. */
function readWords({ u32, f32 }: PlainMemory, params: number) {
  const words = u32.subarray(params / 4, params / 4 + LOW_WORDS)
  const floats = (word: number, length: number) => f32.subarray(words[word] / 4, words[word] / 4 + length)
  const [itemCount, kernelCount] = [words[LOW_ITEM_COUNT], words[LOW_KERNEL_COUNT]]
  return {
    words,
    itemCount,
    kernelCount,
    decays: floats(LOW_DECAYS, kernelCount),
    losses: floats(LOW_LOSSES, kernelCount),
    windows: u32.subarray(words[LOW_WINDOWS] / 4),
    offsets: u32.subarray(words[LOW_OFFSETS] / 4),
    events: u32.subarray(words[LOW_EVENTS] / 4),
    scales: floats(LOW_SCALES, itemCount),
    ridge: floats(LOW_RIDGE, kernelCount * itemCount),
    inverses: floats(LOW_INVERSES, kernelCount * itemCount),
  }
}
type Words = ReturnType<typeof readWords>

/** One lane of u = X·z along one history: f64 holds the f32. */
function forward({ madd }: PlainMemory, words: Words, z: Float32Array, history: Uint32Array, lane: number) {
  const { kernelCount, itemCount, decays, losses, windows } = words
  const u = new Float32Array(history.length)
  for (let f = 0; f < kernelCount; f++) {
    const at = (t: number) => z[(f * itemCount + history[t]) * LANES + lane]
    let h = 0
    for (let t = 1; t < history.length; t++) {
      h = madd(decays[f], h, at(t - 1))
      if (t - 1 >= windows[f]) h = madd(losses[f], at(t - 1 - windows[f]), h)
      u[t] = f === 0 ? h : u[t] + h
    }
  }
  return u
}

/** One lane of y += Xᵀ·u. */
function backward(
  { madd }: PlainMemory,
  words: Words,
  y: Float32Array,
  u: Float32Array,
  history: Uint32Array,
  lane: number,
): void {
  const { kernelCount, itemCount, decays, losses, windows } = words
  for (let f = 0; f < kernelCount; f++) {
    let b = 0
    for (let j = history.length - 2; j >= 0; j--) {
      b = madd(decays[f], b, u[j + 1])
      if (j + 1 + windows[f] < history.length) b = madd(losses[f], u[j + 1 + windows[f]], b)
      y[(f * itemCount + history[j]) * LANES + lane] += b
    }
  }
}

function eachHistory({ words, offsets, events }: Words, use: (history: Uint32Array, lane: number) => void): void {
  for (let user = 0; user < words[LOW_USER_COUNT]; user++) {
    const history = events.subarray(offsets[user], offsets[user + 1])
    if (history.length < 2) continue
    for (let lane = 0; lane < LANES; lane++) use(history, lane)
  }
}

/** Σ_rows factor · a · b by lane, in parts of SUM_ROWS rows. */
function dot({ madd }: PlainMemory, factors: Float32Array | undefined, a: Float32Array, b: Float32Array) {
  const sums = new Float32Array(LANES)
  const parts = new Float32Array(LANES)
  const carry = () => {
    for (let lane = 0; lane < LANES; lane++) sums[lane] += parts[lane]
    parts.fill(0)
  }
  const rows = a.length / LANES
  for (let row = 0; row < rows; row++) {
    for (let lane = 0; lane < LANES; lane++) {
      const at = row * LANES + lane
      parts[lane] = madd(fround((factors ? factors[row] : 1) * a[at]), b[at], parts[lane])
    }
    if (row % SUM_ROWS === SUM_ROWS - 1) carry()
  }
  carry()
  return sums
}

const quotients = (over: Float32Array, under: Float32Array, sign: 1 | -1) =>
  over.map((value, lane) => (under[lane] > 0 ? fround(sign * value) / under[lane] : 0))

export const solveDirections: PlainKernel = (memory, params, task) => {
  const { f32, madd } = memory
  const words = readWords(memory, params)
  const { itemCount, kernelCount, scales, ridge, inverses } = words
  const block = (word: number, rows: number) => {
    const from = words.words[word] / 4 + task * rows * LANES
    return f32.subarray(from, from + rows * LANES)
  }
  const rows = kernelCount * itemCount
  const directions = block(LOW_DIRECTIONS, itemCount)
  const x = block(LOW_SOURCES, rows).fill(0)
  const residual = new Float32Array(rows * LANES)
  eachHistory(words, (history, lane) => {
    const u = Float32Array.from(history, item => scales[item] * directions[item * LANES + lane])
    backward(memory, words, residual, u, history, lane)
  })
  const search = residual.map((value, at) => inverses[Math.floor(at / LANES)] * value)
  const image = new Float32Array(rows * LANES)
  let energy = dot(memory, inverses, residual, residual)
  for (let step = 1; step <= words.words[LOW_STEPS]; step++) {
    image.fill(0)
    eachHistory(words, (history, lane) =>
      backward(memory, words, image, forward(memory, words, search, history, lane), history, lane),
    )
    for (let at = 0; at < image.length; at++) image[at] = madd(ridge[Math.floor(at / LANES)], search[at], image[at])
    const curvature = dot(memory, undefined, search, image)
    const length = quotients(energy, curvature, 1)
    for (let at = 0; at < x.length; at++) x[at] = madd(length[at % LANES], search[at], x[at])
    if (step === words.words[LOW_STEPS]) break
    const back = quotients(energy, curvature, -1)
    for (let at = 0; at < x.length; at++) residual[at] = madd(back[at % LANES], image[at], residual[at])
    const rest = dot(memory, inverses, residual, residual)
    const turn = quotients(rest, energy, 1)
    energy = rest
    for (let at = 0; at < x.length; at++)
      search[at] = madd(turn[at % LANES], search[at], fround(inverses[Math.floor(at / LANES)] * residual[at]))
  }

  const y = block(LOW_IMAGES, itemCount).fill(0)
  eachHistory(words, (history, lane) => {
    const u = forward(memory, words, x, history, lane)
    for (let t = 1; t < history.length; t++) y[history[t] * LANES + lane] += u[t]
  })
  for (let at = 0; at < y.length; at++) y[at] *= scales[Math.floor(at / LANES)]
}
