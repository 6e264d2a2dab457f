/** What a solutionConfig asks of the data. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trainingQuery } from '../../src/jobs/trainingQuery.ts'
import type { SolutionConfigBody, TrainingSources } from '../../src/resources/types.ts'

const sources: TrainingSources = { interactions: [], items: [], users: [], metadata: {} }
const queryOf = (solutionConfig: SolutionConfigBody, eventType?: string) =>
  trainingQuery({ eventType, solutionConfig }, sources)

test('sensitivities are powers of the value; OFF, or no attribute, is no objective', () => {
  const objective = (optimizationObjective: SolutionConfigBody['optimizationObjective']) =>
    queryOf({ optimizationObjective }).objective
  for (const [objectiveSensitivity, strength] of [
    ['LOW', 0.25],
    ['MEDIUM', 0.5],
    ['HIGH', 1],
  ] as const)
    assert.deepEqual(objective({ itemAttribute: 'PRICE', objectiveSensitivity }), { column: 'PRICE', strength })
  assert.equal(objective({ itemAttribute: 'PRICE', objectiveSensitivity: 'OFF' }), undefined)
  assert.equal(objective({ objectiveSensitivity: 'HIGH' }), undefined)
  assert.equal(queryOf({}).objective, undefined)
})

test('the threshold is a number however it is written; events have weight 1 where none is given', () => {
  const eventsConfig = {
    eventParametersList: [{ eventType: 'view' }, { eventType: 'buy', weight: 0.5, eventValueThreshold: 3 }],
  }
  const { eventType, eventValueThreshold, events } = queryOf({ eventValueThreshold: '1e1', eventsConfig }, 'Click')
  assert.deepEqual([eventType, eventValueThreshold], ['Click', 10])
  assert.deepEqual(events, [
    { eventType: 'view', weight: 1, eventValueThreshold: undefined },
    { eventType: 'buy', weight: 0.5, eventValueThreshold: 3 },
  ])
  assert.deepEqual(
    [queryOf({}).eventType, queryOf({}).eventValueThreshold, queryOf({}).events],
    [undefined, undefined, undefined],
  )
})
