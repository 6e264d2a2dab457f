/** Batch segment jobs through the API, compared with what plain scores say. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { importFile, interactionsSchema, makeDataset, makeGroup, makeSolution } from '../support/flow.ts'
import { itemId, smallWorld, walks } from '../support/sequences.ts'
import { call, ROLE, refuses, settled, testServer } from '../support/server.ts'
import { trainedVersion } from '../support/serving.ts'

const schemaOf = (name: string, fields: object[]) =>
  JSON.stringify({
    type: 'record',
    name,
    namespace: 'com.amazonaws.personalize.schema',
    fields,
    version: '1.0',
  })

const itemsSchema = schemaOf('Items', [
  { name: 'ITEM_ID', type: 'string' },
  { name: 'TOPIC', type: 'string', categorical: true },
  { name: 'LEVEL', type: 'int' },
  { name: 'CREATION_TIMESTAMP', type: 'long' },
])
const usersSchema = schemaOf('Users', [
  { name: 'USER_ID', type: 'string' },
  { name: 'REGION', type: 'string', categorical: true },
])

const ids = (count: number, row: (i: number) => string) => Array.from({ length: count }, (_, i) => row(i)).join('\n')

test('batch segment jobs', async t => {
  const server = await testServer(t)
  let jobs = 0

  const put = (path: string, content: string) => {
    const file = join(server.dataFolder, 'buckets', 'bucket', path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
  const input = (solutionVersionArn: string, from: string, more: object = {}) => ({
    jobName: `segments-${++jobs}`,
    solutionVersionArn,
    jobInput: { s3DataSource: { path: `s3://bucket/${from}` } },
    jobOutput: { s3DataDestination: { path: `s3://bucket/out-${jobs}/` } },
    roleArn: ROLE,
    ...more,
  })
  /** The answer's lines, read as JSON, and the job as described. */
  const run = async (solutionVersionArn: string, content: string, more: object = {}) => {
    put(`in-${jobs + 1}.json`, content)
    const asked = input(solutionVersionArn, `in-${jobs + 1}.json`, more)
    const { batchSegmentJobArn } = await call<{ batchSegmentJobArn: string }>(server, 'CreateBatchSegmentJob', asked)
    const job = await settled(server, 'DescribeBatchSegmentJob', { batchSegmentJobArn })
    if (job.status !== 'ACTIVE') return { job, text: '', lines: [] }
    const out = join(server.dataFolder, 'buckets/bucket', `out-${jobs}/in-${jobs}.json.out`)
    const text = readFileSync(out, 'utf8')
    return {
      job,
      text,
      lines: text
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line)),
    }
  }

  put('walks.csv', walks().csv)
  put(
    'items.csv',
    `ITEM_ID,TOPIC,LEVEL,CREATION_TIMESTAMP\n${ids(smallWorld.items, i => `${itemId(i, smallWorld)},${i % 2 ? 'garden|tools' : 'kitchen'},${i % 4},1600000000`)}\n`,
  )
  put('users.csv', `USER_ID,REGION\n${ids(smallWorld.users, i => `user-${i},${i % 3 ? 'north' : 'south'}`)}\n`)
  const group = await makeGroup(server)
  const datasets: Record<string, string> = {}
  for (const [type, schema, file] of [
    ['Interactions', interactionsSchema(), 'walks.csv'],
    ['Items', itemsSchema, 'items.csv'],
    ['Users', usersSchema, 'users.csv'],
  ]) {
    const dataset = await makeDataset(server, group, schema, type)
    datasets[type] = dataset
    const { status } = await importFile(server, dataset, `s3://bucket/${file}`, { jobName: `import-${type}` })
    assert.equal(status, 'ACTIVE')
  }
  const byItem = await trainedVersion(server, await makeSolution(server, group, 'aws-item-affinity'))
  const byAttributes = await trainedVersion(server, await makeSolution(server, group, 'aws-item-attribute-affinity'))

  await t.test('whoever stands before an item is drawn to it', async () => {
    const { lastItem } = walks()
    const { job, lines, text } = await run(byItem, '{"itemId": "item-7"}\n\n{"itemId":"item-20","note":1}\n', {
      numResults: 10,
    })
    assert.equal((job as { numResults?: number }).numResults, 10)
    assert.equal(lines.length, 2)
    assert.match(
      text,
      /^\{"input": \{"itemId": "item-7"\}, "output": \{"usersList": \["user-\d+"(,"user-\d+"){9}\]\}, "error": null\}\n/,
    )
    assert.deepEqual(lines[1].input, { itemId: 'item-20', note: 1 })
    for (const [line, item] of [
      [0, 7],
      [1, 20],
    ]) {
      const users: string[] = lines[line].output.usersList
      assert.equal(new Set(users).size, 10)
      const near = users.filter(user => (item - lastItem.get(user)! + 40) % 40 <= 8)
      const expected = (10 * 8) / 40
      assert.ok(near.length > 2 * expected, `${near.length} of 10 stand within eight steps before item ${item}`)
    }
  })

  await t.test('attributes: the users of the items that carry them, all conditions at once', async () => {
    const { lines } = await run(
      byAttributes,
      [
        { itemAttributes: 'ITEMS.topic = "garden"' },
        { itemAttributes: 'items.TOPIC = "garden" AND ITEMS.TOPIC = "tools" AND ITEMS.level = 1' },
        { itemAttributes: 'ITEMS.LEVEL = 3' },
        { itemAttributes: 'ITEMS.TOPIC = "kitchen" AND ITEMS.LEVEL = 1' },
        { itemAttributes: 'ITEMS.TOPIC IN ("garden")' },
        { itemAttributes: 'ITEMS.TOPIK = "garden"' },
        { itemAttributes: 'ITEMS.CREATION_TIMESTAMP = 1600000000' },
        { itemAttributes: 7 },
        { itemId: 'item-1' },
      ]
        .map(record => JSON.stringify(record))
        .join('\n'),
    )
    for (const line of lines.slice(0, 3)) {
      assert.equal(line.error, null)
      assert.equal(line.output.usersList.length, 25)
    }
    assert.notDeepEqual(lines[0].output, lines[2].output)
    assert.deepEqual(
      lines.slice(3).map(({ output, error }) => [output, error]),
      [
        'Line 4: no item of the training has itemAttributes "ITEMS.TOPIC = \\"kitchen\\" AND ITEMS.LEVEL = 1".',
        'Line 5: itemAttributes is "ITEMS.TOPIC IN (\\"garden\\")": TOPIC is compared by IN, and only = is possible; an expression such as ITEMS.topic = "garden" AND ITEMS.level = 2 was expected.',
        'Line 6: itemAttributes is "ITEMS.TOPIK = \\"garden\\"": TOPIK is not a field of ITEMS; did you mean TOPIC? At character 7.',
        'Line 7: itemAttributes is "ITEMS.CREATION_TIMESTAMP = 1600000000": CREATION_TIMESTAMP is reserved and no attribute; an expression such as ITEMS.topic = "garden" AND ITEMS.level = 2 was expected.',
        'Line 8: itemAttributes is a number; a string was expected.',
        'Line 9: itemAttributes is missing; an object such as {"itemAttributes":"ITEMS.topic = \\"garden\\""} was expected.',
      ].map(error => [null, error]),
    )
  })

  await t.test('bad records keep their place; the job goes on', async () => {
    const { lines, job } = await run(byItem, 'nonsense\n{"itemId":"nobody"}\n{"itemId":""}\n{"itemId":"item-1"}')
    assert.equal(job.status, 'ACTIVE')
    assert.deepEqual(
      lines.map(({ error, input: echo }) => [echo, error === null ? null : error.replace(/\(.*\)/, '(…)')]),
      [
        ['nonsense', 'Line 1 is not JSON (…); an object such as {"itemId":"105"} was expected.'],
        [
          { itemId: 'nobody' },
          'Line 2: the item "nobody" was not in the data of the training; one that was is needed.',
        ],
        [{ itemId: '' }, 'Line 3: itemId is empty; 1 to 256 characters were expected.'],
        [{ itemId: 'item-1' }, null],
      ],
    )
  })

  await t.test('a filter about users narrows the segment and fills it', async () => {
    const { filterArn } = await call<{ filterArn: string }>(server, 'CreateFilter', {
      name: 'region',
      datasetGroupArn: group,
      filterExpression: 'INCLUDE UserID WHERE Users.REGION IN ($REGION)',
    })
    await settled(server, 'DescribeFilter', { filterArn })
    const { lines } = await run(
      byItem,
      '{"itemId":"item-3","filterValues":{"REGION":"\\"south\\""}}\n{"itemId":"item-3"}\n',
      { filterArn, numResults: 40 },
    )
    const users: string[] = lines[0].output.usersList
    assert.equal(users.length, smallWorld.users / 3)
    assert.ok(users.every(user => Number(user.slice(5)) % 3 === 0))
    assert.match(lines[1].error, /^Line 2: .*REGION/)
  })

  await t.test('more records than a file may have, an empty input, a filter that does not go with it', async () => {
    const { job } = await run(byAttributes, '{"itemAttributes":"ITEMS.LEVEL = 1"}\n'.repeat(11))
    assert.equal(job.status, 'CREATE FAILED')
    assert.match(job.failureReason!, /has 11 records; at most 10 were expected in one file\.$/)
    const ofItems = await call<{ filterArn: string }>(server, 'CreateFilter', {
      name: 'items',
      datasetGroupArn: group,
      filterExpression: 'EXCLUDE ItemID WHERE Items.LEVEL = 1',
    })
    const ofEvents = await call<{ filterArn: string }>(server, 'CreateFilter', {
      name: 'events',
      datasetGroupArn: group,
      filterExpression: 'EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("*")',
    })
    for (const each of [ofItems, ofEvents]) await settled(server, 'DescribeFilter', each)
    await refuses(
      server,
      'CreateBatchSegmentJob',
      input(byItem, 'x.json', ofItems),
      'InvalidInputException',
      `The filter ${ofItems.filterArn} is about ItemID: a batch segment job takes one about UserID.`,
    )
    await refuses(
      server,
      'CreateBatchSegmentJob',
      input(byAttributes, 'x.json', ofEvents),
      'InvalidInputException',
      `The filter ${ofEvents.filterArn} asks for Interactions: that does not work with aws-item-attribute-affinity.`,
    )
  })

  await t.test('attributes are those of the training, whatever becomes of ITEMS', async () => {
    const record = JSON.stringify({ itemAttributes: 'ITEMS.TOPIC = "garden"' })
    const before = await run(byAttributes, record)
    put('other.csv', `ITEM_ID,TOPIC,LEVEL,CREATION_TIMESTAMP\n${itemId(0, smallWorld)},garden,1,1600000000\n`)
    // A replaced part leaves the disk with the work that ends next.
    for (const jobName of ['replaced', 'again'])
      assert.equal((await importFile(server, datasets.Items, 's3://bucket/other.csv', { jobName })).status, 'ACTIVE')
    const after = await run(byAttributes, record)
    assert.deepEqual([after.job.failureReason, after.text], [undefined, before.text])
    await call(server, 'DeleteDataset', { datasetArn: datasets.Items })
    await run(byItem, JSON.stringify({ itemId: itemId(0, smallWorld) }))
    assert.equal((await run(byAttributes, record)).text, before.text)
  })

  await t.test('the metrics are those of segments', async () => {
    for (const solutionVersionArn of [byItem, byAttributes]) {
      const { metrics } = await call<{ metrics: Record<string, number> }>(server, 'GetSolutionMetrics', {
        solutionVersionArn,
      })
      assert.deepEqual(Object.keys(metrics).sort(), ['coverage', 'hits_at_1_percent', 'recall_at_1_percent'])
      for (const value of Object.values(metrics)) assert.ok(value >= 0 && value <= 1)
    }
  })
})
