/** What carried a recommendation, over the wire: in a ring that everybody walks, the last step above all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cliCommands } from '../../src/cli/index.ts'
import { recordedIo } from '../cli/terminal.ts'
import { makeSolution } from '../support/flow.ts'
import { itemId, smallWorld, walks } from '../support/sequences.ts'
import { post, testServer } from '../support/server.ts'
import { trained, trainedVersion } from '../support/serving.ts'

test('recommendations are explained by the items that carried them', async t => {
  const server = await testServer(t)
  const { solutionVersionArn: resourceArn, datasetGroupArn } = await trained(server, 'aws-user-personalization-v2')
  const ask = async (input: object) => {
    const { status, text } = await post(server, 'Sommelier.ExplainRecommendations', JSON.stringify(input))
    return { status, body: JSON.parse(text) }
  }
  const last = walks().lastItem.get('user-7')!
  const { status, body } = await ask({ resourceArn, userId: 'user-7', numResults: 4 })
  assert.equal(status, 200, JSON.stringify(body))
  const { items, ...rest } = body
  assert.deepEqual(rest, {
    resourceArn,
    recipeArn: 'arn:aws:personalize:::recipe/aws-user-personalization-v2',
    userId: 'user-7',
    eventCount: smallWorld.events,
  })
  assert.equal(items.length, 4)
  assert.equal(items[0].itemId, itemId(last + 1, smallWorld))
  assert.equal(items[0].carriers[0].itemId, itemId(last, smallWorld))
  for (const [at, { rank, score, base, carriers, others, probability }] of items.entries()) {
    assert.equal(rank, at + 1)
    assert.ok(probability > 0 && probability < 1)
    const sum = carriers.reduce((all: number, { weight }: { weight: number }) => all + weight, base + others.weight)
    assert.ok(Math.abs(sum - score) < 1e-9)
    assert.ok(carriers.length <= 10)
    if (at > 0) assert.ok(score <= items[at - 1].score + 1e-5)
    // Probabilities are the softmax of scores, so that their quotients are those of two items.
    assert.ok(Math.abs(Math.log(probability / items[0].probability) - (score - items[0].score)) < 1e-4)
  }
  // Of the first generation scores are small numbers before they are scaled: here they are told as they count.
  const first = await trainedVersion(
    server,
    await makeSolution(server, datasetGroupArn, 'aws-user-personalization', { name: 'first' }),
  )
  const [best, next] = (await ask({ resourceArn: first, userId: 'user-7', numResults: 2 })).body.items
  assert.ok(Math.abs(Math.log(next.probability / best.probability) - (next.score - best.score)) < 1e-4)

  // One item alone is explained as it is in the list.
  const alone = await ask({ resourceArn, userId: 'user-7', itemId: items[2].itemId })
  assert.deepEqual(alone.body.items, [items[2]])

  const stranger = await ask({ resourceArn, userId: 'nobody', numResults: 1 })
  assert.equal(stranger.body.eventCount, 0)
  assert.deepEqual(stranger.body.items[0].carriers, [])
  assert.equal(stranger.body.items[0].base, stranger.body.items[0].score)

  const refused = async (input: object, message: string) =>
    assert.deepEqual(await ask(input), { status: 400, body: { __type: 'InvalidInputException', message } })
  await refused({ resourceArn, userId: 'user-7', itemId: 'none' }, "The model does not know the item 'none'.")
  const similar = await trainedVersion(
    server,
    await makeSolution(server, datasetGroupArn, 'aws-sims', { name: 'sims' }),
  )
  await refused(
    { resourceArn: similar, userId: 'user-7' },
    "The recipe aws-sims is of the type RELATED_ITEMS: only recommendations for a user can be explained by the user's history.",
  )

  const io = recordedIo()
  const args = [resourceArn, '--user', 'user-7', '--num-results', '4', '--json', '--endpoint', server.url]
  assert.equal(await cliCommands.explain.run(args, io), 0)
  assert.deepEqual(JSON.parse(io.said.out), body)
})
