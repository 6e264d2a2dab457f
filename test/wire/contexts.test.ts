/** Contexts of events, from the import to the lines of batch jobs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atDesk, contextShop, linesFor } from '../support/contextShop.ts'
import { trained } from '../support/metadataShop.ts'
import { call, post, settled, testServer } from '../support/server.ts'

const without = {
  solutionConfig: { trainingDataConfig: { excludedDatasetColumns: { INTERACTIONS: ['DEVICE', 'HOUR'] } } },
}
const outputOf = (line: string) => JSON.parse(line).output
/** The answer without the question. */
const answerIn = (line: string) => line.slice(line.indexOf(',"output":'))

for (const recipe of ['aws-user-personalization', 'aws-user-personalization-v2'])
  test(`${recipe} answers for the context of a record`, async t => {
    const server = await testServer(t)
    const group = await contextShop(server)
    const version = await trained(server, group, recipe)
    const deaf = await trained(server, group, recipe, { name: 'deaf', ...without })

    const records: object[] = [
      { userId: 'user-1' },
      { userId: 'user-1', context: { DEVICE: 'phone' } },
      { userId: 'user-1', context: { DEVICE: 'desk' } },
      { userId: 'stranger', context: { DEVICE: 'phone' } },
      { userId: 'stranger', context: { DEVICE: 'desk', HOUR: '13', COLOUR: 'red' } },
      { userId: 'stranger' },
      // Of these nothing is known:
      { userId: 'user-1', context: { DEVICE: 'watch' } },
      { userId: 'user-1', context: { COLOUR: 'red', SIZE: '9' } },
      { userId: 'user-1', context: {} },
      { userId: 'user-1', context: null },
      // These are no contexts:
      { userId: 'user-1', context: 'phone' },
      { userId: 'user-1', context: ['phone'] },
      { userId: 'user-1', context: { DEVICE: 5 } },
      { userId: 'user-1', context: { DEVICE: 'x'.repeat(1001) } },
    ]
    const exploring = recipe.endsWith('-v2')
      ? {}
      : { batchInferenceJobConfig: { itemExplorationConfig: { explorationWeight: '0' } } }
    const asked = { numResults: 8, ...exploring }
    const found = await linesFor(server, version, 'job', records, asked)
    const plain = await linesFor(server, deaf, 'deaf', records, asked)
    assert.equal(found.length, records.length)
    assert.equal(atDesk(outputOf(found[1]).recommendedItems), 0)
    assert.equal(atDesk(outputOf(found[2]).recommendedItems), 8)
    assert.equal(atDesk(outputOf(found[3]).recommendedItems), 0)
    assert.equal(atDesk(outputOf(found[4]).recommendedItems), 8)
    for (const line of [1, 2, 3, 4]) {
      const { scores } = outputOf(found[line])
      assert.ok(scores.every((score: number, place: number) => place === 0 || score <= scores[place - 1]))
      assert.ok(scores[7] > 0 && scores.reduce((sum: number, score: number) => sum + score, 0) <= 1)
      assert.notEqual(answerIn(plain[line]), answerIn(found[line]))
    }
    // Without a context, or with one that says nothing, exactly what a model gives that has learnt of none.
    for (const line of [0, 5, 6, 7, 8, 9]) assert.equal(found[line], plain[line])
    for (const line of [6, 7, 8, 9]) assert.equal(answerIn(found[line]), answerIn(found[0]))
    const expected = 'an object such as {"DEVICE":"mobile"} was expected.'
    assert.deepEqual(
      found.slice(10).map(line => JSON.parse(line).error),
      [
        `Line 11: context is no object; ${expected}`,
        `Line 12: context is no object; ${expected}`,
        `Line 13: context has for "DEVICE" something that is no string; ${expected}`,
        'Line 14: context has for "DEVICE" more than 1000 characters.',
      ],
    )
    assert.deepEqual(
      plain.slice(10).map(line => answerIn(line)),
      found.slice(10).map(line => answerIn(line)),
    )

    // New items find room in a context as they do without.
    if (exploring.batchInferenceJobConfig) {
      const explored = await linesFor(server, version, 'exploring', records.slice(1, 3), { numResults: 8 })
      for (const { recommendedItems, scores } of explored.map(outputOf)) {
        assert.equal(new Set(recommendedItems).size, 8)
        assert.ok(scores.every((score: number, place: number) => place === 0 || score <= scores[place - 1]))
      }
    }

    // A filter narrows what a context finds.
    const { filterArn } = await call(server, 'CreateFilter', {
      name: 'filter',
      datasetGroupArn: group,
      filterExpression: 'EXCLUDE ItemID WHERE Interactions.event_type IN ("*")',
    })
    await settled(server, 'DescribeFilter', { filterArn })
    const filtered = await linesFor(server, version, 'filtered', records.slice(0, 6), {
      ...asked,
      numResults: 20,
      filterArn,
    })
    const everything = await linesFor(server, version, 'all', records.slice(0, 6), { ...asked, numResults: 20 })
    for (const line of [1, 2]) {
      const left: string[] = outputOf(filtered[line]).recommendedItems
      const all: string[] = outputOf(everything[line]).recommendedItems
      assert.deepEqual([left.length < 20, all.length], [true, 20])
      assert.deepEqual(
        left,
        all.filter(item => left.includes(item)),
      )
    }
    assert.equal(answerIn(filtered[3]), answerIn(everything[3]))
  })

