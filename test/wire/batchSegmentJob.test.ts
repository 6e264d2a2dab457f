import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arnOf, call, ROLE, refuses, testServer } from '../support/server.ts'
import { trained } from '../support/serving.ts'

test('CreateBatchSegmentJob checks its input, and then says which recipes it needs', async t => {
  const server = await testServer(t)
  const { solutionVersionArn } = await trained(server)
  const input = {
    jobName: 'j',
    solutionVersionArn,
    jobInput: { s3DataSource: { path: 's3://bucket/items.json' } },
    jobOutput: { s3DataDestination: { path: 's3://bucket/out/' } },
    roleArn: ROLE,
  }
  const none = arnOf('solution/none/00000000')
  const cases: [object, string, string][] = [
    [
      {},
      'InvalidInputException',
      `The solution version ${solutionVersionArn} is of the recipe aws-popularity-count, of type POPULAR_ITEMS: a recipe of type USER_SEGMENTATION was expected, aws-item-affinity or aws-item-attribute-affinity.`,
    ],
    [{ solutionVersionArn: none }, 'ResourceNotFoundException', `Resource Arn ${none} does not exist.`],
    [
      { filterArn: arnOf('filter/none') },
      'ResourceNotFoundException',
      `Resource Arn ${arnOf('filter/none')} does not exist.`,
    ],
    [{ numResults: 0 }, 'InvalidInputException', 'numResults was 0: 1 to 5000000 was expected.'],
    [{ numResults: 5_000_001 }, 'InvalidInputException', 'numResults was 5000001: 1 to 5000000 was expected.'],
    [
      { jobInput: { s3DataSource: { path: 'https://example.org/items.json' } } },
      'InvalidInputException',
      "Invalid S3 input path. jobInput.s3DataSource.path was 'https://example.org/items.json': s3://bucket/key was expected.",
    ],
    [
      { jobOutput: { s3DataDestination: { path: 'http://example.org/out/' } } },
      'InvalidInputException',
      "Invalid S3 output path. jobOutput.s3DataDestination.path was 'http://example.org/out/': s3://bucket/key was expected.",
    ],
  ]
  for (const [change, name, message] of cases)
    await refuses(server, 'CreateBatchSegmentJob', { ...input, ...change }, name, message)
  assert.deepEqual(await call(server, 'ListBatchSegmentJobs', { solutionVersionArn }), { batchSegmentJobs: [] })
  assert.deepEqual(await call(server, 'ListBatchSegmentJobs'), { batchSegmentJobs: [] })
  const batchSegmentJobArn = arnOf('batch-segment-job/j')
  await refuses(
    server,
    'DescribeBatchSegmentJob',
    { batchSegmentJobArn },
    'ResourceNotFoundException',
    `Resource Arn ${batchSegmentJobArn} does not exist.`,
  )
  await refuses(
    server,
    'ListBatchSegmentJobs',
    { nextToken: 'none' },
    'InvalidNextTokenException',
    'The nextToken was not given out by this list operation with these parameters.',
  )
})
