/**
 * Eigenvalues and eigenvectors of a small symmetric matrix, in f64: Householder's reduction to a tridiagonal matrix, then the implicit QR
 * algorithm with Wilkinson's shift (Golub and Van Loan 2013, §8.3.1 and algorithm 8.3.2). Errors are some ε·‖A‖, also of small
 * eigenvalues. About 9·n³ operations.
 */
import { assert } from '../lib/assert.ts'

/** Some two steps an eigenvalue are usual. */
const STEPS_PER_VALUE_MAX = 60

export interface Eigen {
  /** f64[n], descending. */
  readonly values: Float64Array
  /** f64[n, n]: row i is the eigenvector of values[i], of length 1. */
  readonly vectors: Float64Array
}

/** `matrix` is f64[n, n], of which the lower triangle is read. Deterministic. */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  assert(matrix.length === n * n)
  assert(matrix.every(Number.isFinite))
  const { diagonal, beside, basis } = tridiagonal(matrix.slice(), n)
  diagonalize(diagonal, beside, basis, n)
  const order = Array.from(diagonal.keys()).sort((a, b) => diagonal[b] - diagonal[a] || a - b)
  const vectors = new Float64Array(n * n)
  for (const [place, row] of order.entries()) vectors.set(basis.subarray(row * n, row * n + n), place * n)
  return { values: Float64Array.from(order, row => diagonal[row]), vectors }
}

/** A = Zᵀ·T·Z with T tridiagonal; `basis` is Z, whose rows the QR steps turn into eigenvectors. `a` is used up. */
function tridiagonal(a: Float64Array, n: number) {
  const beside = new Float64Array(n)
  const reflectors: { from: number; v: Float64Array; beta: number }[] = []
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) a[i * n + j] = a[j * n + i]
  for (let k = 0; k < n - 1; k++) {
    // v reflects the column below the diagonal onto its first element.
    const from = k + 1
    const v = Float64Array.from({ length: n - from }, (_, i) => a[(from + i) * n + k])
    const norm = Math.hypot(...v)
    const first = v[0] > 0 ? -norm : norm
    beside[k] = first
    v[0] -= first
    const square = v.reduce((sum, value) => sum + value * value, 0)
    if (square === 0) continue
    const beta = 2 / square
    reflectors.push({ from, v, beta })
    // A ← A - v·wᵀ - w·vᵀ, w = β·A·v - (β²/2 · vᵀA·v)·v
    const w = new Float64Array(v.length)
    for (let i = 0; i < v.length; i++) {
      const row = (from + i) * n + from
      for (let j = 0; j < v.length; j++) w[i] += a[row + j] * v[j]
    }
    const half = (beta * beta * v.reduce((sum, value, i) => sum + value * w[i], 0)) / 2
    for (let i = 0; i < v.length; i++) w[i] = beta * w[i] - half * v[i]
    for (let i = 0; i < v.length; i++) {
      const row = (from + i) * n + from
      for (let j = 0; j < v.length; j++) a[row + j] -= v[i] * w[j] + w[i] * v[j]
    }
  }
  const basis = new Float64Array(n * n)
  for (let i = 0; i < n; i++) basis[i * n + i] = 1
  // Zᵀ = H₁·H₂·…, so Z = … H₂·H₁: from the last to the first, every row of Z meets each reflector.
  for (const { from, v, beta } of reflectors) {
    const sums = new Float64Array(n)
    for (let i = 0; i < v.length; i++) {
      const row = (from + i) * n
      for (let j = 0; j < n; j++) sums[j] += v[i] * basis[row + j]
    }
    for (let i = 0; i < v.length; i++) {
      const row = (from + i) * n
      for (let j = 0; j < n; j++) basis[row + j] -= beta * v[i] * sums[j]
    }
  }
  const diagonal = Float64Array.from({ length: n }, (_, i) => a[i * n + i])
  return { diagonal, beside, basis }
}

/** The tridiagonal matrix (d, e) becomes diagonal in d; the rotations are applied to the rows of z. */
function diagonalize(d: Float64Array, e: Float64Array, z: Float64Array, n: number): void {
  let norm = 0
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(d[i]) + Math.abs(e[i]))
  const negligible = (i: number) => Math.abs(e[i]) <= Number.EPSILON * norm
  let end = n - 1
  for (let steps = 0; end > 0; steps++) {
    assert(steps <= STEPS_PER_VALUE_MAX * n, 'the eigenvalues did not settle')
    if (negligible(end - 1)) {
      e[--end] = 0
      continue
    }
    let start = end - 1
    while (start > 0 && !negligible(start - 1)) start--
    qrStep(d, e, z, n, start, end)
  }
}

/** One implicit step on rows start … end: the bulge that the shifted first rotation makes is chased out below. */
function qrStep(d: Float64Array, e: Float64Array, z: Float64Array, n: number, start: number, end: number): void {
  const half = (d[end - 1] - d[end]) / 2
  const off = e[end - 1]
  const shift = d[end] - (off * off) / (half + (half < 0 ? -1 : 1) * Math.hypot(half, off))
  let x = d[start] - shift
  let bulge = e[start]
  for (let k = start; k < end; k++) {
    const length = Math.hypot(x, bulge)
    const c = length === 0 ? 1 : x / length
    const s = length === 0 ? 0 : bulge / length
    if (k > start) e[k - 1] = length
    const [a, b, f] = [d[k], d[k + 1], e[k]]
    d[k] = c * c * a + 2 * c * s * f + s * s * b
    d[k + 1] = s * s * a - 2 * c * s * f + c * c * b
    e[k] = c * s * (b - a) + (c * c - s * s) * f
    if (k < end - 1) {
      bulge = s * e[k + 1]
      e[k + 1] *= c
    }
    x = e[k]
    for (let j = 0; j < n; j++) {
      const [upper, lower] = [z[k * n + j], z[(k + 1) * n + j]]
      z[k * n + j] = c * upper + s * lower
      z[(k + 1) * n + j] = c * lower - s * upper
    }
  }
}
