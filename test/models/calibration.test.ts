import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { fitSharpness, type ScoredPair, withSharpness } from '../../src/models/calibration.ts'
import { popularityModel } from '../../src/models/popularity.ts'

/** Pairs whose next item is drawn from softmax(sharpness · score): what the fit assumes. */
function drawnPairs(count: number, itemCount: number, sharpness: number, scale: number): ScoredPair[] {
  const random = seededRandom(9)
  return Array.from({ length: count }, () => {
    const scores = Float32Array.from({ length: itemCount }, () => (random.normal() * scale) / 4)
    const weights = Array.from(scores, score => Math.exp(sharpness * score))
    let left = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0)
    const next = weights.findIndex(weight => {
      left -= weight
      return left < 0
    })
    return { scores, next: Math.max(0, next) }
  })
}

/** The objective in calibration.ts, written out. */
function objective(pairs: readonly ScoredPair[], beta: number): number {
  let spread = 0
  for (const { scores } of pairs)
    spread += Math.max(...scores) - scores.reduce((sum, score) => sum + score, 0) / scores.length
  const mode = 5 / (spread / pairs.length)
  let sum = Math.log(beta) - beta / mode
  for (const { scores, next } of pairs)
    sum += beta * scores[next] - Math.log(scores.reduce((mass, score) => mass + Math.exp(beta * score), 0))
  return sum
}

test('finds the sharpness that the pairs were drawn with, whatever the scale of the scores', async () => {
  for (const scale of [0.001, 1, 1000]) {
    const sharpness = await fitSharpness(drawnPairs(3000, 40, 8 / scale, scale), quietControl)
    assert.ok(Math.abs(sharpness * scale - 8) < 0.6, `${sharpness * scale}`)
  }
})

test('the result is the maximum of the objective', async () => {
  const pairs = drawnPairs(50, 12, 3, 1)
  const best = await fitSharpness(pairs, quietControl)
  for (const factor of [0.5, 0.9, 0.99, 1.01, 1.1, 2])
    assert.ok(objective(pairs, best) > objective(pairs, best * factor))
})

const scored = (next: number, ...scores: number[]): ScoredPair => ({ scores: Float32Array.from(scores), next })

test('stays finite when the model is always right, and positive when it is always wrong', async () => {
  const right = await fitSharpness(
    Array.from({ length: 100 }, () => scored(0, 1, 0, 0)),
    quietControl,
  )
  const wrong = await fitSharpness(
    Array.from({ length: 100 }, () => scored(1, 1, 0, 0)),
    quietControl,
  )
  assert.ok(right > 1 && right < 50, `${right}`)
  assert.ok(wrong > 0 && wrong < 0.1, `${wrong}`)
})

test('scores without any difference, and no pairs at all, give the prior', async () => {
  assert.equal(await fitSharpness([], quietControl), 5)
  assert.ok(Math.abs((await fitSharpness([scored(1, 2, 2, 2)], quietControl)) - 5) < 1e-6)
})

test('the same pairs give the same bits', async () => {
  const pairs = drawnPairs(200, 30, 5, 1)
  assert.equal(await fitSharpness(pairs, quietControl), await fitSharpness(pairs, quietControl))
})

test('an aborted fit rejects with the reason', async () => {
  const reason = new Error('not wanted any more')
  const control = { ...quietControl, signal: AbortSignal.abort(reason) }
  await assert.rejects(fitSharpness([scored(0, 1, 0)], control), reason)
})

test('another sharpness leaves the popularity of people without a history as it is', () => {
  const model = withSharpness(popularityModel(Float64Array.of(6, 3, 1)), 40)
  const shares = Array.from(model.prior, score => Math.exp(model.sharpness * score))
  for (const [item, share] of [0.6, 0.3, 0.1].entries()) assert.ok(Math.abs(shares[item] - share) < 1e-6)
})
