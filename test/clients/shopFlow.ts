/** A shop of the domain ECOMMERCE through a client: metric attribution, import, filters, recommenders, data deletion, user segments. */
import assert from 'node:assert/strict'
import { interactionsSchema } from '../support/flow.ts'
import type { Client, Members } from './clients.ts'
import { active, arnIn, gone, ROLE, refuses, settled, undated } from './flows.ts'

/** Asks until an update that shows in a member of its own has ended. */
async function updated(asker: Client, operation: string, input: Members, member: string): Promise<Members> {
  for (;;) {
    const [found] = Object.values(await asker.call(operation, input)) as Members[]
    const { status, failureReason } = (found[member] ?? {}) as Members
    assert.equal(failureReason, undefined)
    if (status === 'ACTIVE') return found
    await new Promise(resolve => setTimeout(resolve, 25))
  }
}

/** `shop.csv` and `gone.csv`, which names one user of thirty events, lie in `bucket`. */
export async function shop(client: Client, asker: Client, bucket: string): Promise<void> {
  const group = { datasetGroupArn: arnIn(client, 'dataset-group/store') }
  const domain = 'ECOMMERCE'
  assert.deepEqual(await client.call('CreateDatasetGroup', { name: 'store', domain }), { ...group, domain })
  await active(asker, 'DescribeDatasetGroup', group)
  const schema = interactionsSchema([{ name: 'EVENT_TYPE', type: 'string' }])
  const { schemaArn } = await client.call('CreateSchema', { name: 'store', schema, domain })
  const dataset = { name: 'store', schemaArn, ...group, datasetType: 'INTERACTIONS' }
  const { datasetArn } = await client.call('CreateDataset', dataset)
  await active(asker, 'DescribeDataset', { datasetArn })
  const attribution = await metrics(client, asker, group, bucket)
  const { datasetImportJobArn } = await client.call('CreateDatasetImportJob', {
    jobName: 'store',
    datasetArn,
    dataSource: { dataLocation: `s3://${bucket}/shop.csv` },
    roleArn: ROLE,
    publishAttributionMetricsToS3: true,
  })
  await active(asker, 'DescribeDatasetImportJob', { datasetImportJobArn })
  await filters(client, asker, group)
  await recommender(client, asker, group)
  await deletion(client, asker, group, bucket)
  assert.deepEqual(await client.call('DeleteMetricAttribution', attribution), {})
  await gone(asker, 'DescribeMetricAttribution', attribution)
}

type Group = { readonly datasetGroupArn: string }

async function metrics(client: Client, asker: Client, group: Group, bucket: string): Promise<Members> {
  const one = { metricAttributionArn: arnIn(client, 'metric-attribution/store') }
  const views = { eventType: 'view', metricName: 'views', expression: 'SAMPLECOUNT()' }
  const buys = { eventType: 'Purchase', metricName: 'buys', expression: 'SAMPLECOUNT()' }
  const path = `s3://${bucket}/reports/${client.region}`
  const metricsOutputConfig = { roleArn: ROLE, s3DataDestination: { path } }
  const made = await client.call('CreateMetricAttribution', {
    name: 'store',
    ...group,
    metrics: [views],
    metricsOutputConfig,
  })
  assert.deepEqual(made, one)
  await active(asker, 'DescribeMetricAttribution', one)
  assert.deepEqual(await client.call('UpdateMetricAttribution', { ...one, addMetrics: [buys] }), one)
  await active(asker, 'DescribeMetricAttribution', one)
  const { metricAttribution } = await client.call('DescribeMetricAttribution', one)
  const shown = { name: 'store', ...one, ...group, status: 'ACTIVE', metricsOutputConfig }
  assert.deepEqual(undated(metricAttribution as Members), shown)
  const pages = await client.pages('ListMetricAttributionMetrics', one, 1)
  assert.deepEqual(
    pages.flatMap(page => page.metrics),
    [views, buys],
  )
  const listed = (await client.call('ListMetricAttributions', group)).metricAttributions as Members[]
  assert.deepEqual(listed.map(undated), [{ name: 'store', ...one, status: 'ACTIVE' }])
  return one
}

async function filters(client: Client, asker: Client, group: Group): Promise<void> {
  const filterExpression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($TYPES)'
  const tags = [{ tagKey: 'team', tagValue: 'search' }]
  const [bought, seen] = ['filter/bought', 'filter/seen'].map(name => ({ filterArn: arnIn(client, name) }))
  assert.deepEqual(await client.call('CreateFilter', { name: 'bought', ...group, filterExpression, tags }), bought)
  assert.deepEqual(await client.call('CreateFilter', { name: 'seen', ...group, filterExpression }), seen)
  await active(asker, 'DescribeFilter', bought)
  await active(asker, 'DescribeFilter', seen)
  const shown = { name: 'bought', ...bought, ...group, status: 'ACTIVE' }
  const { filter } = await client.call('DescribeFilter', bought)
  assert.deepEqual(undated(filter as Members), { ...shown, filterExpression })
  const pages = (await client.pages('ListFilters', group, 1)).flatMap(({ Filters }) => Filters as Members[])
  assert.deepEqual(pages.map(undated), [{ ...shown, name: 'seen', ...seen }, shown])
  assert.deepEqual(await client.call('ListTagsForResource', { resourceArn: bought.filterArn }), { tags })
  assert.deepEqual(await client.call('DeleteFilter', bought), {})
  await gone(asker, 'DescribeFilter', bought)
}

