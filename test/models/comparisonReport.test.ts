/** Reports of what is judged beside a baseline: pairing, units without a value, buckets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quietControl } from '../../src/lib/work.ts'
import { type Compared, comparisonReport } from '../../src/models/comparisonReport.ts'

const compared: Compared = {
  userCount: 40,
  baseline: 'chance',
  measured: [
    { unit: 'items', name: 'recall', model: [0.5, 0.7, 0.9, 0.1], baseline: [0.4, 0.6, 0.8, 0] },
    { unit: 'actions', name: 'area', model: [0.5, undefined, 1], baseline: [0.5, undefined, 0.5] },
    { unit: 'actions', name: 'precision', model: [0.2, 0.4, undefined], baseline: [undefined, 0.1, 0.3] },
    { unit: 'actions', name: 'alone', model: [1], baseline: [undefined] },
    { unit: 'actions', name: 'nothing', model: [undefined], baseline: [1] },
  ],
  coverage: { model: 0.5, baseline: 0.1 },
  bySize: { metric: 'recall', size: 'events', sizes: [0, 7, 5, 6000] },
}

test('means are over what has a value, gains are paired where both have the same units', async () => {
  const report = await comparisonReport(compared, 1, quietControl)
  assert.ok(report)
  const [recall, area, precision, alone] = report.metrics
  assert.equal(report.metrics.length, 4)
  assert.ok(Math.abs(recall.model.value - 0.55) < 1e-12 && Math.abs(recall.baseline!.value - 0.45) < 1e-12)
  // Everything gains the same, so that the interval has no width, while the means have one.
  assert.ok(Math.abs(recall.gain!.low - 0.1) < 1e-12 && Math.abs(recall.gain!.high - 0.1) < 1e-12)
  assert.ok(recall.model.high - recall.model.low > 0.1)
  assert.deepEqual([area.count, area.model.value, area.baseline!.value, area.gain!.value], [2, 0.75, 0.5, 0.25])
  assert.deepEqual([precision.count, precision.gain], [2, undefined])
  assert.ok(Math.abs(precision.model.value - 0.3) < 1e-12 && Math.abs(precision.baseline!.value - 0.2) < 1e-12)
  assert.deepEqual([alone.model.value, alone.baseline, alone.gain], [1, undefined, undefined])
  assert.deepEqual(
    report.bySize.buckets.map(({ from, to, count, model }) => [from, to, count, model.value]),
    [
      [0, 0, 1, 0.5],
      [5, 9, 2, (0.7 + 0.9) / 2],
      [5000, undefined, 1, 0.1],
    ],
  )
  assert.equal(report.bySize.unit, 'items')
  assert.deepEqual(await comparisonReport(compared, 1, quietControl), report)
})

test('without anything that was asked about there is no report', async () => {
  const nothing = compared.measured.map(each => ({ ...each, model: [], baseline: [] }))
  assert.equal(await comparisonReport({ ...compared, measured: nothing }, 1, quietControl), undefined)
})
