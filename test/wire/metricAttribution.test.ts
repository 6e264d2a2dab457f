import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { schemaText } from '../filters/sample.ts'
import { importFile, interactionsSchema, makeDataset, makeGroup } from '../support/flow.ts'
import { itemsSchema } from '../support/metadata.ts'
import { arnOf, call, NOW_SECONDS, ROLE, refuses, settled, type TestServer, testServer } from '../support/server.ts'

const dates = { creationDateTime: NOW_SECONDS, lastUpdatedDateTime: NOW_SECONDS }
const put = (server: TestServer, name: string, text: string) =>
  writeFileSync(join(server.dataFolder, 'buckets/bucket', name), text)

const events = interactionsSchema([
  { name: 'EVENT_TYPE', type: 'string' },
  { name: 'EVENT_VALUE', type: ['null', 'float'] },
  { name: 'EVENT_ATTRIBUTION_SOURCE', type: ['null', 'string'] },
])
const clicks = { eventType: 'click', metricName: 'Clicks', expression: 'SAMPLECOUNT()' }
const prices = { eventType: 'CLICK', metricName: 'prices', expression: 'SUM(Items.PRICE)' }
const stock = { eventType: 'click', metricName: 'stock', expression: 'sum( items.STOCK )' }
const value = { eventType: 'buy', metricName: 'value', expression: 'SUM(Interactions.EVENT_VALUE)' }
const metricsOutputConfig = { roleArn: ROLE, s3DataDestination: { path: 's3://bucket/reports' } }

async function made(server: TestServer, datasetGroupArn: string, metrics: object[] = [clicks], name = 'm') {
  const { metricAttributionArn } = await call<{ metricAttributionArn: string }>(server, 'CreateMetricAttribution', {
    name,
    datasetGroupArn,
    metrics,
    metricsOutputConfig,
  })
  await settled(server, 'DescribeMetricAttribution', { metricAttributionArn })
  return metricAttributionArn
}

/** Events of four periods; beside them as many as an import needs, of a type that nobody counts. */
const CSV = `USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,EVENT_ATTRIBUTION_SOURCE
u,a,1700000100,click,,arn:home
u,b,1700000999,Click,,arn:home
u,a,1700001000,click,,arn:home
u,c,1700001001,click,,
u,a,-1,click,,
u,a,1700000100,buy,2.5,shop
v,a,1700000100,BUY,0.1,shop
w,a,1700000100,buy,,shop
x,a,1700000100,buy,,nobody-paid
${Array.from({ length: 1000 }, (_, i) => `filler-${i},z,1700000100,view,1,arn:home`).join('\n')}
`

test('an import writes a report of what it brought, by source and quarter of an hour', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  const datasetArn = await makeDataset(server, group, events)
  const items = await makeDataset(server, group, itemsSchema(), 'Items')
  put(server, 'items.csv', 'ITEM_ID,GENRE,TEXT,PRICE,STOCK,NEW\na,x,,9,9,true\nb,x,,2.5,1,true\nc,x,,,7,true\n')
  put(server, 'newer.csv', 'ITEM_ID,GENRE,TEXT,PRICE,STOCK,NEW\na,x,,1.5,3,true\n')
  await importFile(server, items, 's3://bucket/items.csv', { jobName: 'items' })
  await importFile(server, items, 's3://bucket/newer.csv', { jobName: 'newer', importMode: 'INCREMENTAL' })
  await made(server, group, [clicks, prices, stock, value])
  put(server, 'a.csv', CSV)
  const publish = { publishAttributionMetricsToS3: true }
  assert.equal((await importFile(server, datasetArn, 's3://bucket/a.csv', publish)).status, 'ACTIVE')
  const folder = join(server.dataFolder, 'buckets/bucket/reports')
  const name = `AggregatedAttributionMetrics - FULL - ${NOW_SECONDS * 1000}.csv`
  assert.deepEqual(readdirSync(folder), [name])
  assert.deepEqual(readFileSync(join(folder, name), 'utf8').split('\n'), [
    'METRIC_NAME,EVENT_TYPE,VALUE,MATH_FUNCTION,EVENT_ATTRIBUTION_SOURCE,TIMESTAMP',
    'CLICKS,CLICK,1.0,samplecount,SOURCE_NAME_UNDEFINED,-900',
    'CLICKS,CLICK,1.0,samplecount,SOURCE_NAME_UNDEFINED,1700001000',
    'CLICKS,CLICK,2.0,samplecount,arn:home,1700000100',
    'CLICKS,CLICK,1.0,samplecount,arn:home,1700001000',
    'PRICES,CLICK,1.5,sum,SOURCE_NAME_UNDEFINED,-900',
    'PRICES,CLICK,0.0,sum,SOURCE_NAME_UNDEFINED,1700001000',
    'PRICES,CLICK,4.0,sum,arn:home,1700000100',
    'PRICES,CLICK,1.5,sum,arn:home,1700001000',
    'STOCK,CLICK,3.0,sum,SOURCE_NAME_UNDEFINED,-900',
    'STOCK,CLICK,7.0,sum,SOURCE_NAME_UNDEFINED,1700001000',
    'STOCK,CLICK,4.0,sum,arn:home,1700000100',
    'STOCK,CLICK,3.0,sum,arn:home,1700001000',
    'VALUE,BUY,0.0,sum,nobody-paid,1700000100',
    'VALUE,BUY,2.6,sum,shop,1700000100',
    '',
  ])
  // Without being asked for, nothing is written.
  await importFile(server, datasetArn, 's3://bucket/a.csv', { jobName: 'again' })
  assert.equal(readdirSync(folder).length, 1)
})

