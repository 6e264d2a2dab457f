/** The whole way, as a customer goes it: the AWS SDK for JavaScript against a listening server. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  CreateBatchInferenceJobCommand,
  CreateDatasetCommand,
  CreateDatasetGroupCommand,
  CreateDatasetImportJobCommand,
  CreateSchemaCommand,
  CreateSolutionCommand,
  CreateSolutionVersionCommand,
  DescribeBatchInferenceJobCommand,
  DescribeDatasetCommand,
  DescribeDatasetGroupCommand,
  DescribeDatasetImportJobCommand,
  DescribeSolutionCommand,
  DescribeSolutionVersionCommand,
  GetSolutionMetricsCommand,
  ListBatchInferenceJobsCommand,
  PersonalizeClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-personalize'
import { interactionsSchema } from './support/flow.ts'
import { itemId, smallWorld, walks } from './support/sequences.ts'
import { ROLE, serverProcess, temporaryFolder } from './support/server.ts'

test('schema → group → dataset → import → solution → version → metrics → batch inference job', async t => {
  const folder = temporaryFolder()
  const server = await serverProcess(t, folder)
  const client = new PersonalizeClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
  })
  t.after(() => client.destroy())
  const bucket = join(folder, 'buckets', 'shop')
  mkdirSync(join(bucket, 'in'), { recursive: true })
  const { csv, lastItem } = walks()
  writeFileSync(join(bucket, 'interactions.csv'), csv)

  const active = async (what: string, describe: () => Promise<object>): Promise<void> => {
    for (;;) {
      const answer = (await describe()) as Record<string, { status?: string; failureReason?: string }>
      const { status, failureReason } = Object.values(answer).find(each => each.status)!
      assert.notEqual(status, 'CREATE FAILED', `${what}: ${failureReason}\n${server.said()}`)
      if (status === 'ACTIVE') return
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  const { schemaArn } = await client.send(new CreateSchemaCommand({ name: 'walks', schema: interactionsSchema() }))
  const { datasetGroupArn } = await client.send(new CreateDatasetGroupCommand({ name: 'shop' }))
  await active('group', () => client.send(new DescribeDatasetGroupCommand({ datasetGroupArn })))
  const { datasetArn } = await client.send(
    new CreateDatasetCommand({ name: 'walks', schemaArn, datasetGroupArn, datasetType: 'Interactions' }),
  )
  await active('dataset', () => client.send(new DescribeDatasetCommand({ datasetArn })))
  const { datasetImportJobArn } = await client.send(
    new CreateDatasetImportJobCommand({
      jobName: 'import',
      datasetArn,
      dataSource: { dataLocation: 's3://shop/interactions.csv' },
      roleArn: ROLE,
    }),
  )
  await active('import', () => client.send(new DescribeDatasetImportJobCommand({ datasetImportJobArn })))
  const { solutionArn } = await client.send(
    new CreateSolutionCommand({
      name: 'next',
      datasetGroupArn,
      recipeArn: 'arn:aws:personalize:::recipe/aws-user-personalization-v2',
    }),
  )
  await active('solution', () => client.send(new DescribeSolutionCommand({ solutionArn })))
  const { solutionVersionArn } = await client.send(new CreateSolutionVersionCommand({ solutionArn }))
  await active('version', () => client.send(new DescribeSolutionVersionCommand({ solutionVersionArn })))

  const { metrics } = await client.send(new GetSolutionMetricsCommand({ solutionVersionArn }))
  assert.deepEqual(Object.keys(metrics!).sort(), [
    'coverage',
    'mean_reciprocal_rank_at_25',
    'normalized_discounted_cumulative_gain_at_10',
    'normalized_discounted_cumulative_gain_at_25',
    'normalized_discounted_cumulative_gain_at_5',
    'precision_at_10',
    'precision_at_25',
    'precision_at_5',
  ])
  assert.ok(metrics!.mean_reciprocal_rank_at_25 > 0.5, `the ring was not learnt: ${JSON.stringify(metrics)}`)

  const lines = ['{"userId": "user-3", "more": [1, 2]}', '', '{"userId":7}', 'nonsense', '{"userId":"user-59"}']
  writeFileSync(join(bucket, 'in', 'users.json'), lines.join('\n'))
  const { batchInferenceJobArn } = await client.send(
    new CreateBatchInferenceJobCommand({
      jobName: 'nightly',
      solutionVersionArn,
      numResults: 3,
      jobInput: { s3DataSource: { path: 's3://shop/in/users.json' } },
      jobOutput: { s3DataDestination: { path: 's3://shop/out/' } },
      roleArn: ROLE,
      tags: [{ tagKey: 'team', tagValue: 'search' }],
    }),
  )
  await active('job', () => client.send(new DescribeBatchInferenceJobCommand({ batchInferenceJobArn })))

  assert.deepEqual(readdirSync(join(bucket, 'out')).sort(), ['_CHECK', 'users.json.out'])
  const text = readFileSync(join(bucket, 'out', 'users.json.out'), 'utf8')
  assert.ok(text.startsWith('{"input":{"userId": "user-3", "more": [1, 2]},"output":{"recommendedItems":['))
  const output = text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.deepEqual(
    output.map(({ input }) => input),
    [{ userId: 'user-3', more: [1, 2] }, { userId: 7 }, 'nonsense', { userId: 'user-59' }],
  )
  for (const [line, user] of [
    [0, 'user-3'],
    [3, 'user-59'],
  ] as const) {
    const { recommendedItems, scores } = output[line].output
    assert.equal(recommendedItems[0], itemId(lastItem.get(user)! + 1, smallWorld))
    assert.equal(recommendedItems.length, 3)
    assert.deepEqual(
      scores,
      [...scores].sort((a: number, b: number) => b - a),
    )
    assert.ok(scores[0] < 1 && scores[2] > 0)
    assert.equal(output[line].error, null)
  }
  assert.equal(output[1].output.recommendedItems.length, 3)
  assert.equal(output[2].output, null)
  assert.match(output[2].error, /^Line 4 is not JSON /)

  const { batchInferenceJobs } = await client.send(new ListBatchInferenceJobsCommand({ solutionVersionArn }))
  assert.deepEqual(
    batchInferenceJobs?.map(({ jobName, status }) => [jobName, status]),
    [['nightly', 'ACTIVE']],
  )
  const none = `${solutionVersionArn!.slice(0, -8)}00000000`
  await assert.rejects(
    client.send(new DescribeSolutionVersionCommand({ solutionVersionArn: none })),
    (error: unknown) =>
      error instanceof ResourceNotFoundException && error.message === `Resource Arn ${none} does not exist.`,
  )
})
