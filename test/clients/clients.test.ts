/**
 * Clients that we did not write, against the service as its user starts it. `npm run test:clients` makes what these tests need and runs them;
 * without it they are skipped.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { services } from '../../src/api/index.ts'
import { interactionsSchema } from '../support/flow.ts'
import { smallest } from '../support/samples.ts'
import { walks } from '../support/sequences.ts'
import { serverProcess, temporaryFolder } from '../support/server.ts'
import { shopCsv } from '../support/serving.ts'
import { checkAnswers } from './answers.ts'
import {
  awsCli,
  awsCommand,
  boto3,
  type Client,
  ClientRefusal,
  javascriptSdk,
  type Members,
  type Place,
} from './clients.ts'
import { arnIn, deployments, recommendations, refuses, resources } from './flows.ts'
import { refusals } from './refusals.ts'
import { segments, shop } from './shopFlow.ts'
import { makeWorld } from './world.ts'

const bin = process.env.SOMMELIER_TEST_CLIENTS ?? ''
const skip = bin === '' && 'SOMMELIER_TEST_CLIENTS is not set (npm run test:clients sets it)'

/** Questions under way at once: they keep two cores busy. */
const AT_ONCE = 2

/** Each client's own. */
const REGIONS = ['us-east-1', 'eu-west-1', 'ap-south-1']

const anybody = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }

interface Pair {
  readonly client: Client
  /** A quick client of the same region, for questions that are not the point. */
  readonly asker: Client
}

/** Each client in a region of its own. */
function clientsOf(t: TestContext, endpoint: string, keys: Pick<Place, 'accessKeyId' | 'secretAccessKey'>): Pair[] {
  const [javascript, python, cli] = REGIONS.map((region): Place => ({ endpoint, region, ...keys }))
  const clients = [javascriptSdk(javascript), boto3(bin, python), awsCli(bin, cli)]
  return clients.map(client => {
    const asker = javascriptSdk({ endpoint, region: client.region, ...keys })
    t.after(() => {
      client.close()
      asker.close()
    })
    return { client, asker }
  })
}

/** Interactions and users to be answered, in a folder that is a bucket. */
function fillBucket(folder: string): void {
  mkdirSync(join(folder, 'in'), { recursive: true })
  writeFileSync(join(folder, 'interactions.csv'), walks().csv)
  writeFileSync(join(folder, 'shop.csv'), shopCsv())
  writeFileSync(join(folder, 'gone.csv'), 'USER_ID\nuser-3\n')
  writeFileSync(join(folder, 'in', 'users.json'), '{"userId": "user-3"}\n{"userId": "user-59"}\n')
}

test('resources and recommendations through each client, signatures off', { skip }, async t => {
  const folder = temporaryFolder()
  const bucket = join(folder, 'buckets', 'walks')
  fillBucket(bucket)
  const server = await serverProcess(t, folder, ['--auth', 'off'])
  await Promise.all(
    clientsOf(t, server.url, anybody).map(async ({ client, asker }) => {
      await resources(client, asker)
      const trained = await recommendations(client, asker, 'walks')
      await deployments(client, asker, 'walks', trained)
      checkAnswers(readFileSync(join(bucket, 'out', client.region, 'users.json.out'), 'utf8'))
    }),
  )
})

test('filters, recommenders, metrics and data deletion through each client', { skip }, async t => {
  const folder = temporaryFolder()
  const bucket = join(folder, 'buckets', 'walks')
  fillBucket(bucket)
  const server = await serverProcess(t, folder, ['--auth', 'off'])
  await Promise.all(
    clientsOf(t, server.url, anybody).map(async ({ client, asker }) => {
      await shop(client, asker, 'walks')
      const [report] = globSync(join(bucket, 'reports', client.region, '**', '*.csv'))
      assert.ok(report, `${client.name} has a report of its metrics`)
    }),
  )
})

test('from import to recommendations through each client, signatures checked', { skip }, async t => {
  const folder = temporaryFolder()
  const bucket = join(folder, 'buckets', 'walks')
  fillBucket(bucket)
  const server = await serverProcess(t, folder, ['--auth', 'strict'])
  const keys = keysOf(folder, 'tester')
  const policy = join(folder, 'reader.json')
  const statement = { Effect: 'Allow', Action: ['personalize:List*', 'personalize:Describe*'], Resource: '*' }
  writeFileSync(policy, JSON.stringify({ Version: '2012-10-17', Statement: [statement] }))
  const readers = clientsOf(t, server.url, keysOf(folder, 'reader', '--policy', policy))
  const wrongSecret = clientsOf(t, server.url, { ...keys, secretAccessKey: 'wrong' })
  const unknownKey = clientsOf(t, server.url, anybody)
  await Promise.all(
    clientsOf(t, server.url, keys).map(async ({ client, asker }, i) => {
      await resources(client, asker)
      const name = async (other: Client) => other.call('ListSchemas', {}).catch((error: Error) => error.name)
      assert.equal(await name(wrongSecret[i].client), 'SignatureDoesNotMatch')
      assert.equal(await name(unknownKey[i].client), 'InvalidClientTokenId')
      const group = arnIn(client, 'dataset-group/forbidden')
      const denied = await readers[i].client.call('CreateDatasetGroup', { name: 'forbidden' }).catch(error => error)
      assert.deepEqual(
        [denied.name, denied.message],
        [
          'AccessDeniedException',
          `User: arn:aws:iam::000000000000:user/reader is not authorized to perform: personalize:CreateDatasetGroup on resource: ${group} because no identity-based policy allows the personalize:CreateDatasetGroup action`,
        ],
      )
      await recommendations(client, asker, 'walks')
      checkAnswers(readFileSync(join(bucket, 'out', client.region, 'users.json.out'), 'utf8'))
    }),
  )
})