test('columns called SOURCE, PERIOD or FILE_INDEX are none of the report’s', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  const schema = interactionsSchema([
    { name: 'EVENT_TYPE', type: 'string' },
    { name: 'SOURCE', type: 'string' },
    { name: 'PERIOD', type: 'long' },
    { name: 'FILE_INDEX', type: 'long' },
    { name: 'FILE_ROW_NUMBER', type: 'long' },
  ])
  const datasetArn = await makeDataset(server, group, schema)
  await made(server, group, [clicks, { ...value, eventType: 'click', expression: 'SUM(Interactions.FILE_INDEX)' }])
  const rows = Array.from({ length: 1000 }, (_, i) => `u${i},a,1700000100,click,web,7,2,${i}`)
  put(
    server,
    'a.csv',
    `USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,SOURCE,PERIOD,FILE_INDEX,FILE_ROW_NUMBER\n${rows.join('\n')}\n`,
  )
  const { status, failureReason } = await importFile(server, datasetArn, 's3://bucket/a.csv', {
    publishAttributionMetricsToS3: true,
  })
  assert.deepEqual([status, failureReason], ['ACTIVE', undefined])
  const folder = join(server.dataFolder, 'buckets/bucket/reports')
  assert.deepEqual(readFileSync(join(folder, readdirSync(folder)[0]), 'utf8').split('\n'), [
    'METRIC_NAME,EVENT_TYPE,VALUE,MATH_FUNCTION,EVENT_ATTRIBUTION_SOURCE,TIMESTAMP',
    'CLICKS,CLICK,1000.0,samplecount,SOURCE_NAME_UNDEFINED,1700000100',
    'VALUE,CLICK,2000.0,sum,SOURCE_NAME_UNDEFINED,1700000100',
    '',
  ])
})

test('an import whose report cannot be written or drawn fails, and brings nothing', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  const datasetArn = await makeDataset(server, group, events)
  const metricAttributionArn = await made(server, group)
  const rows = Array.from({ length: 1000 }, (_, i) => `u${i},a,1700000100,click,,source-${i % 101}`)
  put(
    server,
    'a.csv',
    `USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,EVENT_ATTRIBUTION_SOURCE\n${rows.join('\n')}\n`,
  )
  const publish = { publishAttributionMetricsToS3: true }
  const sources = await importFile(server, datasetArn, 's3://bucket/a.csv', { ...publish, jobName: 'sources' })
  assert.deepEqual(
    [sources.status, sources.failureReason],
    ['CREATE FAILED', 'The events have 101 attribution sources: a report has at most 100.'],
  )
  await call(server, 'UpdateMetricAttribution', {
    metricAttributionArn,
    metricsOutputConfig: { roleArn: ROLE, s3DataDestination: { path: 's3://nowhere/x' } },
  })
  await settled(server, 'DescribeMetricAttribution', { metricAttributionArn })
  put(server, 'a.csv', CSV)
  const { status, failureReason } = await importFile(server, datasetArn, 's3://bucket/a.csv', publish)
  const hint = `make it with mkdir '${join(server.dataFolder, 'buckets/nowhere')}'`
  const to = `s3://nowhere/x/AggregatedAttributionMetrics - FULL - ${NOW_SECONDS * 1000}.csv`
  assert.deepEqual(
    [status, failureReason],
    [
      'CREATE FAILED',
      `The metric attribution report could not be written to ${to}. There is no bucket 'nowhere': ${hint}.`,
    ],
  )
  await refuses(
    server,
    'CreateDatasetImportJob',
    {
      jobName: 'x',
      datasetArn,
      dataSource: { dataLocation: 's3://bucket/a.csv' },
      roleArn: ROLE,
      importMode: 'INCREMENTAL',
    },
    'InvalidInputException',
    `importMode was INCREMENTAL, but the dataset ${datasetArn} has no bulk data yet: the first import is FULL.`,
  )
})

