/**
 * What people do with the service, through a client: the same calls, answers, exceptions and messages whichever client it is. Each client has
 * a region of its own, so that they may share a server.
 */
import assert from 'node:assert/strict'
import { interactionsSchema } from '../support/flow.ts'
import { type Client, ClientRefusal, type Members } from './clients.ts'

export const ROLE = 'arn:aws:iam::000000000000:role/personalize'
const RECIPE = 'arn:aws:personalize:::recipe/aws-user-personalization-v2'
/** Between two questions whether a resource is ready. */
const POLL_MS = 25

export const arnIn = ({ region }: Client, resource: string): string =>
  `arn:aws:personalize:${region}:000000000000:${resource}`

export const undated = ({ creationDateTime, lastUpdatedDateTime, ...others }: Members): Members => {
  assert.ok(typeof creationDateTime === 'number' && typeof lastUpdatedDateTime === 'number')
  assert.ok(creationDateTime <= lastUpdatedDateTime)
  return others
}

/** Asks, through whichever client is quick, until the resource is where it stays. */
export async function settled(asker: Client, operation: string, input: Members): Promise<Members> {
  for (;;) {
    const [found] = Object.values(await asker.call(operation, input)) as Members[]
    if (!/PENDING|IN_PROGRESS|STOPPING/.test(String(found.status))) return found
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
}

export async function active(asker: Client, operation: string, input: Members): Promise<void> {
  const { status, failureReason } = await settled(asker, operation, input)
  assert.deepEqual([status, failureReason], ['ACTIVE', undefined])
}

export async function gone(asker: Client, operation: string, input: Members): Promise<void> {
  for (;;) {
    const found = await settled(asker, operation, input).catch((error: unknown) => error)
    if (found instanceof ClientRefusal) return assert.equal(found.name, 'ResourceNotFoundException')
    if (found instanceof Error) throw found
  }
}

export async function refuses(client: Client, operation: string, input: Members, name: string, message: string) {
  const given = client.call(operation, input)
  await assert.rejects(given, (error: unknown) => {
    assert.ok(error instanceof ClientRefusal, String(error))
    assert.deepEqual([error.name, error.message, error.modelled], [name, message, true], `${client.name}: ${operation}`)
    return true
  })
}

/** Everything short of a training. `asker` is a quick client of the same region. */
export async function resources(client: Client, asker: Client): Promise<void> {
  const arn = (resource: string) => arnIn(client, resource)
  const schema = interactionsSchema()
  const names = ['one', 'two', 'three', 'four', 'five']
  for (const name of names) {
    assert.deepEqual(await client.call('CreateSchema', { name, schema }), { schemaArn: arn(`schema/${name}`) })
  }
  const { schema: described } = await client.call('DescribeSchema', { schemaArn: arn('schema/two') })
  assert.deepEqual(undated(described as Members), { name: 'two', schemaArn: arn('schema/two'), schema })
  const pages = (await client.pages('ListSchemas', {}, 2)).map(({ schemas }) => schemas as Members[])
  assert.deepEqual(
    pages.flat().map(({ name }) => name),
    [...names].reverse(),
  )
  assert.ok(pages.length === 3 || client.name === 'AWS CLI')
  await refuses(
    client,
    'CreateSchema',
    { name: 'one', schema },
    'ResourceAlreadyExistsException',
    `Another resource with Arn ${arn('schema/one')} already exists.`,
  )
  await refuses(
    client,
    'DescribeSchema',
    { schemaArn: arn('schema/none') },
    'ResourceNotFoundException',
    `Resource Arn ${arn('schema/none')} does not exist.`,
  )
  await refuses(
    client,
    'ListSchemas',
    { nextToken: 'bogus' },
    'InvalidNextTokenException',
    'The nextToken was not given out by this list operation with these parameters.',
  )
  await refuses(
    client,
    'CreateSchema',
    { name: '-ö', schema },
    'InvalidInputException',
    "1 validation error detected: Value '-ö' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9][a-zA-Z0-9\\-_]*",
  )

  const datasetGroupArn = arn('dataset-group/shop')
  const tags = [{ tagKey: 'team', tagValue: 'søk' }]
  assert.deepEqual(await client.call('CreateDatasetGroup', { name: 'shop', tags }), { datasetGroupArn })
  await active(asker, 'DescribeDatasetGroup', { datasetGroupArn })
  const { datasetGroups } = await client.call('ListDatasetGroups', { maxResults: 1 })
  assert.deepEqual((datasetGroups as Members[]).map(undated), [{ name: 'shop', datasetGroupArn, status: 'ACTIVE' }])

  assert.deepEqual(await client.call('ListTagsForResource', { resourceArn: datasetGroupArn }), { tags })
  await client.call('TagResource', { resourceArn: datasetGroupArn, tags: [{ tagKey: 'cost', tagValue: '' }] })
  await client.call('UntagResource', { resourceArn: datasetGroupArn, tagKeys: ['team'] })
  const left = [{ tagKey: 'cost', tagValue: '' }]
  assert.deepEqual(await client.call('ListTagsForResource', { resourceArn: datasetGroupArn }), { tags: left })
  const many = Array.from({ length: 51 }, (_, i) => ({ tagKey: `k${i}`, tagValue: 'v' }))
  await refuses(
    client,
    'CreateDatasetGroup',
    { name: 'tagged', tags: many },
    'TooManyTagsException',
    '51 tags were given: a resource carries at most 50.',
  )

  for (const name of ['b', 'c', 'd', 'e']) await asker.call('CreateDatasetGroup', { name })
  await refuses(
    client,
    'CreateDatasetGroup',
    { name: 'f' },
    'LimitExceededException',
    'More than 5 resources in ACTIVE state. Please delete some and try again.',
  )

  const datasetArn = arn('dataset/shop/INTERACTIONS')
  const dataset = { name: 'events', schemaArn: arn('schema/one'), datasetGroupArn, datasetType: 'Interactions' }
  assert.deepEqual(await client.call('CreateDataset', dataset), { datasetArn })
  await active(asker, 'DescribeDataset', { datasetArn })
  await refuses(
    client,
    'DeleteSchema',
    { schemaArn: arn('schema/one') },
    'ResourceInUseException',
    `The schema ${arn('schema/one')} is used by the dataset ${datasetArn}.`,
  )

  const solutionArn = arn('solution/next')
  const solution = { name: 'next', datasetGroupArn, recipeArn: RECIPE, performAutoTraining: false }
  assert.deepEqual(await client.call('CreateSolution', solution), { solutionArn })
  await active(asker, 'DescribeSolution', { solutionArn })
  const update = {
    performAutoTraining: true,
    performIncrementalUpdate: false,
    solutionUpdateConfig: { autoTrainingConfig: { schedulingExpression: 'rate(3 days)' } },
  }
  assert.deepEqual(await client.call('UpdateSolution', { solutionArn, ...update }), { solutionArn })
  await settledUpdate(asker, solutionArn)
  const { solution: updated } = (await client.call('DescribeSolution', { solutionArn })) as { solution: Members }
  const { latestSolutionUpdate, ...others } = updated
  assert.deepEqual(undated(latestSolutionUpdate as Members), { ...update, status: 'ACTIVE' })
  assert.equal(others.performAutoTraining, true)
  await refuses(
    client,
    'CreateSolution',
    solution,
    'ResourceAlreadyExistsException',
    `Another resource with Arn ${solutionArn} already exists.`,
  )

  assert.deepEqual(await client.call('DeleteSolution', { solutionArn }), {})
  await gone(asker, 'DescribeSolution', { solutionArn })
  assert.deepEqual(await client.call('DeleteDataset', { datasetArn }), {})
  await gone(asker, 'DescribeDataset', { datasetArn })
  assert.deepEqual(await client.call('DeleteSchema', { schemaArn: arn('schema/one') }), {})
  assert.deepEqual(await client.call('DeleteDatasetGroup', { datasetGroupArn }), {})
  await gone(asker, 'DescribeDatasetGroup', { datasetGroupArn })
  await refuses(
    client,
    'DeleteDatasetGroup',
    { datasetGroupArn },
    'ResourceNotFoundException',
    `The given dataset group does not exist: ${datasetGroupArn}`,
  )
}

async function settledUpdate(asker: Client, solutionArn: string): Promise<void> {
  for (let status: unknown; status !== 'ACTIVE'; ) {
    const { solution } = (await asker.call('DescribeSolution', { solutionArn })) as {
      solution: { latestSolutionUpdate: Members }
    }
    status = solution.latestSolutionUpdate.status
    assert.notEqual(status, 'CREATE FAILED')
  }
}

export interface Trained {
  readonly datasetGroupArn: unknown
  readonly datasetArn: unknown
  readonly solutionVersionArn: unknown
  /** A job that has been done. */
  readonly job: Members
}

/** From a CSV file in `bucket` to the answers to `in/users.json` in it, through the client. */
export async function recommendations(client: Client, asker: Client, bucket: string): Promise<Trained> {
  const arn = (resource: string) => arnIn(client, resource)
  const group = { datasetGroupArn: arn('dataset-group/walks') }
  await client.call('CreateDatasetGroup', { name: 'walks' })
  await active(asker, 'DescribeDatasetGroup', group)
  const { schemaArn } = await client.call('CreateSchema', { name: 'walks', schema: interactionsSchema() })
  const { datasetArn } = await client.call('CreateDataset', {
    name: 'walks',
    schemaArn,
    ...group,
    datasetType: 'INTERACTIONS',
  })
  await active(asker, 'DescribeDataset', { datasetArn })
  const dataSource = { dataLocation: `s3://${bucket}/interactions.csv` }
  const { datasetImportJobArn } = await client.call('CreateDatasetImportJob', {
    jobName: 'walks',
    datasetArn,
    dataSource,
    roleArn: ROLE,
  })
  assert.equal(datasetImportJobArn, arn('dataset-import-job/walks'))
  await active(asker, 'DescribeDatasetImportJob', { datasetImportJobArn })
  const { solutionArn } = await client.call('CreateSolution', {
    name: 'walks',
    ...group,
    recipeArn: RECIPE,
    performAutoTraining: false,
  })
  await active(asker, 'DescribeSolution', { solutionArn })
  const { solutionVersionArn } = await client.call('CreateSolutionVersion', { solutionArn })
  await active(asker, 'DescribeSolutionVersion', { solutionVersionArn })
  const { metrics } = (await client.call('GetSolutionMetrics', { solutionVersionArn })) as {
    metrics: Record<string, number>
  }
  assert.ok(metrics.mean_reciprocal_rank_at_25 > 0.5, JSON.stringify(metrics))
  const job = {
    jobName: 'nightly',
    solutionVersionArn,
    numResults: 3,
    jobInput: { s3DataSource: { path: `s3://${bucket}/in/users.json` } },
    jobOutput: { s3DataDestination: { path: `s3://${bucket}/out/${client.region}/` } },
    roleArn: ROLE,
  }
  const { batchInferenceJobArn } = await client.call('CreateBatchInferenceJob', job)
  await active(asker, 'DescribeBatchInferenceJob', { batchInferenceJobArn })
  const { batchInferenceJob } = await client.call('DescribeBatchInferenceJob', { batchInferenceJobArn })
  const mode = { batchInferenceJobMode: 'BATCH_INFERENCE' }
  assert.deepEqual(undated(batchInferenceJob as Members), { ...job, ...mode, batchInferenceJobArn, status: 'ACTIVE' })
  await refuses(
    client,
    'CreateBatchInferenceJob',
    job,
    'ResourceAlreadyExistsException',
    `Another resource with Arn ${batchInferenceJobArn} already exists.`,
  )
  return { datasetGroupArn: group.datasetGroupArn, datasetArn, solutionVersionArn, job }
}

/** What is put to use after a training. */
export async function deployments(client: Client, asker: Client, bucket: string, trained: Trained): Promise<void> {
  const arn = (resource: string) => arnIn(client, resource)
  const { datasetGroupArn, datasetArn, solutionVersionArn } = trained
  const campaignArn = arn('campaign/live')
  assert.deepEqual(await client.call('CreateCampaign', { name: 'live', solutionVersionArn }), { campaignArn })
  await refuses(
    client,
    'DeleteSolution',
    { solutionArn: arn('solution/walks') },
    'ResourceInUseException',
    `The solution ${arn('solution/walks')} still has campaigns: delete them first.`,
  )
  await active(asker, 'DescribeCampaign', { campaignArn })
  assert.deepEqual(await client.call('UpdateCampaign', { campaignArn, minProvisionedTPS: 2 }), { campaignArn })
  const { campaigns } = await client.call('ListCampaigns', { solutionArn: arn('solution/walks') })
  assert.deepEqual((campaigns as Members[]).map(undated), [{ name: 'live', campaignArn, status: 'ACTIVE' }])

  const { eventTrackerArn, trackingId } = await client.call('CreateEventTracker', { name: 'clicks', datasetGroupArn })
  assert.match(`${trackingId}`, /^[0-9a-f-]{36}$/)
  await active(asker, 'DescribeEventTracker', { eventTrackerArn })
  await refuses(
    client,
    'CreateEventTracker',
    { name: 'more', datasetGroupArn },
    'LimitExceededException',
    'More than 1 resources in ACTIVE state. Please delete some and try again.',
  )
  await refuses(
    client,
    'DeleteDatasetGroup',
    { datasetGroupArn },
    'ResourceInUseException',
    `The dataset group ${datasetGroupArn} still has datasets: delete them first.`,
  )

  const { datasetExportJobArn } = await client.call('CreateDatasetExportJob', {
    jobName: 'copy',
    datasetArn,
    roleArn: ROLE,
    jobOutput: { s3DataDestination: { path: `s3://${bucket}/export/${client.region}/` } },
  })
  await active(asker, 'DescribeDatasetExportJob', { datasetExportJobArn })

  assert.deepEqual(await client.call('DeleteEventTracker', { eventTrackerArn }), {})
  await settledCampaign(asker, campaignArn)
  assert.deepEqual(await client.call('DeleteCampaign', { campaignArn }), {})
  await gone(asker, 'DescribeCampaign', { campaignArn })
}

async function settledCampaign(asker: Client, campaignArn: string): Promise<void> {
  for (let status: unknown; status !== 'ACTIVE'; ) {
    const { campaign } = (await asker.call('DescribeCampaign', { campaignArn })) as {
      campaign: { latestCampaignUpdate: Members }
    }
    status = campaign.latestCampaignUpdate.status
    assert.notEqual(status, 'CREATE FAILED')
  }
}