test('aws-personalized-ranking-v2 ranks a list in a context; DescribeEvaluation and ExplainRecommendations tell of it', async t => {
  const server = await testServer(t)
  const version = await trained(server, await contextShop(server), 'aws-personalized-ranking-v2')
  const itemList = ['item-1', 'item-11', 'item-2', 'item-12']
  const ask = (context: object | undefined) => ({ userId: 'user-7', itemList, ...(context && { context }) })
  const lines = await linesFor(server, version, 'lists', [
    ask(undefined),
    ask({ DEVICE: 'phone' }),
    ask({ DEVICE: 'desk' }),
    ask({ DEVICE: 'watch' }),
    { ...ask(undefined), context: 3 },
  ])
  assert.equal(atDesk(outputOf(lines[1]).recommendedItems.slice(0, 2)), 0)
  assert.equal(atDesk(outputOf(lines[2]).recommendedItems.slice(0, 2)), 2)
  assert.equal(answerIn(lines[3]), answerIn(lines[0]))
  assert.equal(
    JSON.parse(lines[4]).error,
    'Line 5: context is no object; an object such as {"DEVICE":"mobile"} was expected.',
  )

  const ours = async (name: string, input: object) =>
    JSON.parse((await post(server, `Sommelier.${name}`, JSON.stringify(input))).text)
  const { contexts: both } = await ours('DescribeEvaluation', { resourceArn: version })
  assert.deepEqual(Object.keys(both), ['history'])
  const contexts = both.history
  assert.deepEqual(
    [contexts.columns.map(({ column }: { column: string }) => column), contexts.unheard],
    [['DEVICE'], ['HOUR']],
  )
  const [{ values, weight, gain }] = contexts.columns
  assert.equal(values, 2)
  assert.ok(weight > 0.5 && gain > 0.15, `${weight} ${gain}`)
  // Ten items of twenty can come, and each is twice as likely.
  assert.ok(contexts.ndcgAt10.with > 1.5 * contexts.ndcgAt10.without, JSON.stringify(contexts.ndcgAt10))

  const asked = { resourceArn: version, userId: 'user-7', numResults: 3 }
  const plain = await ours('ExplainRecommendations', asked)
  assert.ok(!('unheard' in plain) && plain.items.every((item: object) => !('contexts' in item)))
  for (const userId of ['user-7', 'stranger']) {
    const context = { DEVICE: 'desk', HOUR: '3' }
    const explained = await ours('ExplainRecommendations', { ...asked, userId, context })
    assert.deepEqual(explained.unheard, ['HOUR'])
    assert.equal(explained.items.length, 3)
    for (const { itemId, score, base, carriers, others, contexts: parts } of explained.items) {
      assert.equal(atDesk([itemId]), 1)
      assert.equal(parts.length, 1)
      assert.ok(parts[0].column === 'DEVICE' && parts[0].weight > 0)
      const sum = carriers.reduce((total: number, each: { weight: number }) => total + each.weight, base)
      assert.ok(Math.abs(sum + others.weight + parts[0].weight - score) < 1e-4)
    }
    const second = explained.items[1]
    const [alone] = (await ours('ExplainRecommendations', { ...asked, userId, context, itemId: second.itemId })).items
    assert.deepEqual(alone, second)
  }
})
