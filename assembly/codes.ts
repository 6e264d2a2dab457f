/** Packed events (filters/data.ts) → rows of those whose type is wanted. */
import {
  CODES_BIT,
  CODES_BITS,
  CODES_COUNT,
  CODES_KEPT,
  CODES_ROW_OF,
  CODES_ROW_OF_COUNT,
  CODES_ROWS,
  CODES_TYPE_BITS,
  CODES_WANTED,
  CODES_WORDS,
} from '../src/kernels/codeParameters'
import { setWord, word } from './words'

/** KEPT of ROWS. Without a branch: whether an event counts cannot be foretold. */
export function unpackCodes(params: usize, _task: i32): void {
  const words = <usize>word(params, CODES_WORDS)
  const bits = word(params, CODES_BITS)
  const typeBits = word(params, CODES_TYPE_BITS)
  const wanted = <usize>word(params, CODES_WANTED)
  const rowOf = <usize>word(params, CODES_ROW_OF)
  const beyond = word(params, CODES_ROW_OF_COUNT)
  const rows = <usize>word(params, CODES_ROWS)
  const mask = <u32>-1 >>> (32 - bits)
  const typeMask = <u32>((1 << typeBits) - 1)
  let bit = word(params, CODES_BIT)
  let kept = rows
  for (const end = bit + word(params, CODES_COUNT) * bits; bit < end; bit += bits) {
    // A number of 32 bits that begins within a byte ends within eight.
    const code = <u32>(load<u64>(words + <usize>(bit >>> 3)) >> (bit & 7)) & mask
    let row = code >>> typeBits
    if (rowOf) row = load<u32>(rowOf + (<usize>min(row, beyond) << 2))
    store<u32>(kept, row)
    kept += <usize>(load<u8>(wanted + <usize>(code & typeMask)) & <u32>(row != <u32>-1)) << 2
  }
  setWord(params, CODES_KEPT, <u32>((kept - rows) >>> 2))
}
