import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actionMetrics } from '../../src/models/actionMetrics.ts'

const user = (probabilities: number[], taken: number[]) => ({
  probabilities: Float64Array.from(probabilities),
  taken: new Set(taken),
})

test('check values, worked out by hand', () => {
  // Six actions, of which the sixth is never offered; at 5 everybody is offered the others, in these orders.
  const users = [
    user([0.9, 0.5, 0.4, 0.3, 0.2, 0], [1, 5]),
    user([0.1, 0.5, 0.4, 0.3, 0.2, 0], [0]),
    user([0.5, 0.9, 0.4, 0.3, 0.2, 0], [0, 1]),
    user([0.5, 0.6, 0, 0.3, 0.2, 0], []),
  ]
  const { userCount, service, standardErrors } = actionMetrics(6, users)
  assert.equal(userCount, 4)
  assert.deepEqual(Object.keys(service).sort(), [
    'area_under_curve',
    'coverage',
    'normalized_discounted_cumulative_gain_at_10',
    'normalized_discounted_cumulative_gain_at_25',
    'normalized_discounted_cumulative_gain_at_5',
    'precision_at_10',
    'precision_at_25',
    'precision_at_5',
    'recall_at_10',
    'recall_at_25',
    'recall_at_5',
  ])
  const near = (name: string, wanted: number) =>
    assert.ok(Math.abs(service[name] - wanted) < 1e-12, `${name} ${service[name]}`)
  near('coverage', 5 / 6)
  // Of action 0 two of four, of action 1 two of four, of the other three none.
  near('precision_at_5', (0.5 + 0.5 + 0 + 0 + 0) / 5)
  // Actions 0 and 1 are found whenever taken, action 5 never.
  near('recall_at_5', (1 + 1 + 0) / 3)
  // One hit at place 2; one at place 5; two at places 1 and 2. The user who took nothing is not asked.
  near('normalized_discounted_cumulative_gain_at_5', (1 / Math.log2(3) + 1 / Math.log2(6) + 1) / 3)
  // Action 0: takers .1 and .5 against .9 and .5: of four pairs half a tie. Action 1: takers .5 and .9 against .5 and .6: 0.5 + 2.
  // Action 5: ties alone. Nobody took the others.
  near('area_under_curve', (0.5 / 4 + 2.5 / 4 + 0.5) / 3)
  assert.equal(standardErrors.coverage, undefined)
})

test('only the first K are offered', () => {
  const probabilities = Array.from({ length: 30 }, (_, action) => (30 - action) / 31)
  const { service } = actionMetrics(30, [user(probabilities, [4, 5, 24, 25])])
  assert.equal(service.coverage, 25 / 30)
  assert.equal(service.precision_at_5, 1 / 5)
  assert.equal(service.precision_at_25, 3 / 25)
  assert.equal(service.recall_at_10, 2 / 4)
})

test('nobody was asked: nothing was found, and nothing told apart', () => {
  const { service } = actionMetrics(3, [])
  assert.equal(service.area_under_curve, 0.5)
  assert.deepEqual(
    Object.values({ ...service, area_under_curve: 0 }).filter(value => value !== 0),
    [],
  )
})
