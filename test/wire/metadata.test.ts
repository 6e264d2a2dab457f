/** What ITEMS tells, from the import to the recommendation. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { schemaText } from '../filters/sample.ts'
import { importFile, makeDataset } from '../support/flow.ts'
import { answers, metadataShop, SHELF_LENGTH, trained, versionOf } from '../support/metadataShop.ts'
import { itemId, smallWorld, walks } from '../support/sequences.ts'
import { arnOf, call, ROLE, refuses, settled, testServer } from '../support/server.ts'

const users = Array.from({ length: smallWorld.users }, (_, user) => `user-${user}`)
const { lastItem } = walks()
/** Of the new items, the one on the shelf where the user goes next. */
const ownShelf = (user: string) => `new-${Math.floor(((lastItem.get(user)! + 1) % smallWorld.items) / SHELF_LENGTH)}`
const all = { numResults: smallWorld.items + 4 }

for (const recipe of ['aws-user-personalization-v2', 'aws-user-personalization']) {
  test(`${recipe}: items that nobody has touched are recommended by their metadata`, async t => {
    const server = await testServer(t)
    const { group } = await metadataShop(server)
    // Explored places show the scores of others.
    const unexplored = { batchInferenceJobConfig: { itemExplorationConfig: { explorationWeight: '0' } } }
    const asked = { ...all, ...(recipe === 'aws-user-personalization' && unexplored) }
    const of = await answers(server, await trained(server, group, recipe), 'all', [...users, 'stranger'], asked)
    let [own, next] = [0, 0]
    for (const user of users) {
      const { recommendedItems, scores } = of[user]
      assert.equal(recommendedItems.length, smallWorld.items + 4)
      assert.ok(
        Math.abs(scores.reduce((sum, score) => sum + score, 0) - 1) < 1e-5,
        'scores are over the whole catalogue',
      )
      if (recommendedItems.find(item => item.startsWith('new-')) === ownShelf(user)) own++
      if (recommendedItems[0] === itemId(lastItem.get(user)! + 1, smallWorld)) next++
    }
    assert.ok(own > 0.7 * users.length, `the first new item is of the right shelf for ${own} of ${users.length}`)
    // What people do next is known of the old items: a new one does not push it away.
    assert.ok(next > 0.8 * users.length, `the next item comes first for ${next} of ${users.length}`)
    // Without a history all that is known of them is that nobody has touched them.
    assert.deepEqual(of.stranger.recommendedItems.slice(-4), ['new-0', 'new-1', 'new-2', 'new-3'])
  })
}

test('exploration gives new items places, by draws of the job for each person', async t => {
  const server = await testServer(t)
  const { group } = await metadataShop(server)
  const version = await trained(server, group, 'aws-user-personalization')
  const asked = async (jobName: string, itemExplorationConfig?: object) =>
    answers(server, version, jobName, [...users, 'stranger'], {
      numResults: 10,
      ...(itemExplorationConfig && { batchInferenceJobConfig: { itemExplorationConfig } }),
    })
  const newIn = (of: Awaited<ReturnType<typeof asked>>, place: number) =>
    users.filter(user => of[user].recommendedItems.slice(0, place).some(item => item.startsWith('new-'))).length
  const pure = await asked('pure', { explorationWeight: '0' })
  const standard = await asked('standard')
  const full = await asked('full', { explorationWeight: '1', explorationItemAgeCutOff: '10' })
  assert.ok(newIn(pure, 3) < 3 && newIn(standard, 3) > newIn(pure, 3) && newIn(full, 3) > newIn(standard, 3))
  for (const user of [...users, 'stranger']) {
    const { recommendedItems, scores } = full[user]
    assert.equal(new Set(recommendedItems).size, 10)
    assert.ok(scores.every((score, place) => place === 0 || score <= scores[place - 1]))
    const old = recommendedItems.filter(item => !item.startsWith('new-'))
    const before = pure[user].recommendedItems.filter(item => !item.startsWith('new-'))
    assert.deepEqual(old, before.slice(0, old.length))
  }
  assert.notDeepEqual(await asked('full-again', { explorationWeight: '1', explorationItemAgeCutOff: '10' }), full)
  // Everything is older than that: the new items came a minute before the newest event.
  assert.deepEqual(await asked('old', { explorationWeight: '1', explorationItemAgeCutOff: '0.0001' }), pure)

  const config = (given: object) => ({
    jobName: 'no',
    solutionVersionArn: version,
    jobInput: { s3DataSource: { path: 's3://shop/in' } },
    jobOutput: { s3DataDestination: { path: 's3://shop/out/' } },
    roleArn: ROLE,
    batchInferenceJobConfig: { itemExplorationConfig: given },
  })
  const at = 'batchInferenceJobConfig.itemExplorationConfig'
  for (const [given, message] of [
    [{ explorationWeight: '2' }, `${at}.explorationWeight was '2': a number from 0 to 1 was expected.`],
    [
      { explorationItemAgeCutOff: '0' },
      `${at}.explorationItemAgeCutOff was '0': a number of days above 0 was expected.`,
    ],
  ] as const)
    await refuses(server, 'CreateBatchInferenceJob', config(given), 'InvalidInputException', message)
})

