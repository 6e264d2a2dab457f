/** People of whom USERS tells something and no event is known, from the import to the lines of batch jobs. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { importFile, makeDataset, makeGroup, makeSolution } from '../support/flow.ts'
import { answers, trained, versionOf } from '../support/metadataShop.ts'
import { call, post, ROLE, settled, type TestServer, testServer } from '../support/server.ts'

const usersSchema = JSON.stringify({
  type: 'record',
  name: 'Users',
  namespace: 'com.amazonaws.personalize.schema',
  fields: [
    { name: 'USER_ID', type: 'string' },
    { name: 'SIDE', type: ['null', 'string'], categorical: true },
  ],
  version: '1.0',
})

/** Four hundred people of the left take items 0 to 9 and those of the right items 10 to 19; four more are in USERS alone. */
async function sides(server: TestServer): Promise<{ group: string; users: string }> {
  const bucket = join(server.dataFolder, 'buckets', 'shop')
  mkdirSync(bucket, { recursive: true })
  const random = seededRandom(3)
  const side = (user: number) => (user % 2 === 0 ? 'left' : 'right')
  const people = Array.from({ length: 400 }, (_, user) => user)
  const events = people.flatMap(user =>
    Array.from(
      { length: 6 },
      (_, at) => `user-${user},item-${10 * (user % 2) + random.below(10)},${1_600_000_000 + at}`,
    ),
  )
  writeFileSync(join(bucket, 'events.csv'), `USER_ID,ITEM_ID,TIMESTAMP\n${events.join('\n')}\n`)
  const rows = [
    ...people.map(user => `user-${user},${side(user)}`),
    'new-left,left',
    'new-right,right',
    'new-none,',
    'new-odd,odd',
  ]
  writeFileSync(join(bucket, 'users.csv'), `USER_ID,SIDE\n${rows.join('\n')}\n`)
  const group = await makeGroup(server)
  const interactions = await makeDataset(server, group)
  await importFile(server, interactions, 's3://shop/events.csv', { jobName: 'events' })
  const users = await makeDataset(server, group, usersSchema, 'Users')
  await importFile(server, users, 's3://shop/users.csv', { jobName: 'users' })
  return { group, users }
}

const ofSide = (items: readonly string[], right: boolean) =>
  items.filter(item => Number(item.slice(5)) >= 10 === right).length

for (const recipe of ['aws-user-personalization', 'aws-user-personalization-v2'])
  test(`${recipe}: somebody without a history gets what those like them took`, async t => {
    const server = await testServer(t)
    const { group } = await sides(server)
    const version = await trained(server, group, recipe)
    const asked = ['new-left', 'new-right', 'new-none', 'new-odd', 'stranger', 'user-0']
    const found = await answers(server, version, 'job', asked, { numResults: 8 })
    assert.equal(ofSide(found['new-left'].recommendedItems, false), 8)
    assert.equal(ofSide(found['new-right'].recommendedItems, true), 8)
    // Of whom nothing is told that others share gets what everybody gets.
    assert.deepEqual(found['new-none'], found.stranger)
    assert.deepEqual(found['new-odd'], found.stranger)
    const { scores } = found['new-left']
    assert.ok(scores.every((score, place) => place === 0 || score <= scores[place - 1]))
    assert.ok(scores[7] > 0 && scores.reduce((sum, score) => sum + score, 0) <= 1)

    // Exploration is no part of an explanation.
    const explained = async (asked: object) => {
      const input = JSON.stringify({ resourceArn: version, userId: 'new-left', ...asked })
      return JSON.parse((await post(server, 'Sommelier.ExplainRecommendations', input)).text)
    }
    const { items, eventCount } = await explained({ numResults: 8 })
    assert.equal(eventCount, 0)
    if (recipe.endsWith('-v2'))
      assert.deepEqual(
        items.map(({ itemId }: { itemId: string }) => itemId),
        found['new-left'].recommendedItems,
      )
    const [third] = (await explained({ itemId: items[2].itemId })).items
    assert.deepEqual(third, items[2])
    assert.deepEqual([third.rank, third.carriers, third.base], [3, [], third.score])

    const { filterArn } = await call(server, 'CreateFilter', {
      name: 'filter',
      datasetGroupArn: group,
      filterExpression: 'EXCLUDE ItemID WHERE Interactions.event_type IN ("*")',
    })
    await settled(server, 'DescribeFilter', { filterArn })
    const filtered = await answers(server, version, 'filtered', ['new-left', 'new-right', 'stranger'], {
      numResults: 8,
      filterArn,
    })
    // With User-Personalization new items explore by default, and everything is new here.
    for (const person of ['new-left', 'new-right', 'stranger'])
      assert.deepEqual(filtered[person].recommendedItems.toSorted(), found[person].recommendedItems.toSorted())
  })

test('aws-personalized-ranking-v2 ranks a list for somebody without a history', async t => {
  const server = await testServer(t)
  const version = await trained(server, (await sides(server)).group, 'aws-personalized-ranking-v2')
  const bucket = join(server.dataFolder, 'buckets', 'shop')
  const itemList = ['item-1', 'item-11', 'item-2', 'item-12']
  const lines = ['new-left', 'new-right'].map(userId => JSON.stringify({ userId, itemList }))
  writeFileSync(join(bucket, 'lists.json'), lines.join('\n'))
  const { batchInferenceJobArn } = await call(server, 'CreateBatchInferenceJob', {
    jobName: 'lists',
    solutionVersionArn: version,
    jobInput: { s3DataSource: { path: 's3://shop/lists.json' } },
    jobOutput: { s3DataDestination: { path: 's3://shop/out/' } },
    roleArn: ROLE,
  })
  assert.equal((await settled(server, 'DescribeBatchInferenceJob', { batchInferenceJobArn })).status, 'ACTIVE')
  const found = readFileSync(join(bucket, 'out', 'lists.json.out'), 'utf8')
    .trimEnd()
    .split('\n')
  const [left, right] = found.map(line => JSON.parse(line).output.recommendedItems as string[])
  assert.deepEqual([ofSide(left.slice(0, 2), false), ofSide(right.slice(0, 2), true)], [2, 2])
})

test('trainingMode UPDATE reads anew what USERS tells of people without a history', async t => {
  const server = await testServer(t)
  const { group, users } = await sides(server)
  const solutionArn = await makeSolution(server, group, 'aws-user-personalization')
  const full = await versionOf(server, solutionArn)
  const exploring = { batchInferenceJobConfig: { itemExplorationConfig: { explorationWeight: '0' } } }
  const asked = { numResults: 8, ...exploring }
  const people = ['new-left', 'new-right', 'later-left', 'later-right', 'user-1', 'stranger']
  const before = await answers(server, full, 'before', people, asked)
  assert.deepEqual(before['later-left'], before.stranger)

  // Two people more, and one who has changed sides.
  const rows = ['USER_ID,SIDE', 'later-left,left', 'later-right,right', 'new-right,left', '']
  writeFileSync(join(server.dataFolder, 'buckets', 'shop', 'more.csv'), rows.join('\n'))
  await importFile(server, users, 's3://shop/more.csv', { jobName: 'more', importMode: 'INCREMENTAL' })
  const after = await answers(
    server,
    await versionOf(server, solutionArn, { trainingMode: 'UPDATE' }),
    'after',
    people,
    asked,
  )
  assert.deepEqual(after, {
    ...before,
    'later-left': before['new-left'],
    'later-right': before['new-right'],
    'new-right': before['new-left'],
  })
})
