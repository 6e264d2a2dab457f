/** What the plain twins work on: a memory like the kernels', and multiplication with addition as this machine's vectors do it. */

export interface PlainMemory {
  readonly u8: Uint8Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly f32: Float32Array
  readonly f64: Float64Array
  readonly madd: Madd
}

/** a·b + c in f32. */
export type Madd = (a: number, b: number, c: number) => number

/** A kernel said again in scalar arithmetic: the same words in, the same bytes out. `params` is a byte address; thread 0. */
export type PlainKernel = (memory: PlainMemory, params: number, task: number) => void

export function plainMemory(buffer: ArrayBufferLike, madd: Madd): PlainMemory {
  return {
    u8: new Uint8Array(buffer),
    i32: new Int32Array(buffer),
    u32: new Uint32Array(buffer),
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
    madd,
  }
}

const { fround } = Math

/** Half way between the greatest f32 and what would be the next: from here on f32 rounds to infinity. */
const F32_OVERFLOW = 2 ** 128 - 2 ** 103

/** Two roundings: the product, then the sum. Each is exact or correctly rounded in f64 before (53 ≥ 2·24 + 2 bits). */
export const roundedMadd: Madd = (a, b, c) => fround(fround(a * b) + c)

/**
 * One rounding. The product is exact in f64 and the sum s is rounded to nearest there, which changes the result only if s lies exactly
 * half way between two f32 and the true value does not: then TwoSum's error term (Knuth, TAOCP 2, §4.2.2) says on which side it is.
 */
export const fusedMadd: Madd = (a, b, c) => {
  const product = a * b
  const s = product + c
  const r = fround(s)
  const rest = s - r
  if (rest === 0) return r
  const other = r + 2 * rest
  if (fround(other) !== other) return Math.abs(s) === F32_OVERFLOW ? nearOverflow(s, product, c) : r
  const error = sumError(product, c, s)
  return error === 0 || error > 0 !== rest > 0 ? r : other
}

const sumError = (x: number, y: number, s: number): number => {
  const part = s - x
  return x - (s - part) + (y - part)
}

const nearOverflow = (s: number, product: number, c: number): number => {
  const error = sumError(product, c, s)
  const away = error === 0 || error > 0 === s > 0
  return away ? s * Number.POSITIVE_INFINITY : Math.sign(s) * (2 ** 128 - 2 ** 104)
}
