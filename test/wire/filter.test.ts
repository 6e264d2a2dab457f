/** Filters over the wire: the resource, its limits, who may use it, and what it does to a batch inference job. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { filter as filterCommand } from '../../src/cli/filter.ts'
import { recordedIo } from '../cli/terminal.ts'
import { schemaText } from '../filters/sample.ts'
import { importFile, interactionsSchema, makeDataset, makeGroup, makeSolution } from '../support/flow.ts'
import {
  arnOf,
  call,
  NOW_SECONDS,
  post,
  ROLE,
  refuses,
  settled,
  type TestServer,
  testServer,
} from '../support/server.ts'

const ITEM_FIELDS = [
  { name: 'ITEM_ID', type: 'string' },
  { name: 'GENRES', type: ['null', 'string'], categorical: true },
  { name: 'YEAR', type: ['null', 'int'] },
  ...Array.from({ length: 24 }, (_, i) => ({ name: `EXTRA${String.fromCharCode(65 + i)}`, type: ['null', 'int'] })),
]
const ITEMS = schemaText('ITEMS', ITEM_FIELDS)
const USERS = schemaText('USERS', [
  { name: 'USER_ID', type: 'string' },
  { name: 'AGE', type: 'int' },
])
const TYPED = interactionsSchema([{ name: 'EVENT_TYPE', type: 'string' }])

async function makeFilter(server: TestServer, datasetGroupArn: string, name: string, filterExpression: string) {
  const { filterArn } = await call<{ filterArn: string }>(server, 'CreateFilter', {
    name,
    datasetGroupArn,
    filterExpression,
  })
  await settled(server, 'DescribeFilter', { filterArn })
  return filterArn
}

test('a filter is made, described, listed, and deleted', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  await makeDataset(server, group, ITEMS, 'Items')
  const filterExpression = 'include ItemID where Items.year >= $SINCE'
  const filterArn = await makeFilter(server, group, 'recent', filterExpression)
  assert.equal(filterArn, arnOf('filter/recent'))
  const dates = { creationDateTime: NOW_SECONDS, lastUpdatedDateTime: NOW_SECONDS }
  const shown = { name: 'recent', filterArn, ...dates, datasetGroupArn: group, status: 'ACTIVE' }
  assert.deepEqual(await call(server, 'DescribeFilter', { filterArn }), { filter: { ...shown, filterExpression } })
  assert.deepEqual(await call(server, 'ListFilters', { datasetGroupArn: group }), { Filters: [shown] })
  assert.deepEqual(await call(server, 'ListFilters', { datasetGroupArn: arnOf('dataset-group/other') }), {
    Filters: [],
  })
  await refuses(
    server,
    'CreateFilter',
    { name: 'recent', datasetGroupArn: group, filterExpression },
    'ResourceAlreadyExistsException',
    `Another resource with Arn ${filterArn} already exists.`,
  )
  assert.equal(await call(server, 'DeleteFilter', { filterArn }), undefined)
  for (;;) {
    const { Filters } = await call<{ Filters: object[] }>(server, 'ListFilters')
    if (Filters.length === 0) break
  }
  const gone = `Resource Arn ${filterArn} does not exist.`
  await refuses(server, 'DescribeFilter', { filterArn }, 'ResourceNotFoundException', gone)
  await refuses(server, 'DeleteFilter', { filterArn }, 'ResourceNotFoundException', gone)
})

test('a mistake in an expression is shown at its character', async t => {
  const server = await testServer(t)
  const datasetGroupArn = await makeGroup(server)
  await makeDataset(server, datasetGroupArn, ITEMS, 'Items')
  const wrong = (filterExpression: string, message: string) =>
    refuses(server, 'CreateFilter', { name: 'f', datasetGroupArn, filterExpression }, 'InvalidInputException', message)
  await wrong(
    'INCLUDE ItemID WHERE Items.GENRES NOT IN ($G)',
    'Could not create filter. Invalid input symbol: $G. Placeholders are not allowed with NOT_IN operator. At character 43:\nINCLUDE ItemID WHERE Items.GENRES NOT IN ($G)\n                                          ^^',
  )
  await wrong(
    'INCLUDE ItemID WHERE Items.YAER > 1990',
    'Could not create filter. Invalid Expression: YAER is not a field of Items; did you mean YEAR? At character 28:\nINCLUDE ItemID WHERE Items.YAER > 1990\n                           ^^^^',
  )
  await wrong(
    'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)',
    'Could not create filter. Invalid Expression: the dataset group has no dataset of type INTERACTIONS. At character 22:\nEXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)\n                     ^^^^^^^^^^^^^^^^^^^^^^^',
  )
  const other = arnOf('dataset-group/other')
  await refuses(
    server,
    'CreateFilter',
    { name: 'f', datasetGroupArn: other, filterExpression: 'INCLUDE ItemID WHERE Items.YEAR > 1970' },
    'ResourceNotFoundException',
    `Resource Arn ${other} does not exist.`,
  )
  await refuses(
    server,
    'CreateFilter',
    { name: 'f', datasetGroupArn, filterExpression: `INCLUDE ItemID WHERE Items.YEAR > ${'1'.repeat(2500)}` },
    'InvalidInputException',
    "1 validation error detected: Value '***' at 'filterExpression' failed to satisfy constraint: Member must have length less than or equal to 2500",
  )
})

test('so many filters in a dataset group, and so many fields in all of them', async t => {
  const server = await testServer(t, ['--limits', 'filters=3'])
  const datasetGroupArn = await makeGroup(server)
  await makeDataset(server, datasetGroupArn, ITEMS, 'Items')
  const naming = (from: number, to: number) =>
    `INCLUDE ItemID WHERE ${ITEM_FIELDS.slice(3 + from, 3 + to)
      .map(({ name }) => `Items.${name} > 0`)
      .join(' OR ')}`
  await makeFilter(server, datasetGroupArn, 'one', naming(0, 10))
  await makeFilter(server, datasetGroupArn, 'two', naming(10, 19))
  const next = { name: 'three', datasetGroupArn, filterExpression: naming(18, 22) }
  await refuses(
    server,
    'CreateFilter',
    next,
    'LimitExceededException',
    'The filters of the dataset group would name 22 different fields; at most 20 were expected. Please delete some and try again.',
  )
  await makeFilter(server, datasetGroupArn, 'three', naming(9, 19))
  await refuses(
    server,
    'CreateFilter',
    { ...next, name: 'four', filterExpression: naming(0, 1) },
    'LimitExceededException',
    'More than 3 resources in ACTIVE state. Please delete some and try again.',
  )
})

test('a dataset group goes after its filters', async t => {
  const server = await testServer(t)
  const datasetGroupArn = await makeGroup(server)
  const datasetArn = await makeDataset(server, datasetGroupArn, ITEMS, 'Items')
  await makeFilter(server, datasetGroupArn, 'f', 'INCLUDE ItemID WHERE Items.YEAR > 1970')
  await call(server, 'DeleteDataset', { datasetArn })
  while ((await call<{ datasets: object[] }>(server, 'ListDatasets', { datasetGroupArn })).datasets.length > 0);
  await refuses(
    server,
    'DeleteDatasetGroup',
    { datasetGroupArn },
    'ResourceInUseException',
    `The dataset group ${datasetGroupArn} still has filters: delete them first.`,
  )
})

const write = (server: TestServer, name: string, text: string): string => {
  const path = join(server.dataFolder, 'buckets/bucket', name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text)
  return `s3://bucket/${name}`
}

const ITEM_COUNT = 40
const GENRES = ['war', 'drama|war', 'comedy', 'drama']

/** 40 users and items, everybody with 30 events: a view of each and, of every third, a purchase. */
async function makeShop(server: TestServer) {
  const group = await makeGroup(server)
  const events = ['USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE']
  for (let user = 0; user < 40; user++)
    for (let n = 0; n < 30; n++)
      events.push(
        `u${user},i${(user * 7 + n * (1 + (user % 3))) % ITEM_COUNT},${1_600_000_000 + n},${n % 3 ? 'view' : 'Purchase'}`,
      )
  const items = Array.from(
    { length: ITEM_COUNT },
    (_, i) => `i${i},${GENRES[i % 4]},${i % 10 === 9 ? '' : 1990 + (i % 10)}`,
  )
  const users = Array.from({ length: 40 }, (_, i) => `u${i},${10 + i}`)
  const imports = [
    ['Interactions', TYPED, `${events.join('\n')}\n`],
    ['Items', schemaText('ITEMS', ITEM_FIELDS.slice(0, 3)), `ITEM_ID,GENRES,YEAR\n${items.join('\n')}\n`],
    ['Users', USERS, `USER_ID,AGE\n${users.join('\n')}\n`],
  ] as const
  for (const [type, schema, text] of imports) {
    const datasetArn = await makeDataset(server, group, schema, type)
    const path = write(server, `${type}.csv`, text)
    const { status, failureReason } = await importFile(server, datasetArn, path, { jobName: `import-${type}` })
    assert.equal(status, 'ACTIVE', String(failureReason))
  }
  const seen = (user: number, type?: string) =>
    new Set(
      events
        .slice(1)
        .map(line => line.split(','))
        .filter(([id, , , each]) => id === `u${user}` && (!type || each.toLowerCase() === type))
        .map(([, item]) => item),
    )
  return { group, seen }
}

