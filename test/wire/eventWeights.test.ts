/** eventsConfig, from the request to the metrics and the recommendation. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { derivedSeed, seededRandom } from '../../src/lib/random.ts'
import { importFile, interactionsSchema, makeDataset, makeGroup, makeSolution } from '../support/flow.ts'
import { answers, versionOf } from '../support/metadataShop.ts'
import { call, type TestServer, testServer } from '../support/server.ts'

const USERS = 80

/** After the start, everybody looks at `look` two times in three, and else buys `buy`; four rounds of it. Then comes the start again. */
function csv(): string {
  const rows = ['USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE']
  for (let user = 0; user < USERS; user++) {
    const random = seededRandom(derivedSeed(3, user))
    let time = 1_600_000_000
    for (let round = 0; round < 10; round++) {
      rows.push(`u${user},start,${++time},View`)
      rows.push(random.uniform() < 0.66 ? `u${user},look,${++time},view` : `u${user},buy,${++time},BUY`)
    }
    rows.push(`u${user},start,${++time},View`)
  }
  return `${rows.join('\n')}\n`
}

async function shop(server: TestServer): Promise<string> {
  const bucket = join(server.dataFolder, 'buckets', 'shop')
  mkdirSync(bucket, { recursive: true })
  writeFileSync(join(bucket, 'interactions.csv'), csv())
  const group = await makeGroup(server)
  const dataset = await makeDataset(server, group, interactionsSchema([{ name: 'EVENT_TYPE', type: 'string' }]))
  await importFile(server, dataset, 's3://shop/interactions.csv')
  return group
}

test('what is worth more comes first, and metrics tell of it; only the ratios count', async t => {
  const server = await testServer(t)
  const group = await shop(server)
  const eventsConfig = (view: number, buy: number) => ({
    eventParametersList: [
      { eventType: 'view', weight: view },
      { eventType: 'buy', weight: buy },
    ],
  })
  const recipe = 'aws-user-personalization-v2'
  const solutionArn = await makeSolution(server, group, recipe, {
    solutionConfig: { eventsConfig: eventsConfig(0.1, 0.1) },
  })
  const first = async (version: string, job: string) => {
    const { recommendedItems } = (await answers(server, version, job, ['u0'], { numResults: 3 })).u0
    return recommendedItems.find(item => item !== 'start')
  }
  const alike = await versionOf(server, solutionArn)
  assert.equal(await first(alike, 'alike'), 'look')

  const update = async (view: number, buy: number) => {
    const asked = { solutionArn, solutionUpdateConfig: { eventsConfig: eventsConfig(view, buy) } }
    await call(server, 'UpdateSolution', asked)
    for (;;) {
      const { solution } = await call<{ solution: { latestSolutionUpdate: { status: string } } }>(
        server,
        'DescribeSolution',
        { solutionArn },
      )
      if (solution.latestSolutionUpdate.status === 'ACTIVE') break
    }
    const version = await versionOf(server, solutionArn)
    const { metrics } = await call<{ metrics: Record<string, number> }>(server, 'GetSolutionMetrics', {
      solutionVersionArn: version,
    })
    return { version, metrics }
  }
  const weighted = await update(0.1, 0.9)
  assert.equal(await first(weighted.version, 'weighted'), 'buy')
  const gains = Object.keys(weighted.metrics).filter(name => name.includes('with_event_weights'))
  assert.deepEqual(gains.sort(), [
    'normalized_discounted_cumulative_gain_with_event_weights_at_10',
    'normalized_discounted_cumulative_gain_with_event_weights_at_25',
    'normalized_discounted_cumulative_gain_with_event_weights_at_5',
  ])
  assert.deepEqual((await update(0.05, 0.45)).metrics, weighted.metrics)
})
