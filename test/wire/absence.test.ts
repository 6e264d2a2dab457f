/**
 * Behaviour that every operation shares, driven by the declarations: where nothing is, there is nothing to describe, change or delete; lists
 * are empty; a token that was not given out is refused. And every operation has tests of its own beside this one.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { services } from '../../src/api/index.ts'
import { type Input, smallest } from '../support/samples.ts'
import { arnOf, call, post, refuses, testServer } from '../support/server.ts'

const [{ targetPrefix, operations }] = services
const named = (pattern: RegExp) => operations.filter(({ name }) => pattern.test(name))

/** The least an operation takes, with ARNs of nothing. */
function nothing(operation: (typeof operations)[number]): Input {
  const input = smallest(operation.input)
  for (const member of Object.keys(operation.input.facts.members!)) {
    // What is updated need not be named by the interface model, and must be all the same.
    const wanted = member in input || operation.name.startsWith('Update')
    if (wanted && /[^e]Arn$/.test(member)) input[member] = arnOf('nothing/none')
  }
  return input
}

for (const operation of named(/^(Describe|Delete|Get|Stop|Start|Update|Tag|Untag|ListTags)/)) {
  test(`${operation.name} of what is not there is a ResourceNotFoundException that names it`, async t => {
    const server = await testServer(t)
    const answer = await post(server, `${targetPrefix}.${operation.name}`, JSON.stringify(nothing(operation)))
    const { __type, message } = JSON.parse(answer.text)
    assert.deepEqual([answer.status, __type], [400, 'ResourceNotFoundException'], message)
    assert.ok(message.includes(arnOf('nothing/none')) || message.includes('us-east-1:000000000000:'), message)
    assert.ok(operation.errors.includes(__type), `${operation.name} does not declare it`)
  })
}

for (const operation of named(/^List(?!Tags)/)) {
  test(`${operation.name} is empty where nothing is, for every page length, and takes no token but its own`, async t => {
    const server = await testServer(t)
    const input = nothing(operation)
    const list = Object.keys(operation.output!.facts.members!).find(member => member !== 'nextToken')!
    if (Object.keys(input).length === 0 && operation.name !== 'ListRecipes') {
      for (const maxResults of [undefined, 1, 100]) {
        assert.deepEqual(await call(server, operation.name, { maxResults }), { [list]: [] })
      }
    }
    const message = 'The nextToken was not given out by this list operation with these parameters.'
    for (const nextToken of ['', 'x', 'AAAAAAAAAAAAAAAAMTA=', '0', 'a'.repeat(1500), ' ']) {
      await refuses(server, operation.name, { ...input, nextToken }, 'InvalidNextTokenException', message)
    }
  })
}

/** An ARN of each kind, with what a person calls it. */
const kinds = [
  ['schema/x', 'a schema'],
  ['dataset-group/x', 'a dataset group'],
  ['dataset/x/ITEMS', 'a dataset'],
  ['dataset-import-job/x', 'a dataset import job'],
  ['dataset-export-job/x', 'a dataset export job'],
  ['data-deletion-job/x', 'a data deletion job'],
  ['metric-attribution/x', 'a metric attribution'],
  ['solution/x', 'a solution'],
  ['solution/x/0a1b2c3d', 'a solution version'],
  ['batch-inference-job/x', 'a batch inference job'],
  ['batch-segment-job/x', 'a batch segment job'],
  ['filter/x', 'a filter'],
  ['event-tracker/0a1b2c3d', 'an event tracker'],
  ['campaign/x', 'a campaign'],
  ['recommender/x', 'a recommender'],
] as const
const form = (resource: string) =>
  resource.replace('/x/ITEMS', '/GROUP/TYPE').replace('/0a1b2c3d', '/ID').replace(/\/x/, '/NAME')

test('who gives the ARN of another kind is told which kind it is', async t => {
  const server = await testServer(t)
  for (const [own, wanted] of kinds) {
    const noun = wanted.replace(/^an? /, '').replaceAll(/(?:^| )(.)/g, (_, first: string) => first.toUpperCase())
    const member = `${noun[0].toLowerCase()}${noun.slice(1)}Arn`
    const expected = `that of ${wanted} was expected, ${form(own)}.`
    for (const [other, what] of [...kinds, ['thing/x', undefined]] as const) {
      const is = what === undefined ? 'of no kind of resource' : `that of ${what}`
      const more = other === own ? '' : ` It is ${is}: ${expected}`
      const message = `Resource Arn ${arnOf(other)} does not exist.${more}`
      await refuses(server, `Describe${noun}`, { [member]: arnOf(other) }, 'ResourceNotFoundException', message)
    }
    const recipe = 'arn:aws:personalize:::recipe/aws-sims'
    const message = `Resource Arn ${recipe} does not exist. It is that of a recipe: ${expected}`
    await refuses(server, `Describe${noun}`, { [member]: recipe }, 'ResourceNotFoundException', message)
  }
  const group = arnOf('dataset/x/ITEMS')
  await refuses(
    server,
    'DeleteDatasetGroup',
    { datasetGroupArn: group },
    'ResourceNotFoundException',
    `The given dataset group does not exist: ${group}. It is that of a dataset: that of a dataset group was expected, dataset-group/NAME.`,
  )
})

test('every operation has a test of its own', () => {
  const sources = globSync('test/wire/*.test.ts').filter(path => !/(absence|constraints|shapes)\.test/.test(path))
  const text = [...sources, 'test/flow.test.ts', 'test/support/flow.ts']
    .map(path => readFileSync(path, 'utf8'))
    .join('\n')
  assert.deepEqual(
    operations.map(({ name }) => name).filter(name => !text.includes(`'${name}'`)),
    [],
  )
})