async function trained(server: TestServer, group: string, recipe = 'aws-user-personalization-v2') {
  const solutionArn = await makeSolution(server, group, recipe)
  const { solutionVersionArn } = await call<{ solutionVersionArn: string }>(server, 'CreateSolutionVersion', {
    solutionArn,
  })
  const { status, failureReason } = await settled(server, 'DescribeSolutionVersion', { solutionVersionArn })
  assert.equal(status, 'ACTIVE', String(failureReason))
  return solutionVersionArn
}

interface Line {
  readonly input: unknown
  readonly output: { readonly recommendedItems: string[]; readonly scores?: number[] } | null
  readonly error: string | null
}

let jobs = 0
const jobInput = (server: TestServer, solutionVersionArn: string, records: readonly unknown[], more: object) => {
  const jobName = `job${++jobs}`
  const path = write(server, `${jobName}/users.json`, records.map(record => `${JSON.stringify(record)}\n`).join(''))
  return {
    jobName,
    solutionVersionArn,
    jobInput: { s3DataSource: { path } },
    jobOutput: { s3DataDestination: { path: `s3://bucket/${jobName}-out/` } },
    roleArn: ROLE,
    ...more,
  }
}

async function answers(
  server: TestServer,
  version: string,
  records: readonly unknown[],
  more: object,
): Promise<Line[]> {
  const input = jobInput(server, version, records, more)
  const { batchInferenceJobArn } = await call(server, 'CreateBatchInferenceJob', input)
  const { status, failureReason } = await settled(server, 'DescribeBatchInferenceJob', { batchInferenceJobArn })
  assert.equal(status, 'ACTIVE', String(failureReason))
  const text = readFileSync(join(server.dataFolder, `buckets/bucket/${input.jobName}-out/users.json.out`), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
}

const genresOf = (item: string) => GENRES[Number(item.slice(1)) % 4].split('|')
const yearOf = (item: string) => (Number(item.slice(1)) % 10 === 9 ? undefined : 1990 + (Number(item.slice(1)) % 10))

test('batch jobs obey their filters, and give numResults whenever that many pass', async t => {
  const server = await testServer(t)
  const { group, seen } = await makeShop(server)
  const versions = [await trained(server, group), await trained(server, group, 'aws-popularity-count')]
  const users = Array.from({ length: 40 }, (_, i) => ({ userId: `u${i}` }))
  const strangers = { userId: 'stranger', filterValues: 'of which nobody takes notice without a filter' }
  const records = [...users, strangers]
  const numResults = ITEM_COUNT
  /** By version: everything, for users 0 to 39 and a stranger. */
  const everything = new Map<string, Line[]>()
  for (const version of versions) everything.set(version, await answers(server, version, records, { numResults }))
  const asked = [...users, { userId: 'stranger' }]

  await t.test('a fixed one', async () => {
    const filterArn = await makeFilter(
      server,
      group,
      'war',
      'INCLUDE ItemID WHERE Items.GENRES IN ("war") | EXCLUDE ItemID WHERE Items.YEAR < 1993',
    )
    for (const version of versions) {
      const free = everything.get(version)!
      const lines = await answers(server, version, asked, { numResults, filterArn })
      lines.forEach(({ output }, place) => {
        const wanted = free[place].output!.recommendedItems.filter(
          item => genresOf(item).includes('war') && !((yearOf(item) ?? 9999) < 1993),
        )
        assert.deepEqual(output!.recommendedItems, wanted, 'the order is that of everything')
        assert.ok(wanted.length > 5)
        output!.scores?.forEach((score, i) => {
          const at = free[place].output!.recommendedItems.indexOf(wanted[i])
          assert.equal(score, free[place].output!.scores![at], 'scores are those over the whole catalogue')
        })
      })
      if (version === versions[1]) continue
      const few = await answers(server, version, asked, { numResults: 3, filterArn })
      few.forEach(({ output }, place) => {
        assert.deepEqual(output!.recommendedItems, lines[place].output!.recommendedItems.slice(0, 3))
      })
    }
  })

  await t.test('by what the user did, and who the user is', async () => {
    const filterArn = await makeFilter(
      server,
      group,
      'new',
      'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase") | EXCLUDE ItemID WHERE Items.GENRES IN ("war") IF CurrentUser.AGE < 18',
    )
    for (const version of versions) {
      const free = everything.get(version)!
      const lines = await answers(server, version, asked, { numResults, filterArn })
      lines.forEach(({ output }, user) => {
        const bought = seen(user, 'purchase')
        const young = user < 8
        assert.deepEqual(
          output!.recommendedItems,
          free[user].output!.recommendedItems.filter(
            item => !bought.has(item) && !(young && genresOf(item).includes('war')),
          ),
        )
      })
    }
    const again = await makeFilter(server, group, 'again', 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)')
    for (const [user, { output }] of (
      await answers(server, versions[0], asked, { numResults, filterArn: again })
    ).entries())
      assert.deepEqual(new Set(output!.recommendedItems), seen(user))
  })

  await t.test('by the values of each record; what is wrong with them is said in its line', async () => {
    const filterArn = await makeFilter(
      server,
      group,
      'by-values',
      'INCLUDE ItemID WHERE Items.GENRES IN ($G) AND Items.YEAR >= $Y',
    )
    const good = { G: '"war","comedy"', Y: '1995' }
    const given: unknown[] = [
      good,
      { G: '"nothing of the kind"', Y: '"1995"' },
      undefined,
      null,
      { G: '"war"' },
      { ...good, H: '"x"' },
      { G: 'war', Y: '1995' },
      { G: '"war"', Y: 1995 },
      ['"war"'],
    ]
    const both = ['u1', 'stranger'].flatMap(userId => given.map(filterValues => ({ userId, filterValues })))
    for (const version of versions) {
      const lines = await answers(server, version, both, { numResults, filterArn })
      assert.deepEqual(
        lines.map(({ input }) => input),
        both.map(each => JSON.parse(JSON.stringify(each))),
      )
      const free = everything.get(version)!
      for (const [start, who] of [
        [0, 1],
        [given.length, 40],
      ]) {
        const line = (place: number) => lines[start + place]
        const error = (place: number, sentence: string) =>
          assert.deepEqual([line(place).output, line(place).error], [null, `Line ${start + place + 1}: ${sentence}`])
        const wanted = free[who].output!.recommendedItems.filter(
          item => genresOf(item).some(genre => genre !== 'drama') && (yearOf(item) ?? 0) >= 1995,
        )
        assert.deepEqual(line(0).output!.recommendedItems, wanted)
        assert.ok(wanted.length > 5)
        assert.deepEqual(line(1).output!.recommendedItems, [])
        const missing = (name: string) =>
          `filterValues has no value for $${name}: an INCLUDE statement needs one for each of its placeholders.`
        error(2, missing('G'))
        error(3, missing('G'))
        error(4, missing('Y'))
        error(5, 'filterValues has the name H, which is no placeholder of the filter; it has $G, $Y.')
        error(
          6,
          'The value of G in filterValues has to be values in double quotes, or numbers, with commas between them.',
        )
        const example = 'an object such as {"GENRE":"\\"drama\\",\\"war\\""} was expected'
        error(7, `filterValues has for "Y" something that is no string; ${example}.`)
        error(8, `filterValues is no object; ${example}.`)
      }
    }
  })

  await t.test('the data is that of the moment the job was asked for', async () => {
    const filterArn = await makeFilter(server, group, 'old', 'INCLUDE ItemID WHERE Items.YEAR = 1990')
    const input = jobInput(server, versions[1], [{ userId: 'u1' }], { filterArn })
    const { batchInferenceJobArn } = await call(server, 'CreateBatchInferenceJob', input)
    assert.equal(
      (
        await call<{ batchInferenceJob: { filterArn: string } }>(server, 'DescribeBatchInferenceJob', {
          batchInferenceJobArn,
        })
      ).batchInferenceJob.filterArn,
      filterArn,
    )
    await refuses(
      server,
      'DeleteFilter',
      { filterArn },
      'ResourceInUseException',
      `The filter ${filterArn} is used by ${batchInferenceJobArn}, which is CREATE PENDING.`,
    ).catch(async () => {
      // It had begun already, which is as good.
      await refuses(
        server,
        'DeleteFilter',
        { filterArn },
        'ResourceInUseException',
        `The filter ${filterArn} is used by ${batchInferenceJobArn}, which is CREATE IN_PROGRESS.`,
      )
    })
    assert.equal((await settled(server, 'DescribeBatchInferenceJob', { batchInferenceJobArn })).status, 'ACTIVE')
    await call(server, 'DeleteFilter', { filterArn })
  })
})

test('a batch job refuses a filter that is another group’s, about users, or for related items', async t => {
  const server = await testServer(t)
  const { group } = await makeShop(server)
  const version = await trained(server, group, 'aws-popularity-count')
  const other = await makeGroup(server, 'other')
  await makeDataset(server, other, ITEMS, 'Items')
  const refused = (filterArn: string, name: string, message: string) =>
    refuses(server, 'CreateBatchInferenceJob', jobInput(server, version, [], { filterArn }), name, message)
  const of = {
    other: await makeFilter(server, other, 'foreign', 'INCLUDE ItemID WHERE Items.YEAR > 1990'),
    users: await makeFilter(server, group, 'users', 'INCLUDE UserID WHERE Users.AGE > 20'),
    related: await makeFilter(server, group, 'related', 'INCLUDE ItemID WHERE Items.YEAR > CurrentItem.YEAR'),
  }
  await refused(
    arnOf('filter/none'),
    'ResourceNotFoundException',
    `Resource Arn ${arnOf('filter/none')} does not exist.`,
  )
  await refused(
    of.other,
    'InvalidInputException',
    `The filter ${of.other} is of the dataset group ${other}, the solution version of ${group}.`,
  )
  await refused(
    of.users,
    'InvalidInputException',
    `The filter ${of.users} is about UserID: a batch inference job takes one about ItemID.`,
  )
  await refused(
    of.related,
    'InvalidInputException',
    `The filter ${of.related} compares with CurrentItem: that works with related items only, and records of this job name users.`,
  )

  await t.test('ExplainFilter tells what a filter does, and the command prints it', async () => {
    const explain = (input: object) =>
      post(server, 'Sommelier.ExplainFilter', JSON.stringify({ datasetGroupArn: group, ...input }))
    const filterExpression = 'INCLUDE ItemID WHERE Items.GENRES IN ($G) | EXCLUDE ItemID WHERE Items.YEAR >= 1990'
    const asked = { filterExpression, filterValues: { G: '"comedy"' } }
    const { status, text } = await explain(asked)
    assert.equal(status, 200, text)
    assert.deepEqual(JSON.parse(text), {
      tree: ['INCLUDE where', '    ITEMS.GENRES (text) IN $G', 'EXCLUDE where', '    ITEMS.YEAR (number) >= 1990'],
      candidates: 40,
      passing: 0,
      examples: [],
      statements: [
        {
          statement: 'INCLUDE ItemID WHERE Items.GENRES IN ($G)',
          applies: true,
          matching: 10,
          left: 10,
          removesEverything: false,
        },
        {
          statement: 'EXCLUDE ItemID WHERE Items.YEAR >= 1990',
          applies: true,
          matching: 36,
          left: 0,
          removesEverything: true,
        },
      ],
    })
    const wrong = JSON.parse((await explain({ filterExpression })).text)
    assert.equal(wrong.__type, 'InvalidInputException')
    assert.match(
      wrong.message,
      /^filterValues has no value for \$G: .*\nINCLUDE ItemID WHERE Items.GENRES IN \(\$G\).*\n {38}\^\^$/,
    )
    const noItem = JSON.parse((await explain({ ...asked, itemId: 'none' })).text)
    assert.deepEqual(noItem, {
      __type: 'InvalidInputException',
      message: "There is no item 'none' in the data of the dataset group.",
    })

    const io = recordedIo()
    const expression =
      'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*) IF CurrentUser.AGE > 5 | INCLUDE ItemID WHERE Items.YEAR = 1995'
    const args = ['explain', expression, '--dataset-group', group, '--user', 'u3', '--endpoint', server.url]
    assert.equal(await filterCommand.run(args, io), 0, io.said.err)
    assert.equal(
      io.said.out,
      [
        'EXCLUDE where',
        '    INTERACTIONS.EVENT_TYPE (event type) IN any',
        '  if CurrentUser.AGE (number) > 5',
        'INCLUDE where',
        '    ITEMS.YEAR (number) = 1995',
        '',
        'STATEMENT                                                                   MATCHES  LEFT',
        'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*) IF CurrentUser.AGE > 5       30     1',
        'INCLUDE ItemID WHERE Items.YEAR = 1995                                            4     4',
        '',
        '1 of 40 pass, among them i15.',
        '',
      ].join('\n'),
    )
  })
})
