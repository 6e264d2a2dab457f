/** Ids as JSON strings, as JSON.stringify writes them. */
import {
  ID_ESCAPE_BYTES,
  ID_FRAME_BYTES,
  IDS_TEXTS,
  IDS_FROM,
  IDS_OFFSETS,
  IDS_OUTPUT,
  IDS_OUTPUT_SIZE,
  IDS_ROWS,
  IDS_TO,
  IDS_TOUCHED,
  IDS_WRITTEN,
} from '../src/kernels/userParameters'
import { ID_END } from './ids'
import { setWord, word } from './words'

const QUOTE: u32 = 0x22
/** Ids brought into the cache together. */
const BATCH: u32 = 64

/** `,"id"` for each row of [FROM, TO), until one does not fit for certain. Sixteen bytes behind them become 0. */
export function writeIds(params: usize, _task: i32): void {
  const ids = <usize>word(params, IDS_TEXTS)
  const offsets = <usize>word(params, IDS_OFFSETS)
  const rows = <usize>word(params, IDS_ROWS)
  const output = <usize>word(params, IDS_OUTPUT)
  const end = output + word(params, IDS_OUTPUT_SIZE)
  const last = word(params, IDS_TO)
  let at = word(params, IDS_FROM)
  let to = output
  let touched: u32 = 0
  let known = at
  for (; at < last; at++) {
    // Several cache misses under way at once, which the loop itself is too long for.
    if (at == known) {
      known = min(at + BATCH, last)
      for (let next = at; next < known; next++) {
        touched |= load<u8>(ids + load<u32>(offsets + (<usize>load<u32>(rows + (<usize>next << 2)) << 2)))
      }
    }
    const offset = offsets + (<usize>load<u32>(rows + (<usize>at << 2)) << 2)
    const start = load<u32>(offset)
    const length = <usize>(load<u32>(offset, 4) - 1 - start)
    if (to + <usize>ID_FRAME_BYTES + <usize>ID_ESCAPE_BYTES * length > end) break
    store<u16>(to, 0x222c)
    to = text(to + 2, ids + start)
    store<u8>(to, QUOTE)
    to++
  }
  v128.store(to, i64x2.splat(0))
  setWord(params, IDS_TOUCHED, touched) // keeps the compiler from dropping the loads
  setWord(params, IDS_FROM, at)
  setWord(params, IDS_WRITTEN, <u32>(to - output))
}

/** Where the text ends. Whole vectors: what is beyond belongs to nobody yet. */
function text(to: usize, id: usize): usize {
  let byte: u32 = 0
  while (byte != ID_END) {
    const bytes = v128.load(id)
    v128.store(to, bytes)
    const quote = i8x16.eq(bytes, i8x16.splat(0x22))
    const escape = i8x16.eq(bytes, i8x16.splat(0x5c))
    const end = i8x16.eq(bytes, i8x16.splat(-1))
    const control = i8x16.lt_u(bytes, i8x16.splat(0x20))
    const stops = i8x16.bitmask(v128.or(v128.or(quote, escape), v128.or(end, control)))
    const within = <usize>(stops == 0 ? 16 : ctz(stops))
    to += within
    id += within
    if (stops == 0) continue
    byte = <u32>load<u8>(id++)
    if (byte != ID_END) to = escaped(to, byte)
  }
  return to
}

function escaped(to: usize, byte: u32): usize {
  store<u8>(to, 0x5c)
  let letter: u32 = 0
  if (byte == QUOTE || byte == 0x5c) letter = byte
  else if (byte == 0x08) letter = 0x62
  else if (byte == 0x09) letter = 0x74
  else if (byte == 0x0a) letter = 0x6e
  else if (byte == 0x0c) letter = 0x66
  else if (byte == 0x0d) letter = 0x72
  if (letter != 0) {
    store<u8>(to, letter, 1)
    return to + 2
  }
  store<u32>(to, 0x30303075, 1) // u000
  store<u8>(to, 0x30 + (byte >>> 4), 4)
  store<u8>(to, (byte & 15) < 10 ? 0x30 + (byte & 15) : 0x57 + (byte & 15), 5)
  return to + 6
}
