import assert from 'node:assert/strict'
import { test } from 'node:test'
import { featureRows } from '../../src/models/features.ts'

test('rows of features are taken in the order asked for, empty ones too', () => {
  const all = {
    rowCount: 3,
    featureCount: 5,
    offsets: Uint32Array.of(0, 2, 2, 5),
    features: Int32Array.of(0, 4, 1, 2, 3),
    values: Float32Array.of(1, 2, 3, 4, 5),
  }
  assert.deepEqual(featureRows(all, Uint32Array.of(2, 1, 0)), {
    rowCount: 3,
    featureCount: 5,
    offsets: Uint32Array.of(0, 3, 3, 5),
    features: Int32Array.of(1, 2, 3, 0, 4),
    values: Float32Array.of(3, 4, 5, 1, 2),
  })
  assert.deepEqual(featureRows(all, new Uint32Array(0)), {
    rowCount: 0,
    featureCount: 5,
    offsets: Uint32Array.of(0),
    features: new Int32Array(0),
    values: new Float32Array(0),
  })
})
