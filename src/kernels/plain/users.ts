/** The plain twins of assembly/userScores.ts, bestRows.ts and idTexts.ts. */
import * as at from '../userParameters.ts'
import type { PlainKernel } from './memory.ts'

const { fround } = Math

export const eventTable: PlainKernel = ({ u32, f32, madd }, params, task) => {
  const words = u32.subarray(params / 4, params / 4 + at.USERS_WORDS)
  const d = words[at.USERS_DIMENSION]
  const width = words[at.USERS_WIDTH]
  const targets = Math.ceil(words[at.USERS_TARGET_COUNT] / width) * width
  const end = Math.min((task + 1) * at.TABLE_TASK_ROWS, words[at.USERS_WINDOW_ROWS])
  for (let row = task * at.TABLE_TASK_ROWS; row < end; row++) {
    for (let target = 0; target < targets; target++) {
      const source = words[at.USERS_WINDOW] / 4 + row * d
      const numbers = words[at.USERS_TARGETS] / 4 + Math.floor(target / 4) * d * 4 + (target % 4)
      let sum = 0
      for (let x = 0; x < d; x++) sum = madd(f32[source + x], f32[numbers + 4 * x], sum)
      f32[tablePlace(words, words[at.USERS_WINDOW_FIRST] + row, target)] = sum
    }
  }
}

function tablePlace(words: Uint32Array, row: number, target: number): number {
  const width = words[at.USERS_WIDTH]
  const panel = Math.floor(target / width)
  return words[at.USERS_TABLE] / 4 + (panel * words[at.USERS_ROW_COUNT] + row) * width + (target % width)
}

export const userScores: PlainKernel = ({ u32, f32, madd }, params, task) => {
  const words = u32.subarray(params / 4, params / 4 + at.USERS_WORDS)
  const end = Math.min((task + 1) * at.USERS_TASK_USERS, words[at.USERS_USER_COUNT])
  const starts = u32.subarray(words[at.USERS_KERNEL_OFFSETS] / 4)
  const kernels = f32.subarray(words[at.USERS_KERNELS] / 4)
  const events = u32.subarray(words[at.USERS_EVENTS] / 4)
  const offsets = u32.subarray(words[at.USERS_OFFSETS] / 4)
  for (let user = task * at.USERS_TASK_USERS; user < end; user++) {
    const [start, stop] = [offsets[user] - words[at.USERS_BASE], offsets[user + 1] - words[at.USERS_BASE]]
    for (let target = 0; target < words[at.USERS_TARGET_COUNT]; target++) {
      let sum = 0
      for (let f = 0; f < words[at.USERS_KERNEL_COUNT]; f++) {
        const kernel = kernels.subarray(starts[f], starts[f + 1])
        for (let k = 0; k < Math.min(kernel.length, stop - start); k++) {
          const row = f * words[at.USERS_ITEM_COUNT] + events[stop - 1 - k]
          sum = madd(kernel[k], f32[tablePlace(words, row, target)], sum)
        }
      }
      const activity = fround(Math.sqrt(Math.min(stop - start, words[at.USERS_HISTORY_LENGTH])))
      const place = words[at.USERS_SCORES] / 4 + target * words[at.USERS_STRIDE] + words[at.USERS_FIRST] + user
      f32[place] = sum > 0 ? sum * activity : sum
    }
  }
}

export const bestRows: PlainKernel = ({ u32, f32 }, params, task) => {
  const words = u32.subarray(params / 4, params / 4 + at.BEST_WORDS)
  const from = words[at.BEST_SCORES] / 4 + (words[at.BEST_FIRST] + task) * words[at.BEST_STRIDE]
  const scores = f32.slice(from, from + words[at.BEST_COUNT])
  const allowed = u32.subarray(words[at.BEST_ALLOWED] / 4 + task * words[at.BEST_ALLOWED_WORDS])
  const isOpen = (row: number) => words[at.BEST_ALLOWED] === 0 || ((allowed[row >>> 5] >>> (row & 31)) & 1) === 1
  const rows = Array.from(scores.keys()).filter(isOpen)
  const best = rows.sort((a, b) => scores[b] - scores[a] || a - b).slice(0, words[at.BEST_WANTED])
  u32.set(best, from)
  u32[words[at.BEST_CHOSEN] / 4 + task] = best.length
}

export const writeIds: PlainKernel = ({ u8, u32 }, params) => {
  const words = u32.subarray(params / 4, params / 4 + at.IDS_WORDS)
  const offsets = u32.subarray(words[at.IDS_OFFSETS] / 4)
  let [row, written] = [words[at.IDS_FROM], 0]
  for (; row < words[at.IDS_TO]; row++) {
    const id = u32[words[at.IDS_ROWS] / 4 + row]
    const bytes = u8.subarray(words[at.IDS_TEXTS] + offsets[id], words[at.IDS_TEXTS] + offsets[id + 1] - 1)
    if (written + at.ID_FRAME_BYTES + at.ID_ESCAPE_BYTES * bytes.length > words[at.IDS_OUTPUT_SIZE]) break
    const text = Buffer.from(`,${JSON.stringify(Buffer.from(bytes).toString())}`)
    u8.set(text, words[at.IDS_OUTPUT] + written)
    written += text.length
  }
  u8.fill(0, words[at.IDS_OUTPUT] + written, words[at.IDS_OUTPUT] + written + 16)
  words[at.IDS_FROM] = row
  words[at.IDS_WRITTEN] = written
}