test('a report of columns that the datasets do not have any more fails its import with a sentence', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  const datasetArn = await makeDataset(server, group, events)
  const old = await makeDataset(server, group, itemsSchema(), 'Items')
  await made(server, group, [clicks, prices])
  put(server, 'a.csv', CSV)
  put(server, 'items.csv', 'ITEM_ID,PRICE\na,cheap\n')
  const publish = { publishAttributionMetricsToS3: true }
  await call(server, 'DeleteDataset', { datasetArn: old })
  await assert.rejects(settled(server, 'DescribeDataset', { datasetArn: old }))
  assert.equal((await importFile(server, datasetArn, 's3://bucket/a.csv', publish)).status, 'ACTIVE')
  await call(server, 'DeleteSchema', { schemaArn: arnOf('schema/group-items') })
  const fields = [
    { name: 'ITEM_ID', type: 'string' },
    { name: 'PRICE', type: 'string', categorical: true },
  ]
  const items = await makeDataset(server, group, schemaText('ITEMS', fields), 'Items')
  await importFile(server, items, 's3://bucket/items.csv', { jobName: 'items' })
  const failed = await importFile(server, datasetArn, 's3://bucket/a.csv', { jobName: 'again', ...publish })
  assert.deepEqual(
    [failed.status, failed.failureReason],
    [
      'CREATE FAILED',
      'The metric attribution report could not be drawn. The metric prices sums Items.PRICE: the field is of type string, and a numeric one was expected.',
    ],
  )
})

test('an import asks for a report only where there can be one', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  const datasetArn = await makeDataset(server, group, events)
  const items = await makeDataset(server, group, itemsSchema(), 'Items')
  const job = (datasetArn: string) => ({
    jobName: 'j',
    datasetArn,
    dataSource: { dataLocation: 's3://bucket/a.csv' },
    roleArn: ROLE,
    publishAttributionMetricsToS3: true,
  })
  await refuses(
    server,
    'CreateDatasetImportJob',
    job(datasetArn),
    'InvalidInputException',
    `publishAttributionMetricsToS3 was true, but the dataset group ${group} has no metric attribution with an s3DataDestination.`,
  )
  await refuses(
    server,
    'CreateDatasetImportJob',
    job(items),
    'InvalidInputException',
    `publishAttributionMetricsToS3 was true: the dataset ${items} is of type ITEMS, and metrics are drawn from INTERACTIONS.`,
  )
})

test('a metric attribution is described, listed, updated and deleted; its metrics are listed by pages', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  await makeDataset(server, group, events)
  const metricAttributionArn = await made(server, group, [clicks, value])
  assert.equal(metricAttributionArn, arnOf('metric-attribution/m'))
  const summary = { name: 'm', metricAttributionArn, status: 'ACTIVE', ...dates }
  const list = (input: object = {}) => call(server, 'ListMetricAttributionMetrics', { metricAttributionArn, ...input })
  assert.deepEqual(await call(server, 'DescribeMetricAttribution', { metricAttributionArn }), {
    metricAttribution: { ...summary, datasetGroupArn: group, metricsOutputConfig },
  })
  assert.deepEqual(await call(server, 'ListMetricAttributions', { datasetGroupArn: group }), {
    metricAttributions: [summary],
  })
  assert.deepEqual(await list(), { metrics: [clicks, value] })
  const first = await call<{ metrics: object[]; nextToken: string }>(server, 'ListMetricAttributionMetrics', {
    maxResults: 1,
  })
  assert.deepEqual(first.metrics, [clicks])

  const more = { eventType: 'view', metricName: 'views', expression: 'SAMPLECOUNT()' }
  const changed = await call(server, 'UpdateMetricAttribution', {
    metricAttributionArn,
    addMetrics: [more, { ...clicks, eventType: 'tap' }],
    removeMetrics: ['Clicks'],
  })
  assert.deepEqual(changed, { metricAttributionArn })
  await settled(server, 'DescribeMetricAttribution', { metricAttributionArn })
  assert.deepEqual(await list(), { metrics: [value, more, { ...clicks, eventType: 'tap' }] })
  // The page goes on where it was, though what it ended with is gone.
  assert.deepEqual(await call(server, 'ListMetricAttributionMetrics', { nextToken: first.nextToken }), {
    metrics: [value, more, { ...clicks, eventType: 'tap' }],
  })
  await refuses(
    server,
    'ListMetricAttributionMetrics',
    { metricAttributionArn, nextToken: first.nextToken },
    'InvalidNextTokenException',
    'The nextToken was not given out by this list operation with these parameters.',
  )
  await refuses(
    server,
    'DeleteDatasetGroup',
    { datasetGroupArn: group },
    'ResourceInUseException',
    `The dataset group ${group} still has datasets: delete them first.`,
  )
  assert.equal(await call(server, 'DeleteMetricAttribution', { metricAttributionArn }), undefined)
  await assert.rejects(settled(server, 'DescribeMetricAttribution', { metricAttributionArn }))
  await made(server, group)
})

