/** The plain twins of assembly/tall.ts. */
import {
  LANES,
  SUM_ROWS,
  TALL_BLOCK_COUNT,
  TALL_FACTOR,
  TALL_GRAM,
  TALL_LEFT,
  TALL_PARTS,
  TALL_RIGHT,
  TALL_ROW_COUNT,
  TALL_TASK_ROWS,
  TALL_WORDS,
} from '../parameters.ts'
import type { PlainKernel, PlainMemory } from './memory.ts'

function matrices({ u32, f32, f64 }: PlainMemory, params: number) {
  const words = u32.subarray(params / 4, params / 4 + TALL_WORDS)
  const [blocks, rows] = [words[TALL_BLOCK_COUNT], words[TALL_ROW_COUNT]]
  return {
    blocks,
    rows,
    order: blocks * LANES,
    left: f32.subarray(words[TALL_LEFT] / 4),
    right: f32.subarray(words[TALL_RIGHT] / 4),
    gram: f64.subarray(words[TALL_GRAM] / 8),
    factor: f32.subarray(words[TALL_FACTOR] / 4),
    place: (row: number, column: number) => (Math.floor(column / LANES) * rows + row) * LANES + (column % LANES),
  }
}

export const innerProducts: PlainKernel = (memory, params, task) => {
  const { rows, order, left, right, gram, place } = matrices(memory, params)
  const partRows = SUM_ROWS * Math.ceil(rows / (SUM_ROWS * TALL_PARTS))
  const end = Math.min(rows, (task + 1) * partRows)
  const to = gram.subarray(task * order * order).fill(0, 0, order * order)
  for (let i = 0; i < order; i++) {
    for (let j = i - (i % LANES); j < order; j++) {
      for (let from = task * partRows; from < end; from += SUM_ROWS) {
        let part = 0
        for (let row = from; row < Math.min(end, from + SUM_ROWS); row++)
          part = memory.madd(left[place(row, i)], right[place(row, j)], part)
        to[i * order + j] += part
      }
    }
  }
}

export const turnRows: PlainKernel = (memory, params, task) => {
  const { rows, order, left, factor, place } = matrices(memory, params)
  for (let row = task * TALL_TASK_ROWS; row < Math.min(rows, (task + 1) * TALL_TASK_ROWS); row++) {
    const before = Float32Array.from({ length: order }, (_, i) => left[place(row, i)])
    for (let j = 0; j < order; j++) {
      let sum = 0
      for (let i = 0; i < order; i++) sum = memory.madd(before[i], factor[i * order + j], sum)
      left[place(row, j)] = sum
    }
  }
}
