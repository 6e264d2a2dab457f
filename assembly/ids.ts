/** Ids of plain records → indexes, by the open addressing table of datasets/vocabulary.ts. */
import {
  BYTES_FOUND,
  BYTES_HASHES,
  BYTES_IDS,
  BYTES_INDEX_BITS,
  BYTES_INPUT,
  BYTES_RECORD_COUNT,
  BYTES_RECORDS,
  BYTES_SLOT_COUNT,
  BYTES_SLOTS,
  PLAIN_CLOSING_BYTES,
  PLAIN_OPENING_BYTES,
  RECORD_WORDS,
} from '../src/kernels/byteParameters'
import { word } from './words'

/** What ends an id in the table: no byte of UTF-8. */
export const ID_END: u32 = 0xff

/**
 * The user of every plain record. Two passes: the first only computes hashes, so that the loads of the second do not wait for one another's
 * arithmetic and several cache misses are under way at once.
 */
export function findIds(params: usize, _task: i32): void {
  const input = <usize>word(params, BYTES_INPUT)
  const records = <usize>word(params, BYTES_RECORDS)
  const end = records + <usize>word(params, BYTES_RECORD_COUNT) * RECORD_WORDS * 4
  const hashes = <usize>word(params, BYTES_HASHES)
  const slots = <usize>word(params, BYTES_SLOTS)
  const slotCount = <u64>word(params, BYTES_SLOT_COUNT)
  let touched: u32 = 0
  let to = hashes
  for (let record = records; record < end; record += RECORD_WORDS * 4, to += 4) {
    if (load<u32>(record, 12) == 0) continue
    const h = hash(input + load<u32>(record) + PLAIN_OPENING_BYTES, input + load<u32>(record, 4) - PLAIN_CLOSING_BYTES)
    store<u32>(to, h)
    touched |= load<u32>(slots + (<usize>((<u64>h * slotCount) >>> 32) << 3))
  }
  store<u32>(to, touched) // keeps the compiler from dropping the loads that bring the slots into the cache
  const ids = <usize>word(params, BYTES_IDS)
  const indexBits = word(params, BYTES_INDEX_BITS)
  let from = hashes
  let found = <usize>word(params, BYTES_FOUND)
  for (let record = records; record < end; record += RECORD_WORDS * 4, from += 4, found += 4) {
    if (load<u32>(record, 12) == 0) continue
    const id = input + load<u32>(record) + PLAIN_OPENING_BYTES
    const length = <usize>load<u32>(record, 4) - load<u32>(record) - PLAIN_OPENING_BYTES - PLAIN_CLOSING_BYTES
    store<i32>(found, probe(ids, slots, <usize>slotCount, indexBits, load<u32>(from), id, length))
  }
}

function probe(ids: usize, slots: usize, slotCount: usize, indexBits: u32, h: u32, id: usize, length: usize): i32 {
  const tag = h << indexBits
  const mask: u32 = (1 << indexBits) - 1
  const end = slots + (slotCount << 3)
  let at = slots + (<usize>((<u64>h * slotCount) >>> 32) << 3)
  let first = load<u32>(at)
  while (first != 0) {
    if ((first & ~mask) == tag && same(ids + load<u32>(at, 4), id, length)) return <i32>(first & mask) - 1
    at += 8
    if (at == end) at = slots
    first = load<u32>(at)
  }
  return -1
}

function same(stored: usize, id: usize, length: usize): bool {
  const end = id + length
  while (id + 8 <= end) {
    if (load<u64>(stored) != load<u64>(id)) return false
    stored += 8
    id += 8
  }
  while (id < end) if (load<u8>(stored++) != load<u8>(id++)) return false
  return load<u8>(stored) == ID_END
}

/** FNV-1a, 32 bits, finished with MurmurHash3's mixer. Public domain, both. */
function hash(at: usize, end: usize): u32 {
  let h: u32 = 0x811c9dc5
  for (; at < end; at++) h = (h ^ load<u8>(at)) * 0x01000193
  h = (h ^ (h >>> 16)) * 0x85ebca6b
  h = (h ^ (h >>> 13)) * 0xc2b2ae35
  return h ^ (h >>> 16)
}
