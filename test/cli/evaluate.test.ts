/** What `sommelier evaluate` prints of a report, to the character. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Evaluation, MeasuredModel } from '../../src/cli/answers.ts'
import { cliCommands } from '../../src/cli/index.ts'
import { answering, recordedIo } from './terminal.ts'

const { evaluate } = cliCommands
const arn = 'arn:aws:personalize:us-east-1:000000000000:solution/films/0a1b2c3d'
const interval = (value: number) => ({ value, low: value - 0.01, high: value + 0.01 })
const [reciprocal, reference, textbook] = [
  'mean_reciprocal_rank_at_25',
  'normalized_discounted_cumulative_gain_at_10',
  'textbook_normalized_discounted_cumulative_gain_at_10',
]
const metrics = (value: number) => ({
  [reciprocal]: interval(value),
  [reference]: interval(value / 2),
  [textbook]: interval(value / 4),
  'own\x1b_metric': interval(0),
})
const measured = (value: number): MeasuredModel => ({
  metrics: metrics(value),
  coverage: value,
  novelty: 10 * value,
  intraListSimilarity: value / 2,
  coldItemShare: value / 10,
})
const evaluation: Evaluation = {
  resourceArn: arn,
  recipeArn: 'arn:aws:personalize:::recipe/aws-user-personalization-v2',
  userCount: 6040,
  confidence: 0.95,
  resamples: 1000,
  listLength: 10,
  model: measured(0.4),
  popularity: measured(0.1),
  recentPopularity: measured(0.12),
  gain: { ...metrics(0.3), [reference]: interval(-0.005) },
  byHistoryLength: [
    { from: 1, to: 1, userCount: 1000, model: metrics(0.2), popularity: metrics(0.1) },
    { from: 2, to: 4, userCount: 40, model: metrics(0.4), popularity: metrics(0.1) },
    { from: 200, userCount: 5000, model: metrics(0), popularity: metrics(0.1) },
  ],
  cold: { eventCount: 10, itemShare: 0.25, heldOutShare: 0.0123 },
}
const choice: NonNullable<Evaluation['choice']> = {
  heldOutPairCount: 2048,
  combination: 'log',
  fittedBy: 'likelihood',
  solved: 'all pairs of items',
  ridges: [
    { factor: 0.15, ndcgAt10: 0.1 },
    { factor: 1, ndcgAt10: 0.11 },
  ],
  tried: [
    { combination: 'log', fittedBy: 'likelihood', ndcgAt10: 0.18 },
    { combination: 'linear', fittedBy: 'NDCG', ndcgAt10: 0.09 },
  ],
  experts: [
    { name: 'directional exp(-k/6)', regularization: 300, weight: 0.41, ndcgAt10: 0.15 },
    { name: 'EASE exp(-k/30)', regularization: 500, weight: 0, ndcgAt10: 0.12 },
  ],
  popularityWeight: 0.05,
}

const lines = [
  'films/0a1b2c3d  aws-user-personalization-v2',
  '6,040 users that the model had not seen; intervals of 95 % by 1,000 bootstrap samples of them.',
  '',
  'METRIC             MODEL                    INTERVAL           POPULARITY  LAST 7 DAYS     GAIN  ITS INTERVAL',
  'MRR@25            0.4000  ████████████████  0.3900 to 0.4100       0.1000       0.1200  +0.3000  +0.2900 to +0.3100',
  'NDCG@10           0.2000  ████████          0.1900 to 0.2100       0.0500       0.0600  -0.0050  -0.0150 to +0.0050',
  'NDCG@10 textbook  0.1000  ████              0.0900 to 0.1100       0.0250       0.0300  +0.0750  +0.0650 to +0.0850',
  'own _metric       0.0000                    -0.0100 to 0.0100      0.0000       0.0000  +0.0000  -0.0100 to +0.0100',
  'LAST 7 DAYS is the popularity of the newest week. GAIN is the model less popularity, user by user.',
  'NDCG@K is that of GetSolutionMetrics: its ideal has the same hits on top. NDCG@K textbook, as papers print it: as many hits as there could be.',
  '',
  'EVENTS BEFORE  USERS  NDCG@10 TEXTBOOK                    INTERVAL           POPULARITY',
  '1              1,000            0.0500  ████████          0.0400 to 0.0600       0.0250',
  '2 to 4            40            0.1000  ████████████████  0.0900 to 0.1100       0.0250',
  '200 and more   5,000            0.0000                    -0.0100 to 0.0100      0.0250',
  '',
  'LISTS OF 10                                 MODEL  POPULARITY  LAST 7 DAYS',
  'coverage of the catalogue, by the first 25   40 %        10 %         12 %',
  'novelty: self-information, in bits           4.00        1.00         1.20',
  'similarity within a list: cosine of users   0.200       0.050        0.060',
  'share of cold items                           4 %         1 %        1.2 %',
  'Cold items have fewer than 10 events to learn from: 25 % of the items, 1.2 % of what the users did next.',
]
const choiceLines = [
  '',
  'POOL  log, solved over all pairs of items: chosen on 2,048 events held out of the training, by NDCG@10',
  'WAY                              NDCG@10',
  'log pool, weights by likelihood   0.1800  ████████████████  chosen',
  'linear pool, weights by NDCG      0.0900  ████████',
  'regularization tried: × 0.15 0.1000, × 1 0.1100',
  'EXPERT                   WEIGHT   ALONE  REGULARIZATION',
  'directional exp(-k/6)     0.410  0.1500             300',
  'EASE exp(-k/30)        left out  0.1200             500',
  'popularity, weight 0.050',
]

test('evaluate shows metrics with intervals, both NDCGs by name, baselines, buckets and lists', async t => {
  const { endpoint, asked } = await answering(t, [{ body: evaluation }])
  const io = recordedIo()
  assert.equal(await evaluate.run([arn, '--endpoint', endpoint], io), 0)
  assert.deepEqual(io.said.out.trimEnd().split('\n'), lines)
  assert.deepEqual(asked, [
    {
      target: 'Sommelier.DescribeEvaluation',
      contentType: 'application/x-amz-json-1.1',
      body: { resourceArn: arn },
    },
  ])
})

test('evaluate shows how much of what rose was foretold', async t => {
  const trends = { moments: 10, model: 0.625, popularity: 0.1 }
  const { endpoint } = await answering(t, [{ body: { ...evaluation, trends } }])
  const io = recordedIo()
  assert.equal(await evaluate.run([arn, '--endpoint', endpoint], io), 0)
  assert.deepEqual(io.said.out.trimEnd().split('\n').slice(lines.length), [
    '',
    'TRENDS  at 10 moments at which something rose',
    'The first 25 had 62.5 % of the increase that the best 25 would have had; those of popularity 10 %.',
  ])
})

test('evaluate shows what a pool chose, and why', async t => {
  const { endpoint } = await answering(t, [{ body: { ...evaluation, choice } }])
  const io = recordedIo()
  assert.equal(await evaluate.run([arn, '--endpoint', endpoint], io), 0)
  assert.deepEqual(io.said.out.trimEnd().split('\n').slice(lines.length), choiceLines)
})

test('evaluate shows which recipes were tried, and what each reached', async t => {
  const recipes = {
    metric: 'mean_reciprocal_rank_at_25',
    candidates: [
      {
        recipe: 'aws-user-personalization',
        score: 0.4,
        tries: 10,
        hyperparameters: { bptt: '7', recency_mask: 'true' },
      },
      { recipe: 'aws-user-personalization-v2', score: 0.2, tries: 1, hyperparameters: {} },
    ],
  }
  const { endpoint } = await answering(t, [{ body: { ...evaluation, recipes } }])
  const io = recordedIo()
  assert.equal(await evaluate.run([arn, '--endpoint', endpoint], io), 0)
  assert.deepEqual(io.said.out.trimEnd().split('\n').slice(lines.length), [
    '',
    'CHOICE OF THE RECIPE  by people who have no part in the evaluation above',
    'RECIPE                       MRR@25                    TRIES  BEST WITH',
    'aws-user-personalization     0.4000  ████████████████     10  bptt 7, recency_mask true  chosen',
    'aws-user-personalization-v2  0.2000  ████████              1',
  ])
})

test('evaluate shows what those get of whom nothing is known', async t => {
  const newcomers = {
    heldOutUserCount: 483,
    beginnings: { events: 5, strength: 3, gain: Math.log(1.5) },
    attributes: { count: 29, weight: 0.5, strength: 1, gain: 0.03 },
  }
  const shown = async (of: object) => {
    const { endpoint } = await answering(t, [{ body: { ...evaluation, newcomers: of } }])
    const io = recordedIo()
    assert.equal(await evaluate.run([arn, '--endpoint', endpoint], io), 0)
    return io.said.out.trimEnd().split('\n').slice(lines.length)
  }
  assert.deepEqual(await shown(newcomers), [
    '',
    'PEOPLE WITHOUT A HISTORY  by 483 people held out',
    'They get what people begin with, the first 5 events of each: events 1.50 times as likely as by popularity.',
    'What USERS tells of them, 29 attributes: events 1.03 times as likely again.',
  ])
  const lately = (seconds: number) => ({ seconds, strength: 0.3, gain: Math.log(1.25), heldOutUserCount: 1200 })
  const seasonal = await shown({ ...newcomers, lately: lately(30 * 86_400) })
  assert.equal(
    seasonal[3],
    'What was long ago counts less, half after 30 days: events 1.25 times as likely for 1,200 people who came last.',
  )
  assert.match((await shown({ ...newcomers, lately: lately(3600) }))[3], /half after 1 hour:/)
  assert.deepEqual(await shown({ heldOutUserCount: 40 }), [
    '',
    'PEOPLE WITHOUT A HISTORY  by 40 people held out',
    'They get what is popular: what people begin with is nothing else.',
    'What USERS may tell of them makes no clear difference.',
  ])
})

test('evaluate shows which contexts are listened to', async t => {
  const columns = [
    { column: 'DEVICE', values: 2, weight: 0.7, strength: 3, gain: 0.0312 },
    { column: 'HOUR', values: 24, weight: 0.1, strength: 300, gain: 0.002 },
  ]
  const shown = async (contexts: object) => {
    const { endpoint } = await answering(t, [{ body: { ...evaluation, contexts } }])
    const io = recordedIo()
    assert.equal(await evaluate.run([arn, '--endpoint', endpoint], io), 0)
    return io.said.out.trimEnd().split('\n').slice(lines.length)
  }
  const ndcgAt10 = { without: 0.2, with: 0.2332 }
  const history = { heldOutEventCount: 1999, columns, unheard: ['PAGE', 'SHOP'], ndcgAt10 }
  assert.deepEqual(await shown({ history }), [
    '',
    'CONTEXTS  by 1,999 events held out',
    'COLUMN  VALUES  WEIGHT     GAIN',
    'DEVICE       2    0.70  +0.0312',
    'HOUR        24    0.10  +0.0020',
    'NDCG@10 of what came next: 0.2332 in its context, 0.2000 without. The metrics above are without.',
    'No clear difference: PAGE, SHOP',
  ])
  const none = { heldOutEventCount: 12, columns: [], unheard: ['PAGE'] }
  assert.deepEqual(
    await shown({ history: none, newcomers: { ...none, columns: [columns[0]], heldOutEventCount: 300 } }),
    [
      '',
      'CONTEXTS  by 12 events held out',
      'No clear difference: PAGE',
      '',
      'CONTEXTS OF PEOPLE WITHOUT A HISTORY  by 300 events held out',
      'COLUMN  VALUES  WEIGHT  GAIN',
      'DEVICE       2    0.70  events 1.03 times as likely',
      'No clear difference: PAGE',
    ],
  )
})

test('evaluate shows segments and actions beside their baseline, with bars', async t => {
  const comparison = {
    userCount: 6040,
    confidence: 0.95,
    baseline: 'the people who did the most',
    metrics: [
      {
        name: 'hits_at_1_percent',
        unit: 'items',
        count: 300,
        model: interval(6),
        baseline: interval(3),
        gain: interval(3),
      },
      { name: 'precision_at_5', unit: 'actions', count: 9, model: interval(0.1) },
    ],
    coverage: { model: 0.4, baseline: 0.01 },
    bySize: {
      metric: 'hits_at_1_percent',
      unit: 'items',
      size: 'events of the item',
      buckets: [
        { from: 0, to: 0, count: 20, model: interval(0), baseline: interval(0) },
        { from: 5, to: 9, count: 200, model: interval(2), baseline: interval(4) },
        { from: 5000, count: 1, model: interval(4), baseline: interval(1) },
      ],
    },
  }
  const { endpoint } = await answering(t, [{ body: { resourceArn: arn, recipeArn: evaluation.recipeArn, comparison } }])
  const io = recordedIo()
  assert.equal(await evaluate.run([arn, '--endpoint', endpoint], io), 0)
  assert.deepEqual(io.said.out.trimEnd().split('\n'), [
    'films/0a1b2c3d  aws-user-personalization-v2',
    '6,040 users; intervals of 95 % by bootstrap samples of what each mean is over.',
    '',
    'METRIC        MODEL                    INTERVAL          BASELINE     GAIN  ITS INTERVAL        MEAN OVER',
    'hits at 1 %  6.0000  ████████████████  5.9900 to 6.0100    3.0000  +3.0000  +2.9900 to +3.0100  300 items',
    'precision@5  0.1000  ████████████████  0.0900 to 0.1100                                         9 actions',
    'coverage       40 %                                           1 %',
    'BASELINE is the people who did the most. A bar is full where the model or the baseline, whichever is more, ends.',
    '',
    'EVENTS OF THE ITEM  ITEMS  HITS AT 1 %                    INTERVAL           BASELINE',
    '0                      20       0.0000                    -0.0100 to 0.0100    0.0000',
    '5 to 9                200       2.0000  ████████          1.9900 to 2.0100     4.0000',
    '5000 and more           1       4.0000  ████████████████  3.9900 to 4.0100     1.0000',
  ])
})

test('a pool says why it did not take the way of the greatest NDCG', async t => {
  const [likely, climbed] = choice.tried
  const close = { ...choice, tried: [likely, { ...climbed, ndcgAt10: 0.181 }] }
  const { endpoint } = await answering(t, [{ body: { ...evaluation, choice: close } }])
  const io = recordedIo()
  assert.equal(await evaluate.run([arn, '--endpoint', endpoint], io), 0)
  assert.deepEqual(
    io.said.out
      .trimEnd()
      .split('\n')
      .slice(lines.length + 3, lines.length + 6),
    [
      'log pool, weights by likelihood   0.1800  ███████████████▉  chosen',
      'linear pool, weights by NDCG      0.1810  ████████████████',
      'Weights fitted to NDCG fit chance too: they are taken only where they are clearly better.',
    ],
  )
})

test('a pool of too few events says that its weights are not its own', async t => {
  const plain = { ...choice, fittedBy: 'default', heldOutPairCount: 24, ridges: [], tried: [], popularityWeight: 0 }
  const { endpoint } = await answering(t, [{ body: { ...evaluation, choice: plain } }])
  const io = recordedIo()
  assert.equal(await evaluate.run([arn, '--endpoint', endpoint], io), 0)
  assert.deepEqual(io.said.out.trimEnd().split('\n').slice(lines.length), [
    '',
    'POOL  log, solved over all pairs of items: too few held-out events (24) to fit weights, which are those that other data had',
    ...choiceLines.slice(6, 9),
  ])
})

test('evaluate gives the answer as it is, and refuses one that is none', async t => {
  const { endpoint } = await answering(t, [{ body: evaluation }, { body: {} }])
  const io = recordedIo()
  assert.equal(await evaluate.run([arn, '--json', '--endpoint', endpoint], io), 0)
  assert.equal(io.said.out, `${JSON.stringify(evaluation)}\n`)
  assert.equal(await evaluate.run([arn, '--endpoint', endpoint], io), 2)
  assert.equal(io.said.err, `${endpoint} answered without an evaluation: is that a Sommelier server?\n`)
  const none = recordedIo()
  assert.equal(await evaluate.run([], none), 2)
  assert.equal(none.said.err, 'usage: sommelier evaluate ARN [--json] [--endpoint URL]\n')
})
