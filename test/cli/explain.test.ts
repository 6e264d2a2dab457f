/** What `sommelier explain` prints, to the character. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExplainedList } from '../../src/cli/answers.ts'
import { cliCommands } from '../../src/cli/index.ts'
import { answering, recordedIo } from './terminal.ts'

const { explain } = cliCommands
const arn = 'arn:aws:personalize:us-east-1:000000000000:solution/films/0a1b2c3d'
const carriers = [
  { itemId: 'film-1', events: 1, weight: 2 },
  { itemId: 'film-2', events: 3, weight: 1 },
  { itemId: 'film\x1b3', events: 1, weight: -0.5 },
  { itemId: 'film-4', events: 1, weight: 0.25 },
]
const explained: ExplainedList = {
  resourceArn: arn,
  recipeArn: 'arn:aws:personalize:::recipe/aws-user-personalization-v2',
  userId: 'user-7',
  eventCount: 1200,
  items: [
    { itemId: 'a', rank: 1, probability: 0.25, score: -1.15, base: -4, carriers, others: { items: 2, weight: 0.1 } },
    {
      itemId: 'b',
      rank: 1234,
      probability: 0.00004,
      score: -4,
      base: -4,
      carriers: [],
      others: { items: 0, weight: 0 },
    },
  ],
}
const header = ['films/0a1b2c3d  aws-user-personalization-v2  for user-7']
const told =
  'By the newest 1,200 events of theirs. A score is the sum of its weights; the softmax of scores gives probabilities.'

test('explain shows each recommendation with what carried it', async t => {
  const { endpoint, asked } = await answering(t, [{ body: explained }])
  const io = recordedIo()
  assert.equal(await explain.run([arn, '--user', 'user-7', '--endpoint', endpoint], io), 0, io.said.err)
  assert.deepEqual(io.said.out.trimEnd().split('\n'), [
    ...header,
    told,
    '',
    ' RANK  ITEM  PROBABILITY   SCORE  WEIGHT  CARRIED BY',
    '    1  a          0.2500  -1.150   2.000  film-1               ████████████████',
    '                                   1.000  film-2 × 3           ████████',
    '                                  -0.500  film 3',
    '                                   0.350  3 others',
    '                                  -4.000  without them',
    '1,234  b          0.0000  -4.000  -4.000  what everybody gets',
  ])
  assert.deepEqual(asked, [
    {
      target: 'Sommelier.ExplainRecommendations',
      contentType: 'application/x-amz-json-1.1',
      body: { resourceArn: arn, userId: 'user-7', numResults: 10 },
    },
  ])
})

test('explain of somebody unknown says so; flags go to the server', async t => {
  const unknown = { ...explained, eventCount: 0, items: [explained.items[1]] }
  const { endpoint, asked } = await answering(t, [{ body: unknown }])
  const io = recordedIo()
  const flags = ['--user', 'user-7', '--item', 'b', '--num-results', '3', '--because', '1']
  assert.equal(await explain.run([arn, ...flags, '--endpoint', endpoint], io), 0)
  assert.equal(
    io.said.out.split('\n')[1],
    'The model has no events of theirs to look at: it gives what it gives to everybody it does not know.',
  )
  assert.deepEqual(asked[0].body, { resourceArn: arn, userId: 'user-7', itemId: 'b', numResults: 3 })
})

test('explain shows what a context adds, and which of it says nothing', async t => {
  const contexts = [{ column: 'DEVICE', weight: 0.75 }]
  const inContext = { ...explained, unheard: ['COLOUR'], items: [{ ...explained.items[0], carriers: [], contexts }] }
  const { endpoint, asked } = await answering(t, [{ body: inContext }])
  const io = recordedIo()
  const flags = ['--user', 'user-7', '--context', 'DEVICE=a=b', '--context', 'COLOUR=']
  assert.equal(await explain.run([arn, ...flags, '--endpoint', endpoint], io), 0, io.said.err)
  assert.deepEqual(io.said.out.trimEnd().split('\n').slice(1), [
    told,
    'The model is not told anything by COLOUR.',
    '',
    'RANK  ITEM  PROBABILITY   SCORE  WEIGHT  CARRIED BY',
    '   1  a          0.2500  -1.150   0.100  2 others',
    '                                  0.750  DEVICE',
    '                                 -4.000  what everybody gets',
  ])
  assert.deepEqual((asked[0].body as { context: object }).context, { DEVICE: 'a=b', COLOUR: '' })
})

test('explain refuses what it cannot ask, and an answer that is none', async t => {
  const { endpoint } = await answering(t, [{ body: {} }])
  const mistakes: [string[], string][] = [
    [[arn], '--user takes the id of a user; it was not given.\n'],
    [
      [arn, '--user', 'u', '--num-results', '101'],
      "--num-results takes a whole number from 1 to 100; it was given '101'.\n",
    ],
    [[arn, '--user', 'u', '--context', '=red'], "--context takes COLUMN=VALUE; '=red' is not of that form.\n"],
    [[arn, '--user', 'u', '--because', '0'], "--because takes a whole number from 1 to 10; it was given '0'.\n"],
    [[arn, '--user', 'u'], `${endpoint} answered without recommendations: is that a Sommelier server?\n`],
  ]
  for (const [args, sentence] of mistakes) {
    const io = recordedIo()
    assert.equal(await explain.run([...args, '--endpoint', endpoint], io), 2)
    assert.equal(io.said.err, sentence)
  }
})
