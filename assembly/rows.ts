/** A row of 16 f32, one cache line: what matrices are made of that lie in blocks of 16 columns. */
import { LANES } from '../src/kernels/parameters'

export const ROW_BYTES: usize = LANES * 4

@inline
export function storeRow(to: usize, a0: v128, a1: v128, a2: v128, a3: v128): void {
  v128.store(to, a0)
  v128.store(to, a1, 16)
  v128.store(to, a2, 32)
  v128.store(to, a3, 48)
}

/** All loads before all stores: otherwise V8 does not make vectors of 256 bits of them. */
@inline
export function addRow(to: usize, a0: v128, a1: v128, a2: v128, a3: v128): void {
  const o0 = v128.load(to)
  const o1 = v128.load(to, 16)
  const o2 = v128.load(to, 32)
  const o3 = v128.load(to, 48)
  storeRow(to, f32x4.add(o0, a0), f32x4.add(o1, a1), f32x4.add(o2, a2), f32x4.add(o3, a3))
}

/** to = factor · from, a row. */
@inline
export function scaleRow(to: usize, factor: v128, from: usize): void {
  const x0 = v128.load(from)
  const x1 = v128.load(from, 16)
  const x2 = v128.load(from, 32)
  const x3 = v128.load(from, 48)
  storeRow(to, f32x4.mul(factor, x0), f32x4.mul(factor, x1), f32x4.mul(factor, x2), f32x4.mul(factor, x3))
}

/** y = factor · x + y, a row of lanes with factors of their own. */
@inline
export function addScaled(y: usize, factors: usize, x: usize): void {
  const y0 = v128.load(y)
  const y1 = v128.load(y, 16)
  const y2 = v128.load(y, 32)
  const y3 = v128.load(y, 48)
  storeRow(
    y,
    f32x4.relaxed_madd(v128.load(factors), v128.load(x), y0),
    f32x4.relaxed_madd(v128.load(factors, 16), v128.load(x, 16), y1),
    f32x4.relaxed_madd(v128.load(factors, 32), v128.load(x, 32), y2),
    f32x4.relaxed_madd(v128.load(factors, 48), v128.load(x, 48), y3),
  )
}
