import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeGroup, makeSolution } from '../support/flow.ts'
import { arnOf, call, described, NOW_SECONDS, refuses, testServer } from '../support/server.ts'

const dates = { creationDateTime: NOW_SECONDS, lastUpdatedDateTime: NOW_SECONDS }

interface Solution {
  readonly performAutoTraining: boolean
  readonly solutionConfig?: object
  readonly latestSolutionUpdate?: { readonly status: string }
}

test('UpdateSolution changes automatic training, and tells of it in latestSolutionUpdate', async t => {
  const server = await testServer(t)
  const datasetGroupArn = await makeGroup(server)
  const given = { solutionConfig: { algorithmHyperParameters: { bptt: '20' } } }
  const solutionArn = await makeSolution(server, datasetGroupArn, 'aws-user-personalization', given)
  const updated = () =>
    described<Solution>(
      server,
      'DescribeSolution',
      { solutionArn },
      each => each.latestSolutionUpdate?.status === 'ACTIVE',
    )
  assert.deepEqual(await call(server, 'UpdateSolution', { solutionArn, performAutoTraining: false }), { solutionArn })
  const off = await updated()
  assert.equal(off.performAutoTraining, false)
  assert.deepEqual(off.solutionConfig, given.solutionConfig)
  const update = { performAutoTraining: false, performIncrementalUpdate: false, status: 'ACTIVE', ...dates }
  assert.deepEqual(off.latestSolutionUpdate, update)

  const solutionUpdateConfig = { autoTrainingConfig: { schedulingExpression: 'rate(1 day)' } }
  await call(server, 'UpdateSolution', { solutionArn, solutionUpdateConfig })
  const daily = await updated()
  assert.deepEqual(daily.solutionConfig, { ...given.solutionConfig, ...solutionUpdateConfig })
  assert.deepEqual(daily.latestSolutionUpdate, { ...update, solutionUpdateConfig })
  await call(server, 'DeleteSolution', { solutionArn })
})

test('UpdateSolution and CreateSolution refuse settings that do not fit', async t => {
  const server = await testServer(t)
  const datasetGroupArn = await makeGroup(server)
  const solutionArn = await makeSolution(server, datasetGroupArn)
  const none = arnOf('solution/none')
  await refuses(
    server,
    'UpdateSolution',
    { solutionArn: none },
    'ResourceNotFoundException',
    `Resource Arn ${none} does not exist.`,
  )
  const config = (schedulingExpression: string) => ({ autoTrainingConfig: { schedulingExpression } })
  const schedule = (expression: string, at: string) =>
    `${at}.autoTrainingConfig.schedulingExpression was '${expression}': rate(N days) with N from 1 to 30 was expected.`
  const incremental =
    'performIncrementalUpdate was true: it is for aws-semantic-similarity, this solution is of aws-user-personalization-v2.'
  const cases: [object, string][] = [
    [{ performIncrementalUpdate: true }, incremental],
    [{ solutionUpdateConfig: config('rate(0 days)') }, schedule('rate(0 days)', 'solutionUpdateConfig')],
    [{ solutionUpdateConfig: config('rate(31 days)') }, schedule('rate(31 days)', 'solutionUpdateConfig')],
    [
      { solutionUpdateConfig: { eventsConfig: {} } },
      'solutionUpdateConfig.eventsConfig.eventParametersList is missing or empty: at least one type of events was expected.',
    ],
  ]
  for (const [change, message] of cases)
    await refuses(server, 'UpdateSolution', { solutionArn, ...change }, 'InvalidInputException', message)
  const { solution } = await call<{ solution: Solution }>(server, 'DescribeSolution', { solutionArn })
  assert.equal(solution.latestSolutionUpdate, undefined)

  const input = { name: 's', datasetGroupArn, recipeArn: 'arn:aws:personalize:::recipe/aws-user-personalization-v2' }
  const created: [object, string][] = [
    [{ performIncrementalUpdate: true }, incremental],
    [{ solutionConfig: config('rate(31 days)') }, schedule('rate(31 days)', 'solutionConfig')],
    [
      { recipeArn: 'arn:aws:personalize:::recipe/aws-vod-top-picks' },
      'The recipe arn:aws:personalize:::recipe/aws-vod-top-picks is one of a domain: it stands behind recommenders, not solutions.',
    ],
  ]
  for (const [change, message] of created)
    await refuses(server, 'CreateSolution', { ...input, ...change }, 'InvalidInputException', message)
})
