/** Lines of JSON Lines: where each record lies, and which are so plain that no JSON parser is needed. */
import {
  BYTES_AT,
  BYTES_FILLED,
  BYTES_INPUT,
  BYTES_LAST,
  BYTES_LINE,
  BYTES_LINE_MAX,
  BYTES_OPENING,
  BYTES_RECORD_COUNT,
  BYTES_RECORDS,
  BYTES_RECORDS_MAX,
  PLAIN_ID_BYTES_MAX,
  PLAIN_OPENING_BYTES,
  RECORD_WORDS,
} from '../src/kernels/byteParameters'
import { setWord, word } from './words'

/** `d":"`, which ends the opening of a plain line; it shares the d with the eight bytes of OPENING. */
const OPENING_END: u32 = 0x223a2264

/**
 * The records among the whole lines from AT on, RECORDS_MAX at most. A line is a record unless nothing but spaces, tabs and CR is in it
 * and it is not longer than LINE_MAX. Plain is what ends with LF, is `{"userId":"…"}` to the byte, and has an id of 1 to 256 bytes of
 * valid UTF-8 without quote, backslash and control characters. (Or itemId: as OPENING has it.)
 */
export function scanLines(params: usize, _task: i32): void {
  const input = <usize>word(params, BYTES_INPUT)
  const end = input + word(params, BYTES_FILLED)
  const last = word(params, BYTES_LAST) != 0
  const opening = load<u64>(params + BYTES_OPENING * 4)
  const lineMax = <usize>word(params, BYTES_LINE_MAX)
  const first = <usize>word(params, BYTES_RECORDS)
  const full = first + <usize>word(params, BYTES_RECORDS_MAX) * RECORD_WORDS * 4
  let record = first
  let at = input + word(params, BYTES_AT)
  let line = word(params, BYTES_LINE)
  while (record < full && at < end) {
    const plainEnd = endOfPlain(at, end, opening)
    if (plainEnd != 0) {
      place(record, at - input, plainEnd - input, line++, 1)
      record += RECORD_WORDS * 4
      at = plainEnd + 1
      continue
    }
    let to = endOfLine(at, end)
    if (to == end && !last) break
    const next = min(to + 1, end)
    let from = at
    if (to - from <= lineMax) {
      while (from < to && isBlank(load<u8>(from))) from++
      while (from < to && isBlank(load<u8>(to - 1))) to--
    }
    if (from < to) {
      place(record, from - input, to - input, line, 0)
      record += RECORD_WORDS * 4
    }
    line++
    at = next
  }
  setWord(params, BYTES_AT, <u32>(at - input))
  setWord(params, BYTES_LINE, line)
  setWord(params, BYTES_RECORD_COUNT, <u32>((record - first) / (RECORD_WORDS * 4)))
}

@inline
function place(record: usize, start: usize, end: usize, line: u32, plain: u32): void {
  store<u32>(record, <u32>start)
  store<u32>(record, <u32>end, 4)
  store<u32>(record, line, 8)
  store<u32>(record, plain, 12)
  store<u64>(record, 0, 16) // no answer yet
  store<u64>(record, 0, 24)
}

@inline
function isBlank(byte: u32): bool {
  return byte == 0x20 || byte == 0x09 || byte == 0x0d
}

/** Where the line feed is; 0: this is no plain line. Looks at no byte from `end` on. */
function endOfPlain(at: usize, end: usize, opening: u64): usize {
  const id = at + PLAIN_OPENING_BYTES
  if (id >= end) return 0
  if (load<u64>(at) != opening || load<u32>(at, 7) != OPENING_END) return 0
  let high: i32 = 0
  for (let from = id; from < end && from - id <= <usize>PLAIN_ID_BYTES_MAX; from += 16) {
    const bytes = v128.load(from)
    const quote = i8x16.eq(bytes, i8x16.splat(0x22))
    const escape = i8x16.eq(bytes, i8x16.splat(0x5c))
    const control = i8x16.lt_u(bytes, i8x16.splat(0x20))
    const stops = i8x16.bitmask(v128.or(v128.or(quote, escape), control))
    const highs = i8x16.bitmask(bytes)
    if (stops == 0) {
      high |= highs
      continue
    }
    const within = ctz(stops)
    high |= highs & ((1 << within) - 1)
    const to = from + within
    if (to + 2 >= end || to == id || to - id > <usize>PLAIN_ID_BYTES_MAX) return 0
    if (load<u8>(to) != 0x22 || load<u16>(to, 1) != 0x0a7d) return 0
    return high == 0 || isUtf8(id, to) ? to + 2 : 0
  }
  return 0
}

/** Where the next line feed is, or `end`. */
function endOfLine(at: usize, end: usize): usize {
  for (; at < end; at += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(0x0a)))
    if (found != 0) return min(at + ctz(found), end)
  }
  return end
}

/** Unicode 15, table 3-7: well-formed sequences, none overlong, no surrogates, nothing beyond U+10FFFF. */
function isUtf8(at: usize, end: usize): bool {
  while (at < end) {
    const lead = <u32>load<u8>(at)
    if (lead < 0x80) {
      at++
      continue
    }
    let more: usize = 1
    let low: u32 = 0x80
    let high: u32 = 0xbf
    if (lead < 0xc2 || lead > 0xf4) return false
    if (lead >= 0xf0) {
      more = 3
      if (lead == 0xf0) low = 0x90
      else if (lead == 0xf4) high = 0x8f
    } else if (lead >= 0xe0) {
      more = 2
      if (lead == 0xe0) low = 0xa0
      else if (lead == 0xed) high = 0x9f
    }
    if (at + more >= end) return false
    const second = <u32>load<u8>(at, 1)
    if (second < low || second > high) return false
    for (let i: usize = 2; i <= more; i++) if ((load<u8>(at + i) & 0xc0) != 0x80) return false
    at += more + 1
  }
  return true
}
