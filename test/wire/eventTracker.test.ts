import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeDataset, makeGroup } from '../support/flow.ts'
import { arnOf, call, NOW_SECONDS, refuses, settled, testServer } from '../support/server.ts'

const dates = { creationDateTime: NOW_SECONDS, lastUpdatedDateTime: NOW_SECONDS }

test('an event tracker is created, described, listed and deleted; its dataset stays', async t => {
  const server = await testServer(t)
  const datasetGroupArn = await makeGroup(server)
  const datasetArn = await makeDataset(server, datasetGroupArn)
  const { eventTrackerArn, trackingId } = await call<{ eventTrackerArn: string; trackingId: string }>(
    server,
    'CreateEventTracker',
    { name: 'clicks', datasetGroupArn },
  )
  assert.match(eventTrackerArn, /^arn:aws:personalize:us-east-1:000000000000:event-tracker\/[0-9a-f]{8}$/)
  assert.match(trackingId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  await settled(server, 'DescribeEventTracker', { eventTrackerArn })
  const summary = { name: 'clicks', eventTrackerArn, status: 'ACTIVE', ...dates }
  assert.deepEqual(await call(server, 'DescribeEventTracker', { eventTrackerArn }), {
    eventTracker: { ...summary, accountId: '000000000000', trackingId, datasetGroupArn },
  })
  assert.deepEqual(await call(server, 'ListEventTrackers', { datasetGroupArn }), { eventTrackers: [summary] })
  assert.deepEqual(await call(server, 'ListEventTrackers'), { eventTrackers: [summary] })
  const none = { datasetGroupArn: arnOf('dataset-group/none') }
  assert.deepEqual(await call(server, 'ListEventTrackers', none), { eventTrackers: [] })
  await refuses(
    server,
    'CreateEventTracker',
    { name: 'more', datasetGroupArn },
    'LimitExceededException',
    'More than 1 resources in ACTIVE state. Please delete some and try again.',
  )
  assert.equal(await call(server, 'DeleteEventTracker', { eventTrackerArn }), undefined)
  await assert.rejects(settled(server, 'DescribeEventTracker', { eventTrackerArn }))
  const missing = `Resource Arn ${eventTrackerArn} does not exist.`
  for (const operation of ['DescribeEventTracker', 'DeleteEventTracker'])
    await refuses(server, operation, { eventTrackerArn }, 'ResourceNotFoundException', missing)
  assert.equal((await settled(server, 'DescribeDataset', { datasetArn })).status, 'ACTIVE')
  const again = await call<{ trackingId: string }>(server, 'CreateEventTracker', { name: 'clicks', datasetGroupArn })
  assert.notEqual(again.trackingId, trackingId)
})

test('an event tracker needs a group with interactions, and its group waits for it', async t => {
  const server = await testServer(t)
  const datasetGroupArn = await makeGroup(server)
  const input = { name: 'clicks', datasetGroupArn }
  await refuses(
    server,
    'CreateEventTracker',
    { ...input, datasetGroupArn: arnOf('dataset-group/none') },
    'ResourceNotFoundException',
    `Resource Arn ${arnOf('dataset-group/none')} does not exist.`,
  )
  await refuses(
    server,
    'CreateEventTracker',
    input,
    'InvalidInputException',
    `The dataset group ${datasetGroupArn} has no dataset of type INTERACTIONS to keep events in.`,
  )
  const datasetArn = await makeDataset(server, datasetGroupArn)
  await call(server, 'CreateEventTracker', input)
  await call(server, 'DeleteDataset', { datasetArn })
  await assert.rejects(settled(server, 'DescribeDataset', { datasetArn }))
  await refuses(
    server,
    'DeleteDatasetGroup',
    { datasetGroupArn },
    'ResourceInUseException',
    `The dataset group ${datasetGroupArn} still has event trackers: delete them first.`,
  )
})
