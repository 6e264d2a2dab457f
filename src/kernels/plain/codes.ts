/** The plain twin of assembly/codes.ts. */
import { unpackBits } from '../../lib/packedBits.ts'
import * as at from '../codeParameters.ts'
import type { PlainKernel } from './memory.ts'

export const unpackCodes: PlainKernel = ({ u8, u32 }, params) => {
  const words = u32.subarray(params / 4)
  const codes = new Uint32Array(words[at.CODES_COUNT])
  const packed = u32.subarray(words[at.CODES_WORDS] / 4)
  unpackBits(packed, words[at.CODES_BITS], words[at.CODES_BIT], codes, 0, codes.length)
  const rows = words[at.CODES_ROWS] / 4
  const rowOf = words[at.CODES_ROW_OF] / 4
  let kept = 0
  for (const code of codes) {
    const named = code >>> words[at.CODES_TYPE_BITS]
    const row = rowOf === 0 ? named : u32[rowOf + Math.min(named, words[at.CODES_ROW_OF_COUNT])]
    // What is not kept is written over, but for the last.
    u32[rows + kept] = row
    if (row !== 2 ** 32 - 1 && u8[words[at.CODES_WANTED] + (code % 2 ** words[at.CODES_TYPE_BITS])] === 1) kept++
  }
  words[at.CODES_KEPT] = kept
}