test('an objective raises what is worth more, and its metric is shown', async t => {
  const server = await testServer(t)
  const { group, items } = await metadataShop(server)
  const objective = (objectiveSensitivity: string, itemAttribute = 'PRICE') => ({
    solutionConfig: { optimizationObjective: { itemAttribute, objectiveSensitivity } },
  })
  const priceOf = (item: string) => (item.startsWith('new') ? 100 : Number(item.split('-')[1]))
  const price = (items: readonly string[]) => items.reduce((sum, item) => sum + priceOf(item), 0)
  const found: number[] = []
  for (const [place, sensitivity] of ['OFF', 'HIGH'].entries()) {
    const name = `of-${place}`
    const version = await trained(server, group, 'aws-user-personalization', { name, ...objective(sensitivity) })
    const { metrics } = await call<{ metrics: Record<string, number> }>(server, 'GetSolutionMetrics', {
      solutionVersionArn: version,
    })
    assert.equal('average_rewards_at_k' in metrics, sensitivity !== 'OFF')
    const filtered = await answers(server, version, name, users, { numResults: 5 })
    found.push(users.reduce((sum, user) => sum + price(filtered[user].recommendedItems), 0))
  }
  assert.ok(found[1] > found[0], `${found}`)
  const asked = { name: 'no', datasetGroupArn: group }
  const at = 'solutionConfig.optimizationObjective'
  for (const [recipe, more, message] of [
    [
      'aws-user-personalization-v2',
      objective('LOW'),
      `${at} was given: it is for aws-user-personalization and aws-personalized-ranking, this solution is of aws-user-personalization-v2.`,
    ],
    [
      'aws-personalized-ranking',
      objective('LOW', 'SHELF'),
      `${at}.itemAttribute was 'SHELF': a numeric column of ITEMS that cannot be null was expected, which are PRICE.`,
    ],
    [
      'aws-user-personalization',
      { solutionConfig: { optimizationObjective: { objectiveSensitivity: 'HIGH' } } },
      `${at}.itemAttribute is missing: a numeric column of ITEMS was expected.`,
    ],
  ] as const) {
    const recipeArn = `arn:aws:personalize:::recipe/${recipe}`
    await refuses(server, 'CreateSolution', { ...asked, recipeArn, ...more }, 'InvalidInputException', message)
  }

  await call(server, 'DeleteDataset', { datasetArn: items })
  await assert.rejects(settled(server, 'DescribeDataset', { datasetArn: items }))
  await call(server, 'DeleteSchema', { schemaArn: arnOf('schema/group-items') })
  const fields = ['ITEM_ID', 'SHELF'].map(name => ({
    name,
    type: 'string',
    ...(name === 'SHELF' && { categorical: true }),
  }))
  const others = await makeDataset(server, group, schemaText('ITEMS', fields), 'Items')
  const version = () => versionOf(server, arnOf('solution/of-1'))
  await assert.rejects(version, /optimizes for PRICE, and ITEMS has no data: import it first\./)
  writeFileSync(join(server.dataFolder, 'buckets', 'shop', 'others.csv'), 'ITEM_ID,SHELF\nnew-0,0\n')
  await importFile(server, others, 's3://shop/others.csv', { jobName: 'others' })
  await assert.rejects(version, /optimizes for PRICE, and the schema of ITEMS has no such numeric field any more\./)
})

test('columns that are excluded are not learnt from', async t => {
  const server = await testServer(t)
  const { group } = await metadataShop(server)
  const excluded = { ITEMS: ['SHELF', 'PRICE', 'CREATION_TIMESTAMP'] }
  const solutionConfig = { trainingDataConfig: { excludedDatasetColumns: excluded } }
  const version = await trained(server, group, 'aws-user-personalization-v2', { solutionConfig })
  const of = await answers(server, version, 'all', users, all)
  const firsts = new Set(users.map(user => of[user].recommendedItems.find(item => item.startsWith('new-'))))
  assert.deepEqual(
    [...firsts],
    ['new-0'],
    'new items of which nothing may be known are alike: the first by id comes first',
  )
})
