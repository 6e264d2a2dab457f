/** performHPO over the wire: the search keeps to the ranges and the number of training jobs, and the version says what was found. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, testServer } from '../support/server.ts'
import { settledSolution, trainedVersion, walksImported } from '../support/serving.ts'

test('a version of performHPO tells its best hyperparameters, within the ranges, and the solution what was asked for', async t => {
  const server = await testServer(t)
  const { datasetGroupArn } = await walksImported(server)
  const hpoConfig = {
    hpoResourceConfig: { maxNumberOfTrainingJobs: '3', maxParallelTrainingJobs: '2' },
    algorithmHyperParameterRanges: {
      integerHyperParameterRanges: [
        { name: 'training.hidden_dimension', minValue: 33, maxValue: 40 },
        { name: 'bptt', minValue: 2, maxValue: 5 },
      ],
      continuousHyperParameterRanges: [],
      categoricalHyperParameterRanges: [],
    },
  }
  const asked = {
    name: 'searched',
    datasetGroupArn,
    recipeArn: 'arn:aws:personalize:::recipe/aws-user-personalization',
    performHPO: true,
    solutionConfig: { hpoConfig, algorithmHyperParameters: { recency_mask: 'true' } },
  }
  const solutionArn = await settledSolution(server, asked)
  const { solution } = await call<{ solution: Record<string, unknown> }>(server, 'DescribeSolution', { solutionArn })
  assert.deepEqual([solution.performHPO, solution.solutionConfig], [true, asked.solutionConfig])

  const solutionVersionArn = await trainedVersion(server, solutionArn)
  const { solutionVersion } = await call<{
    solutionVersion: {
      performHPO: boolean
      tunedHPOParams: { algorithmHyperParameters: Record<string, string> }
      solutionConfig: object
    }
  }>(server, 'DescribeSolutionVersion', { solutionVersionArn })
  const { algorithmHyperParameters: found } = solutionVersion.tunedHPOParams
  assert.deepEqual([solutionVersion.performHPO, solutionVersion.solutionConfig], [true, asked.solutionConfig])
  assert.deepEqual(Object.keys(found), ['hidden_dimension', 'bptt'])
  for (const [name, [min, max]] of Object.entries({ hidden_dimension: [33, 40], bptt: [2, 5] }))
    assert.ok(/^\d+$/.test(found[name]) && Number(found[name]) >= min && Number(found[name]) <= max, found[name])

  // Nothing to search: no version of it tells of a search.
  const plain = await settledSolution(server, { ...asked, name: 'plain', performHPO: false })
  const version = await trainedVersion(server, plain)
  const { solutionVersion: unsearched } = await call<{ solutionVersion: object }>(server, 'DescribeSolutionVersion', {
    solutionVersionArn: version,
  })
  assert.ok(!('tunedHPOParams' in unsearched))
})
