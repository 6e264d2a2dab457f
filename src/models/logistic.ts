/**
 * Logistic regression with a ridge (le Cessie and van Houwelingen 1992), by Newton's method:
 *
 *   maximise  Σ_i log σ(±(b + w·x_i)) - λ/2·|w|² + log σ(b) + log σ(-b)
 *
 * The last two are one success and one failure at x = 0 (Laplace's rule of succession), which keep b finite where all outcomes are alike. The
 * sum is strictly concave; a step that would lower it is halved.
 */
import { AssertionError, assert } from '../lib/assert.ts'

export interface LogisticFit {
  readonly intercept: number
  /** f64[width] */
  readonly weights: Float64Array
}

/** Six are usual. */
const STEPS_MAX = 100
/** In logits: where steps end. */
const TOLERANCE = 1e-7

export const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit))

/** log(1 + e^x) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

/** `x` is f64[count, width], `y` 0 or 1 each. Deterministic. */
export function fitLogistic(x: Float64Array, y: Uint8Array, width: number, regularization: number): LogisticFit {
  assert(x.length === y.length * width)
  assert(regularization > 0)
  let at = new Float64Array(width + 1)
  let value = objective(x, y, at, regularization)
  for (let step = 0; step < STEPS_MAX; step++) {
    const direction = newtonStep(x, y, at, regularization)
    let next = at
    let nextValue = Number.NEGATIVE_INFINITY
    for (let scale = 1; scale > TOLERANCE && !(nextValue >= value); scale /= 2) {
      next = at.map((each, j) => each + scale * direction[j])
      nextValue = objective(x, y, next, regularization)
    }
    const settled = nextValue < value || direction.every(each => Math.abs(each) <= TOLERANCE)
    if (nextValue >= value) [at, value] = [next, nextValue]
    if (settled) return { intercept: at[width], weights: at.slice(0, width) }
  }
  throw new AssertionError(`the logistic regression did not settle within ${STEPS_MAX} steps`)
}

const logitOf = (x: Float64Array, row: number, at: Float64Array): number => {
  const width = at.length - 1
  let logit = at[width]
  for (let j = 0; j < width; j++) logit += at[j] * x[row * width + j]
  return logit
}

function objective(x: Float64Array, y: Uint8Array, at: Float64Array, regularization: number): number {
  const width = at.length - 1
  let value = -softplus(at[width]) - softplus(-at[width])
  for (let j = 0; j < width; j++) value -= (regularization / 2) * at[j] ** 2
  for (let row = 0; row < y.length; row++) {
    const logit = logitOf(x, row, at)
    value -= softplus(y[row] ? -logit : logit)
  }
  return value
}

/** H⁻¹·g, where H is the negated second derivative. */
function newtonStep(x: Float64Array, y: Uint8Array, at: Float64Array, regularization: number): Float64Array {
  const width = at.length - 1
  const size = width + 1
  const gradient = new Float64Array(size)
  const hessian = new Float64Array(size * size)
  for (let j = 0; j < width; j++) {
    gradient[j] = -regularization * at[j]
    hessian[j * size + j] = regularization
  }
  const rate = sigmoid(at[width])
  gradient[width] = 1 - 2 * rate
  hessian[width * size + width] = 2 * rate * (1 - rate)
  for (let row = 0; row < y.length; row++) {
    const p = sigmoid(logitOf(x, row, at))
    const [residual, curvature] = [y[row] - p, p * (1 - p)]
    const start = row * width
    gradient[width] += residual
    hessian[width * size + width] += curvature
    for (let i = 0; i < width; i++) {
      const scaled = curvature * x[start + i]
      gradient[i] += residual * x[start + i]
      hessian[width * size + i] += scaled
      for (let j = 0; j <= i; j++) hessian[i * size + j] += scaled * x[start + j]
    }
  }
  return solvePositive(hessian, gradient)
}

/** x of A·x = b by Cholesky's factor of the lower triangle, in place. */
function solvePositive(a: Float64Array, b: Float64Array): Float64Array {
  const n = b.length
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]
      for (let k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k]
      if (i === j) assert(sum > 0, 'the second derivative is definite')
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j]
    }
  }
  const x = b.slice()
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= a[i * n + k] * x[k]
    x[i] /= a[i * n + i]
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= a[k * n + i] * x[k]
    x[i] /= a[i * n + i]
  }
  return x
}
