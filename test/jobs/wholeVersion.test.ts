import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dataVersion } from '../../src/datasets/dataVersion.ts'
import { type TrainingQuery, wholeVersion } from '../../src/jobs/readTrainingData.ts'

const interactions = [{ parts: ['imports/1-1/part-00000.parquet'], rowCount: 9 }]
const query: TrainingQuery = {
  sources: { interactions, items: [], users: [], metadata: {} },
  eventType: undefined,
  eventValueThreshold: undefined,
  events: undefined,
  objective: undefined,
}

test('a training has read all of the interactions, unless it was to choose some or had no room for some items', () => {
  assert.equal(wholeVersion(query, { droppedItemCount: 0 }), dataVersion(interactions))
  for (const [choice, droppedItemCount] of [
    [{}, 1],
    [{ eventType: 'buy' }, 0],
    [{ eventValueThreshold: 0 }, 0],
    [{ events: [] }, 0],
  ] as const)
    assert.equal(wholeVersion({ ...query, ...choice }, { droppedItemCount }), undefined, JSON.stringify(choice))
})