/** Of a new key in the data folder. */
function keysOf(folder: string, user: string, ...more: string[]): Pick<Place, 'accessKeyId' | 'secretAccessKey'> {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
  const args = [main, 'keys', 'create', '--user', user, '--json', '--data', folder, ...more]
  const { AccessKeyId, SecretAccessKey } = JSON.parse(execFileSync(process.execPath, args).toString())
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey }
}

test('the command `aws` itself, as people type it', { skip }, async t => {
  const folder = temporaryFolder()
  const server = await serverProcess(t, folder, ['--auth', 'strict'])
  const place = { endpoint: server.url, region: 'us-east-1', ...keysOf(folder, 'tester') }
  const aws = awsCommand(bin, place)
  const schema = interactionsSchema()
  const schemaArn = arnIn(aws, 'schema/one')
  assert.deepEqual(await aws.call('CreateSchema', { name: 'one', schema }), { schemaArn })
  const [{ schemas }] = await aws.pages('ListSchemas', {}, 1)
  assert.deepEqual(
    (schemas as Members[]).map(({ name }) => name),
    ['one'],
  )
  const message = `Another resource with Arn ${schemaArn} already exists.`
  await refuses(aws, 'CreateSchema', { name: 'one', schema }, 'ResourceAlreadyExistsException', message)
  assert.deepEqual(await aws.call('DeleteSchema', { schemaArn }), {})
  const unsigned = awsCommand(bin, place, ['--no-sign-request'])
  await refuses(unsigned, 'ListSchemas', {}, 'MissingAuthenticationToken', 'Missing Authentication Token')
})

/** The table of refusals.ts, and every list with a token that is none. */
test('every documented refusal, and user segments, through each client', { skip }, async t => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'buckets', 'bucket'), { recursive: true })
  await makeWorld(folder, REGIONS)
  const server = await serverProcess(t, folder, ['--auth', 'lenient', '--auto-training', 'off'])
  await Promise.all(
    clientsOf(t, server.url, anybody).map(async ({ client }) => {
      // All of them, so that a change shows as a whole.
      const [found, expected]: string[][] = [[], []]
      for (const [operation, input, name, message] of refusals(resource => arnIn(client, resource))) {
        const answer = await client
          .call(operation, input)
          .then(JSON.stringify, error => `${error.name}${error.modelled ? '' : ', without a class'}: ${error.message}`)
        found.push(`${operation}: ${answer}`)
        expected.push(`${operation}: ${name}: ${message}`)
      }
      assert.deepEqual(found, expected, client.name)
      const lists = services[0].operations.filter(({ name }) => name.startsWith('List') && !name.startsWith('ListTags'))
      for (const { name } of lists) {
        const message = 'The nextToken was not given out by this list operation with these parameters.'
        await refuses(client, name, { nextToken: 'bogus' }, 'InvalidNextTokenException', message)
      }
      await segments(client)
    }),
  )
})

/** What each client shows of every operation asked with the least it takes: nothing of it exists. */
test('every operation goes through every client, and says the same to each', { skip }, async t => {
  const server = await serverProcess(t, temporaryFolder(), ['--auth', 'lenient'])
  const pairs = clientsOf(t, server.url, anybody)
  const shown = async (client: Client, operation: string, input: Members) => {
    const text = await client.call(operation, input).then(
      output => JSON.stringify(output),
      (error: unknown) => {
        assert.ok(error instanceof ClientRefusal, `${client.name}, ${operation}: ${error}`)
        assert.ok(error.modelled, `${client.name} has no class for ${error.name} of ${operation}`)
        return `${error.name}: ${error.message}`
      },
    )
    // Samples name a region of their own.
    return text.replaceAll(client.region, 'us-east-1').replaceAll(/DateTime":[\d.]+/g, 'DateTime":0')
  }
  const left = [...services[0].operations]
  const compareNext = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const { name, input } = next
      const answers = pairs.map(({ client }) => {
        const members = smallest(input)
        for (const member of Object.keys(members)) {
          if (/Arn$/.test(member) && !/^(role|recipe|algorithm|featureT)/.test(member))
            members[member] = arnIn(client, 'x/none')
        }
        return shown(client, name, members)
      })
      const [first, ...others] = await Promise.all(answers)
      for (const other of others) assert.equal(other, first, name)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, compareNext))
})