test('CreateMetricAttribution refuses what cannot be drawn from the data', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  const plain = await makeGroup(server, 'plain')
  await makeDataset(server, group, events)
  await makeDataset(server, plain)
  const input = { name: 'm', datasetGroupArn: group, metrics: [clicks], metricsOutputConfig }
  const metric = (expression: string) => ({ metrics: [{ ...clicks, expression }] })
  const cases: [object, string, string][] = [
    [
      { datasetGroupArn: arnOf('dataset-group/none') },
      'ResourceNotFoundException',
      `Resource Arn ${arnOf('dataset-group/none')} does not exist.`,
    ],
    [
      { datasetGroupArn: plain },
      'InvalidInputException',
      `The dataset group ${plain} has no dataset of type INTERACTIONS with the field EVENT_TYPE: metrics are drawn from events by their type.`,
    ],
    [{ metrics: [] }, 'InvalidInputException', 'metrics is empty: at least one metric was expected.'],
    [
      { metrics: [clicks, value, { ...value, metricName: 'Clicks' }] },
      'InvalidInputException',
      'metrics has the name Clicks more than once.',
    ],
    [
      metric('AVG(Items.PRICE)'),
      'InvalidInputException',
      "The expression of the metric Clicks was 'AVG(Items.PRICE)': SUM(Items.COLUMN), SUM(Interactions.COLUMN) or SAMPLECOUNT() was expected.",
    ],
    [
      metric('SUM(Items.PRICE)'),
      'InvalidInputException',
      'The metric Clicks sums Items.PRICE: the dataset group has no dataset of type ITEMS.',
    ],
    [
      metric('SUM(Interactions.PRICE)'),
      'InvalidInputException',
      'The metric Clicks sums Interactions.PRICE: the schema has no such field.',
    ],
    [
      metric('SUM(Interactions.EVENT_TYPE)'),
      'InvalidInputException',
      'The metric Clicks sums Interactions.EVENT_TYPE: the field is of type string, and a numeric one was expected.',
    ],
    [
      { metricsOutputConfig: { roleArn: ROLE, s3DataDestination: { path: 'https://example.org/' } } },
      'InvalidInputException',
      "Invalid S3 output path: 'https://example.org/' is not an S3 path: s3://bucket/key was expected.",
    ],
  ]
  for (const [change, name, message] of cases) {
    await refuses(server, 'CreateMetricAttribution', { ...input, ...change }, name, message)
  }
  await made(server, group)
  await refuses(
    server,
    'CreateMetricAttribution',
    { ...input, name: 'second' },
    'LimitExceededException',
    'More than 1 resources in ACTIVE state. Please delete some and try again.',
  )
})

test('UpdateMetricAttribution refuses what would leave no metrics, too many, or two of one name', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  await makeDataset(server, group, events)
  const metricAttributionArn = await made(server, group)
  const nine = Array.from({ length: 10 }, (_, i) => ({ ...clicks, metricName: `m${i}` }))
  const cases: [object, string, string][] = [
    [
      { metricAttributionArn: undefined },
      'InvalidInputException',
      'metricAttributionArn is missing: what is to be updated?',
    ],
    [
      { addMetrics: [clicks] },
      'ResourceAlreadyExistsException',
      `The metric attribution ${metricAttributionArn} already has a metric Clicks.`,
    ],
    [
      { removeMetrics: ['none'] },
      'InvalidInputException',
      `The metric attribution ${metricAttributionArn} has no metric none to remove.`,
    ],
    [
      { removeMetrics: ['Clicks'] },
      'InvalidInputException',
      `The metric attribution ${metricAttributionArn} would have no metric left.`,
    ],
    [
      { addMetrics: nine },
      'InvalidInputException',
      `The metric attribution ${metricAttributionArn} would have 11 metrics: at most 10 are possible.`,
    ],
  ]
  for (const [change, name, message] of cases) {
    await refuses(server, 'UpdateMetricAttribution', { metricAttributionArn, ...change }, name, message)
  }
})
