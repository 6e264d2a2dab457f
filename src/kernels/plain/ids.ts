/** The plain twin of assembly/ids.ts. */
import { idHash, slotOf } from '../../lib/idHash.ts'
import {
  BYTES_FOUND,
  BYTES_IDS,
  BYTES_INDEX_BITS,
  BYTES_INPUT,
  BYTES_RECORD_COUNT,
  BYTES_RECORDS,
  BYTES_SLOT_COUNT,
  BYTES_SLOTS,
  PLAIN_CLOSING_BYTES,
  PLAIN_OPENING_BYTES,
  RECORD_END,
  RECORD_PLAIN,
  RECORD_START,
  RECORD_WORDS,
} from '../byteParameters.ts'
import type { PlainKernel } from './memory.ts'

const END = 0xff

export const findIds: PlainKernel = ({ u8, u32, i32 }, params) => {
  const words = u32.subarray(params / 4)
  const slots = u32.subarray(words[BYTES_SLOTS] / 4).subarray(0, 2 * words[BYTES_SLOT_COUNT])
  const mask = 2 ** words[BYTES_INDEX_BITS] - 1
  for (let i = 0; i < words[BYTES_RECORD_COUNT]; i++) {
    const record = u32.subarray(words[BYTES_RECORDS] / 4 + i * RECORD_WORDS)
    if (record[RECORD_PLAIN] === 0) continue
    const start = words[BYTES_INPUT] + record[RECORD_START] + PLAIN_OPENING_BYTES
    const id = u8.subarray(start, words[BYTES_INPUT] + record[RECORD_END] - PLAIN_CLOSING_BYTES)
    const isId = (at: number) => id.every((byte, k) => u8[at + k] === byte) && u8[at + id.length] === END
    let at = 2 * slotOf(idHash(id, 0, id.length), words[BYTES_SLOT_COUNT])
    while (slots[at] !== 0 && !isId(words[BYTES_IDS] + slots[at + 1])) at = (at + 2) % slots.length
    i32[words[BYTES_FOUND] / 4 + i] = (slots[at] & mask) - 1
  }
}