async function recommender(client: Client, asker: Client, group: Group): Promise<void> {
  const recipeArn = 'arn:aws:personalize:::recipe/aws-ecomm-popular-items-by-views'
  const one = { recommenderArn: arnIn(client, 'recommender/popular') }
  assert.deepEqual(await client.call('CreateRecommender', { name: 'popular', ...group, recipeArn }), one)
  await refuses(
    client,
    'CreateRecommender',
    { name: 'popular', ...group, recipeArn },
    'ResourceAlreadyExistsException',
    `Another resource with Arn ${one.recommenderArn} already exists.`,
  )
  await active(asker, 'DescribeRecommender', one)
  const recommenderConfig = { minRecommendationRequestsPerSecond: 2 }
  assert.deepEqual(await client.call('UpdateRecommender', { ...one, recommenderConfig }), one)
  await updated(asker, 'DescribeRecommender', one, 'latestRecommenderUpdate')
  const found = (await client.call('DescribeRecommender', one)).recommender as Members
  const { latestRecommenderUpdate, modelMetrics, ...described } = found
  const shown = { name: 'popular', ...one, ...group, recipeArn, recommenderConfig }
  assert.deepEqual(undated(described), { ...shown, status: 'ACTIVE' })
  assert.deepEqual(undated(latestRecommenderUpdate as Members), { recommenderConfig, status: 'ACTIVE' })
  assert.ok((modelMetrics as Record<string, number>).coverage > 0, JSON.stringify(modelMetrics))
  assert.deepEqual(await client.call('StopRecommender', one), one)
  assert.equal((await settled(asker, 'DescribeRecommender', one)).status, 'INACTIVE')
  const { recommenders } = await client.call('ListRecommenders', group)
  assert.deepEqual((recommenders as Members[]).map(undated), [{ ...shown, status: 'INACTIVE' }])
  assert.deepEqual(await client.call('StartRecommender', one), one)
  await active(asker, 'DescribeRecommender', one)
  assert.deepEqual(await client.call('DeleteRecommender', one), {})
  await gone(asker, 'DescribeRecommender', one)
}

async function deletion(client: Client, asker: Client, group: Group, bucket: string): Promise<void> {
  const job = { jobName: 'gone', ...group, dataSource: { dataLocation: `s3://${bucket}/gone.csv` }, roleArn: ROLE }
  const one = { dataDeletionJobArn: arnIn(client, 'data-deletion-job/gone') }
  assert.deepEqual(await client.call('CreateDataDeletionJob', job), one)
  assert.equal((await settled(asker, 'DescribeDataDeletionJob', one)).status, 'COMPLETED')
  const { dataDeletionJob } = await client.call('DescribeDataDeletionJob', one)
  assert.deepEqual(undated(dataDeletionJob as Members), { ...job, ...one, status: 'COMPLETED', numDeleted: 30 })
  const { dataDeletionJobs } = await client.call('ListDataDeletionJobs', group)
  const summary = { jobName: 'gone', ...one, ...group, status: 'COMPLETED' }
  assert.deepEqual((dataDeletionJobs as Members[]).map(undated), [summary])
}

/** User segments that have been made, as world.ts has them. */
export async function segments(client: Client): Promise<void> {
  const solutionVersionArn = arnIn(client, 'solution/next/aaaaaaaa')
  const one = { batchSegmentJobArn: arnIn(client, 'batch-segment-job/done') }
  const { batchSegmentJob } = await client.call('DescribeBatchSegmentJob', one)
  assert.deepEqual(undated(batchSegmentJob as Members), {
    ...one,
    jobName: 'done',
    solutionVersionArn,
    numResults: 25,
    jobInput: { s3DataSource: { path: 's3://bucket/in.json' } },
    jobOutput: { s3DataDestination: { path: 's3://bucket/out/' } },
    roleArn: ROLE,
    status: 'ACTIVE',
  })
  const pages = await client.pages('ListBatchSegmentJobs', { solutionVersionArn }, 2)
  const names = pages.flatMap(page => page.batchSegmentJobs as Members[]).map(({ jobName }) => jobName)
  assert.deepEqual(names, ['waits-5', 'waits-4', 'waits-3', 'waits-2', 'waits-1', 'done'])
  const tags = [{ tagKey: 'team', tagValue: 'search' }]
  await client.call('TagResource', { resourceArn: one.batchSegmentJobArn, tags })
  assert.deepEqual(await client.call('ListTagsForResource', { resourceArn: one.batchSegmentJobArn }), { tags })
}
