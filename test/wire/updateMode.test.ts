/** trainingMode UPDATE: what has come since the last full training, without another one. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { importFile, makeSolution } from '../support/flow.ts'
import { answers, metadataShop, versionOf, writeItems } from '../support/metadataShop.ts'
import { itemId, smallWorld } from '../support/sequences.ts'
import { call, post, refuses, testServer } from '../support/server.ts'

test('new items and people are taken in, and nothing else changes', async t => {
  const server = await testServer(t)
  const { group, interactions, items } = await metadataShop(server)
  const solutionArn = await makeSolution(server, group, 'aws-user-personalization')
  const refusal = `trainingMode was UPDATE: the solution ${solutionArn} has no ACTIVE version of trainingMode FULL to start from.`
  const update = { trainingMode: 'UPDATE' }
  await refuses(server, 'CreateSolutionVersion', { solutionArn, ...update }, 'InvalidInputException', refusal)
  const autotrain =
    'trainingMode was AUTOTRAIN: FULL or UPDATE was expected. The schedule of automatic training asks for its versions itself.'
  const asked = { solutionArn, trainingMode: 'AUTOTRAIN' }
  await refuses(server, 'CreateSolutionVersion', asked, 'InvalidInputException', autotrain)

  const full = await versionOf(server, solutionArn)
  const unexplored = { batchInferenceJobConfig: { itemExplorationConfig: { explorationWeight: '0' } } }
  const all = { numResults: smallWorld.items + 5, ...unexplored }
  const old = (items: readonly string[]) => items.filter(item => item !== 'newest')
  const people = ['user-1', 'user-2', 'newcomer', 'stranger']
  const before = await answers(server, full, 'before', people, all)

  writeItems(server, ['newest,2,100,1600001800'])
  await importFile(server, items, 's3://shop/items.csv', { jobName: 'more-items', importMode: 'INCREMENTAL' })
  // A job on the newest full version takes the new item in, and nothing else.
  const fresh = await answers(server, full, 'fresh', people, all)
  assert.ok(people.every(person => fresh[person].recommendedItems.includes('newest')))
  for (const person of people) assert.deepEqual(old(fresh[person].recommendedItems), before[person].recommendedItems)

  // The newcomer walks over the third shelf; the last step is onto something of which nobody knows anything.
  const steps = [20, 21, 22, 23].map((place, i) => `${itemId(place, smallWorld)},${1_600_002_000 + i},newcomer`)
  // An import has a thousand rows at least.
  const others = Array.from({ length: 1000 }, (_, i) => `${itemId(i, smallWorld)},${1_600_002_000 + i},other-${i % 10}`)
  const rows = [
    'ITEM_ID,TIMESTAMP,USER_ID',
    ...others,
    ...steps,
    'unheard-of,1600003000,newcomer',
    'item-7,1600003000,user-2',
    '',
  ]
  writeFileSync(join(server.dataFolder, 'buckets', 'shop', 'more.csv'), rows.join('\n'))
  const more = { jobName: 'more-events', importMode: 'INCREMENTAL' }
  assert.equal((await importFile(server, interactions, 's3://shop/more.csv', more)).status, 'ACTIVE')

  const updated = await versionOf(server, solutionArn, update)
  const reportOf = async (resourceArn: string) => {
    const { text } = await post(server, 'Sommelier.DescribeEvaluation', JSON.stringify({ resourceArn }))
    return JSON.parse(text)
  }
  // What was learnt is the same, so what was measured is.
  assert.deepEqual(await reportOf(updated), { ...(await reportOf(full)), resourceArn: updated })
  const { solutionVersion } = await call<{ solutionVersion: Record<string, unknown> }>(
    server,
    'DescribeSolutionVersion',
    {
      solutionVersionArn: updated,
    },
  )
  assert.equal(solutionVersion.trainingMode, 'UPDATE')
  const metricsOf = async (solutionVersionArn: string) =>
    (await call<{ metrics: object }>(server, 'GetSolutionMetrics', { solutionVersionArn })).metrics
  assert.deepEqual(await metricsOf(updated), await metricsOf(full))

  const after = await answers(server, updated, 'after', people, all)
  assert.deepEqual(old(after['user-1'].recommendedItems), before['user-1'].recommendedItems)
  assert.notDeepEqual(old(after['user-2'].recommendedItems), before['user-2'].recommendedItems)
  assert.deepEqual(before.newcomer, before.stranger)
  assert.equal(after.newcomer.recommendedItems[0], itemId(24, smallWorld))
  const place = (item: string) => after.newcomer.recommendedItems.indexOf(item)
  assert.ok(place('newest') >= 0 && place('newest') < place('new-0'), 'it stands on the shelf where the newcomer walks')
  assert.ok(!after.newcomer.recommendedItems.includes('unheard-of'))
  assert.equal(after.stranger.recommendedItems.length, smallWorld.items + 5)

  // The next update starts from the full version again.
  const again = await versionOf(server, solutionArn, update)
  assert.deepEqual(await answers(server, again, 'again', people, all), after)
})
