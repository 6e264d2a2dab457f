/**
 * The score of an item for a query, in the one order of summation there is: over dimensions ascending, each a multiply-add in f32, from +0.
 * Eight items at a time, in two chains of four lanes, since the next multiply-add of a lane waits four cycles for the last.
 */
import { FACTOR_ROW_FLOATS, FACTOR_ROWS } from '../src/kernels/factorParameters'
import { word } from './words'

@inline
function low(x: v128, y: v128): v128 {
  return v128.shuffle<f32>(x, y, 0, 4, 1, 5)
}

@inline
function high(x: v128, y: v128): v128 {
  return v128.shuffle<f32>(x, y, 2, 6, 3, 7)
}

@inline
function lowHalf(x: v128, y: v128): v128 {
  return v128.shuffle<u64>(x, y, 0, 2)
}

@inline
function highHalf(x: v128, y: v128): v128 {
  return v128.shuffle<u64>(x, y, 1, 3)
}

/** f32[8] at `to`: query (an address) · the rows at the 8 positions listed at `list`. */
export function exactScores(params: usize, query: usize, list: usize, to: usize): void {
  const rows = <usize>word(params, FACTOR_ROWS)
  const rowBytes = <usize>word(params, FACTOR_ROW_FLOATS) << 2
  let r0 = rows + <usize>load<u32>(list) * rowBytes
  let r1 = rows + <usize>load<u32>(list, 4) * rowBytes
  let r2 = rows + <usize>load<u32>(list, 8) * rowBytes
  let r3 = rows + <usize>load<u32>(list, 12) * rowBytes
  let r4 = rows + <usize>load<u32>(list, 16) * rowBytes
  let r5 = rows + <usize>load<u32>(list, 20) * rowBytes
  let r6 = rows + <usize>load<u32>(list, 24) * rowBytes
  let r7 = rows + <usize>load<u32>(list, 28) * rowBytes
  const end = query + rowBytes
  let s = f32x4.splat(0)
  let t = f32x4.splat(0)
  for (let u = query; u < end; u += 16) {
    const u0 = v128.load32_splat(u)
    const u1 = v128.load32_splat(u, 4)
    const u2 = v128.load32_splat(u, 8)
    const u3 = v128.load32_splat(u, 12)
    let a = v128.load(r0), b = v128.load(r1), c = v128.load(r2), d = v128.load(r3)
    let ab = low(a, b), cd = low(c, d)
    s = f32x4.relaxed_madd(u0, lowHalf(ab, cd), s)
    s = f32x4.relaxed_madd(u1, highHalf(ab, cd), s)
    ab = high(a, b)
    cd = high(c, d)
    s = f32x4.relaxed_madd(u2, lowHalf(ab, cd), s)
    s = f32x4.relaxed_madd(u3, highHalf(ab, cd), s)
    a = v128.load(r4)
    b = v128.load(r5)
    c = v128.load(r6)
    d = v128.load(r7)
    ab = low(a, b)
    cd = low(c, d)
    t = f32x4.relaxed_madd(u0, lowHalf(ab, cd), t)
    t = f32x4.relaxed_madd(u1, highHalf(ab, cd), t)
    ab = high(a, b)
    cd = high(c, d)
    t = f32x4.relaxed_madd(u2, lowHalf(ab, cd), t)
    t = f32x4.relaxed_madd(u3, highHalf(ab, cd), t)
    r0 += 16
    r1 += 16
    r2 += 16
    r3 += 16
    r4 += 16
    r5 += 16
    r6 += 16
    r7 += 16
  }
  v128.store(to, s)
  v128.store(to, t, 16)
}
