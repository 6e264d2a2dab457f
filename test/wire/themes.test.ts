/** batchInferenceJobMode THEME_GENERATION, from the request to the lines of its output, and what it is refused for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeSolution } from '../support/flow.ts'
import { call, ROLE, refuses, settled, testServer } from '../support/server.ts'
import { trainedVersion } from '../support/serving.ts'
import { askedFor, itemsSchema, NAME, ROOM, textShop } from '../support/textShop.ts'

const THEMES = {
  batchInferenceJobMode: 'THEME_GENERATION',
  themeGenerationConfig: { fieldsForThemeGeneration: { itemName: 'NAME' } },
}

test('lists of related items get a title, and are ordered by how much each item has to do with it', async t => {
  const server = await testServer(t)
  const group = await textShop(server)
  const version = await trainedVersion(server, await makeSolution(server, group, 'aws-similar-items'))
  const records = [{ itemId: 'item-12' }, { itemId: 'item-31', note: 'ü' }, { itemId: 'lamp-0' }, { itemId: '' }]
  const asked = { ...THEMES, numResults: 5 }
  const lines = await askedFor(server, version, 'themed', records, asked)
  const plain = await askedFor(server, version, 'plain', records, { numResults: 5 })
  assert.deepEqual(
    lines.map(({ input }) => input),
    records,
  )
  assert.equal(lines[3].error, plain[3].error)
  for (const [place, { output }] of lines.slice(0, 3).entries()) {
    assert.deepEqual(Object.keys(output!), ['recommendedItems', 'theme', 'itemsThemeRelevanceScores'])
    const { recommendedItems, itemsThemeRelevanceScores: scores = [] } = output!
    assert.deepEqual(recommendedItems.toSorted(), plain[place].output!.recommendedItems.toSorted())
    assert.equal(scores.length, recommendedItems.length)
    assert.deepEqual(
      scores,
      scores.toSorted((a, b) => b - a),
    )
    for (const score of scores) {
      assert.ok(score >= -0.1 && score <= 1)
      assert.equal(score, Math.round(score * 1e7) / 1e7)
    }
  }
  assert.match(lines[0].output!.theme!, /garden gnome/i)
  assert.match(lines[1].output!.theme!, /paper napkin/i)
  assert.match(lines[2].output!.theme!, /^\p{Lu}/u)
  assert.deepEqual(await askedFor(server, version, 'again', records, asked), lines)

  const { batchInferenceJob } = await call<{ batchInferenceJob: Record<string, unknown> }>(
    server,
    'DescribeBatchInferenceJob',
    {
      batchInferenceJobArn: version.replace(/solution\/.*/, 'batch-inference-job/themed'),
    },
  )
  assert.deepEqual(
    [batchInferenceJob.batchInferenceJobMode, batchInferenceJob.themeGenerationConfig],
    [THEMES.batchInferenceJobMode, THEMES.themeGenerationConfig],
  )

  const { filterArn } = await call<{ filterArn: string }>(server, 'CreateFilter', {
    name: 'roomless',
    datasetGroupArn: group,
    filterExpression: 'EXCLUDE ItemID WHERE Items.ROOM IN ($ROOMS)',
  })
  await settled(server, 'DescribeFilter', { filterArn })
  const of = (...rooms: string[]) => ({ ROOMS: rooms.map(room => `"${room}"`).join(',') })
  const rooms = ['room l', 'room g', 'room m', 'room p', 'study']
  const filtered = await askedFor(
    server,
    version,
    'filtered',
    [
      { itemId: 'item-12', filterValues: of('room g') },
      { itemId: 'item-12', filterValues: of(...rooms) },
    ],
    { ...asked, filterArn },
  )
  assert.ok(filtered[0].output!.recommendedItems.every(item => !/^item-1\d$/.test(item)))
  assert.equal(filtered[1].output, null)
  assert.equal(
    filtered[1].error,
    'Line 2: nothing is written about the 3 items that are recommended; a theme is made of what NAME, TEXT, ROOM say about them.',
  )

  const job = {
    jobName: 'no',
    solutionVersionArn: version,
    jobInput: { s3DataSource: { path: 's3://shop/in' } },
    jobOutput: { s3DataDestination: { path: 's3://shop/out/' } },
    roleArn: ROLE,
  }
  const named = (itemName: string) => ({ ...THEMES, themeGenerationConfig: { fieldsForThemeGeneration: { itemName } } })
  const at = 'themeGenerationConfig.fieldsForThemeGeneration.itemName'
  for (const [given, message] of [
    [
      { batchInferenceJobMode: 'THEME_GENERATION' },
      `batchInferenceJobMode was THEME_GENERATION: it needs ${at}, the column of ITEMS with the items' names.`,
    ],
    [
      named('TITLE'),
      `${at} was 'TITLE': a column of strings in the schema of ITEMS was expected, which has NAME, TEXT, ROOM.`,
    ],
    [
      named('CREATION_TIMESTAMP'),
      `${at} was 'CREATION_TIMESTAMP': a column of strings in the schema of ITEMS was expected, which has NAME, TEXT, ROOM.`,
    ],
  ] as const)
    await refuses(server, 'CreateBatchInferenceJob', { ...job, ...given }, 'InvalidInputException', message)
  const many = Array.from({ length: 101 }, () => ({ itemId: 'item-1' }))
  await assert.rejects(askedFor(server, version, 'many', many, asked), {
    message: /has 101 records; at most 100 were expected in one file\.$/,
  })
})

test('themes need a column of text', async t => {
  const server = await testServer(t)
  const group = await textShop(server, { schema: itemsSchema([NAME, ROOM]) })
  const solutionVersionArn = await trainedVersion(server, await makeSolution(server, group, 'aws-similar-items'))
  await refuses(
    server,
    'CreateBatchInferenceJob',
    {
      jobName: 'no',
      solutionVersionArn,
      jobInput: { s3DataSource: { path: 's3://shop/in' } },
      jobOutput: { s3DataDestination: { path: 's3://shop/out/' } },
      roleArn: ROLE,
      ...THEMES,
    },
    'InvalidInputException',
    'batchInferenceJobMode was THEME_GENERATION: the schema of ITEMS has no field with "textual": true.',
  )
})
