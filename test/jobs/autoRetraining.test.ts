import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { startAutomaticRetraining } from '../../src/jobs/autoRetraining.ts'
import { manualClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { defaultLimits } from '../../src/resources/limits.ts'
import { Resources } from '../../src/resources/resources.ts'
import { openSqlite } from '../../src/resources/sqlite.ts'
import { dataset, datasetGroup, type ImportedData, recommender, schema } from '../../src/resources/types.ts'
import { interactionsSchema } from '../support/interactionsSchema.ts'
import { call, described, NOW_SECONDS, settled, temporaryFolder } from '../support/server.ts'
import { shop } from '../support/serving.ts'

const scope = { account: '000000000000', region: 'us-east-1' }
const DAY_MS = 24 * 3600_000
const config = { minRecommendationRequestsPerSecond: 1 }

/** A group with the named recommenders, all ACTIVE since now, without an engine: works stay as they are put. */
async function world(t: TestContext, names: string[], recipeArn = 'arn') {
  const state = openSqlite(temporaryFolder())
  t.after(() => state.close())
  const clock = manualClock(NOW_SECONDS * 1000)
  const options = { clock, limits: defaultLimits, secret: state.secret }
  const within = <T>(body: (resources: Resources) => Promise<T>) =>
    state.transact(transaction => body(new Resources(transaction, scope, options)))
  const arns = await within(async resources => {
    const group = await resources.create(datasetGroup, { path: 'g', name: 'g', body: { name: 'g' }, hidden: {} })
    const made: string[] = []
    for (const name of names) {
      const body = { name, datasetGroupArn: group, recipeArn, recommenderConfig: config }
      const arn = await resources.create(recommender, { path: name, name, parent: group, body, hidden: { model: 'm' } })
      await resources.follow(recommender, arn, 'begin', 'trainRecommender')
      await resources.follow(recommender, arn, 'done', 'trainRecommender')
      made.push(arn)
    }
    return made
  })
  return {
    clock,
    within,
    arns,
    look: () => state.transact(transaction => startAutomaticRetraining(transaction, options)),
    find: (arn: string) => within(resources => resources.get(recommender, arn)),
    end: (arn: string, arrow: 'done' | 'failed') =>
      within(async resources => {
        await resources.follow(recommender, arn, 'begin', 'updateRecommender')
        await resources.follow(recommender, arn, arrow, 'updateRecommender')
      }),
  }
}

test('a recommender is trained anew after seven days, and every seven days from its first', async t => {
  const { clock, look, find, end, within, arns } = await world(t, ['r'])
  const [arn] = arns
  clock.advance(7 * DAY_MS - 1)
  assert.equal(await look(), false)
  clock.advance(1)
  assert.equal(await look(), true)
  const { body, hidden, status } = await find(arn)
  const asked = clock.nowMs() / 1000
  assert.deepEqual(body.latestRecommenderUpdate, {
    recommenderConfig: config,
    retrain: true,
    status: 'CREATE PENDING',
    creationDateTime: asked,
    lastUpdatedDateTime: asked,
  })
  assert.deepEqual([status, hidden.model], ['ACTIVE', 'm'])
  const work = await within(resources => resources.workOf(arn))
  assert.deepEqual([work?.kind, work?.state], ['updateRecommender', 'queued'])
  clock.advance(8 * DAY_MS)
  assert.equal(await look(), false, 'one that is being trained is left alone')
  await end(arn, 'done')
  assert.equal(await look(), true, 'the second seven days are over')
  await end(arn, 'failed')
  clock.advance(5 * DAY_MS)
  assert.equal(await look(), false, 'a training that failed is not tried again before its time')
  clock.advance(DAY_MS)
  assert.equal(await look(), true)
})

test('days on which no server ran count once; one at a time; who is stopped waits', async t => {
  const { clock, look, find, end, within, arns } = await world(t, ['a', 'b', 'c'])
  const [a, b, c] = arns
  await within(async resources => resources.requestStop(recommender, await resources.get(recommender, a)))
  clock.advance(100 * DAY_MS)
  assert.equal(await look(), true)
  assert.deepEqual(
    [(await find(b)).body.latestRecommenderUpdate?.status, (await find(c)).body.latestRecommenderUpdate?.status],
    [undefined, 'CREATE PENDING'],
  )
  assert.equal(await look(), true)
  assert.equal(await look(), false)
  await end(b, 'done')
  await end(c, 'done')
  assert.equal(await look(), false)
  assert.equal((await find(a)).body.latestRecommenderUpdate, undefined)
})

test('one about trends is trained anew every two hours, if interactions have come in', async t => {
  const { clock, look, end, within, arns } = await world(t, ['r'], 'arn:aws:personalize:::recipe/aws-vod-trending-now')
  const [arn] = arns
  const HOUR_MS = 3600_000
  const read = (interactions: readonly ImportedData[]) =>
    within(async resources => {
      const found = await resources.get(recommender, arn)
      const data = { interactions, items: [], users: [], metadata: {} }
      await resources.keep(found, { ...found.hidden, data })
    })
  const imported: ImportedData = { parts: ['p'], rowCount: 1 }
  const datasetArn = await within(async resources => {
    const schemaArn = await resources.create(schema, {
      ...{ path: 's', name: 's', hidden: {} },
      body: { name: 's', schema: interactionsSchema() },
    })
    const body = { name: 'd', datasetType: 'INTERACTIONS' as const, datasetGroupArn: 'g', schemaArn }
    const group = (await resources.get(recommender, arn)).body.datasetGroupArn
    return resources.create(dataset, {
      path: 'g/INTERACTIONS',
      name: 'd',
      parent: group,
      body,
      hidden: { imports: [imported] },
    })
  })
  await read([imported])
  clock.advance(2 * HOUR_MS)
  assert.equal(await look(), false, 'nothing has come in')
  await within(async resources => {
    const found = await resources.get(dataset, datasetArn)
    await resources.keep(found, { ...found.hidden, imports: [imported, { parts: ['q'], rowCount: 2 }] })
  })
  assert.equal(await look(), false, 'that moment has been decided about')
  clock.advance(2 * HOUR_MS)
  assert.equal(await look(), true)
  await end(arn, 'done')
  await read([imported, { parts: ['q'], rowCount: 2 }])
  clock.advance(2 * HOUR_MS)
  assert.equal(await look(), false)
})

interface Recommender {
  readonly status: string
  readonly latestRecommenderUpdate?: { readonly status: string; readonly creationDateTime: number }
}

/** A server with an ACTIVE recommender, a week later. */
async function weekLater(t: TestContext, flag: 'on' | 'off') {
  const dataFolder = temporaryFolder()
  mkdirSync(join(dataFolder, 'buckets', 'bucket'), { recursive: true })
  const config = readConfig(['--port', '0', '--data', dataFolder, '--auto-training', flag], {})
  const clock = manualClock(NOW_SECONDS * 1000)
  const app = await startApp(config, silentLog, clock)
  t.after(() => app.stop())
  const server = { url: `http://127.0.0.1:${app.port}`, dataFolder }
  const { datasetGroupArn } = await shop(server)
  const { recommenderArn } = await call<{ recommenderArn: string }>(server, 'CreateRecommender', {
    name: 'r',
    datasetGroupArn,
    recipeArn: 'arn:aws:personalize:::recipe/aws-ecomm-popular-items-by-views',
  })
  assert.equal((await settled(server, 'DescribeRecommender', { recommenderArn })).status, 'ACTIVE')
  clock.advance(7 * DAY_MS)
  // Any request that may cause work lets the engine look; a minute of waiting would too. The second look begins when the first is over.
  for (let looks = 0; looks < 2; looks++) {
    const { eventTrackerArn } = await call(server, 'CreateEventTracker', { name: 'e', datasetGroupArn })
    await settled(server, 'DescribeEventTracker', { eventTrackerArn })
    await call(server, 'DeleteEventTracker', { eventTrackerArn })
    await assert.rejects(settled(server, 'DescribeEventTracker', { eventTrackerArn }))
  }
  return { server, recommenderArn, seconds: clock.nowMs() / 1000 }
}

test('over the wire: a week later a recommender has been trained anew', async t => {
  const { server, recommenderArn, seconds } = await weekLater(t, 'on')
  const { latestRecommenderUpdate } = await described<Recommender>(
    server,
    'DescribeRecommender',
    { recommenderArn },
    ({ latestRecommenderUpdate: latest }) => latest?.status === 'ACTIVE',
  )
  assert.equal(latestRecommenderUpdate?.creationDateTime, seconds)
})

test('over the wire, with --auto-training off: nothing has been trained', async t => {
  const { server, recommenderArn } = await weekLater(t, 'off')
  const { recommender: found } = await call<{ recommender: Recommender }>(server, 'DescribeRecommender', {
    recommenderArn,
  })
  assert.deepEqual([found.status, found.latestRecommenderUpdate], ['ACTIVE', undefined])
})
