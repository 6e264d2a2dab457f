/**
 * A shop that tests of metadata share: everybody walks the ring of sequences.ts, whose items stand on shelves of ten; ITEMS has them with their
 * shelf, and one item more on each shelf, `new-0` … `new-3`, that nobody has touched.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importFile, makeDataset, makeGroup, makeSolution } from './flow.ts'
import { itemId, smallWorld, walks } from './sequences.ts'
import { call, ROLE, settled, type TestServer } from './server.ts'

export const SHELF_LENGTH = 10

const schema = JSON.stringify({
  type: 'record',
  name: 'Items',
  namespace: 'com.amazonaws.personalize.schema',
  fields: [
    { name: 'ITEM_ID', type: 'string' },
    { name: 'SHELF', type: ['null', 'string'], categorical: true },
    { name: 'PRICE', type: 'float' },
    { name: 'CREATION_TIMESTAMP', type: 'long' },
  ],
  version: '1.0',
})

/** When the new items were made: just before the last event, which is some thirty minutes after the first. */
const NEW_SECONDS = 1_600_001_700

export async function metadataShop(server: TestServer) {
  const bucket = join(server.dataFolder, 'buckets', 'shop')
  mkdirSync(bucket, { recursive: true })
  writeFileSync(join(bucket, 'interactions.csv'), walks().csv)
  const shelves = Array.from({ length: smallWorld.items / SHELF_LENGTH }, (_, shelf) => shelf)
  const old = Array.from(
    { length: smallWorld.items },
    (_, i) => `${itemId(i, smallWorld)},${Math.floor(i / SHELF_LENGTH)},${i},1`,
  )
  const fresh = shelves.map(shelf => `new-${shelf},${shelf},100,${NEW_SECONDS}`)
  writeItems(server, [...old, ...fresh])
  const group = await makeGroup(server)
  const interactions = await makeDataset(server, group)
  await importFile(server, interactions, 's3://shop/interactions.csv', { jobName: 'interactions' })
  const items = await makeDataset(server, group, schema, 'Items')
  await importFile(server, items, 's3://shop/items.csv', { jobName: 'items' })
  return { group, interactions, items }
}

export function writeItems({ dataFolder }: TestServer, rows: readonly string[]): void {
  const text = ['ITEM_ID,SHELF,PRICE,CREATION_TIMESTAMP', ...rows, ''].join('\n')
  writeFileSync(join(dataFolder, 'buckets', 'shop', 'items.csv'), text)
}

/** The ARN of an ACTIVE version of a new solution. */
export async function trained(server: TestServer, group: string, recipe: string, more: object = {}): Promise<string> {
  return versionOf(server, await makeSolution(server, group, recipe, more))
}

export async function versionOf(server: TestServer, solutionArn: string, more: object = {}): Promise<string> {
  const { solutionVersionArn } = await call<{ solutionVersionArn: string }>(server, 'CreateSolutionVersion', {
    solutionArn,
    ...more,
  })
  const { status, failureReason } = await settled(server, 'DescribeSolutionVersion', { solutionVersionArn })
  if (status !== 'ACTIVE') throw new Error(`${status}: ${failureReason}`)
  return solutionVersionArn
}

export interface Answer {
  readonly recommendedItems: readonly string[]
  readonly scores: readonly number[]
}

/** The answers of a batch inference job, by user. */
export async function answers(
  server: TestServer,
  solutionVersionArn: string,
  jobName: string,
  users: readonly string[],
  more: object = {},
): Promise<Record<string, Answer>> {
  const bucket = join(server.dataFolder, 'buckets', 'shop')
  mkdirSync(join(bucket, jobName), { recursive: true })
  writeFileSync(join(bucket, jobName, 'in.json'), users.map(userId => JSON.stringify({ userId })).join('\n'))
  const { batchInferenceJobArn } = await call(server, 'CreateBatchInferenceJob', {
    jobName,
    solutionVersionArn,
    jobInput: { s3DataSource: { path: `s3://shop/${jobName}/in.json` } },
    jobOutput: { s3DataDestination: { path: `s3://shop/${jobName}-out/` } },
    roleArn: ROLE,
    ...more,
  })
  const { status, failureReason } = await settled(server, 'DescribeBatchInferenceJob', { batchInferenceJobArn })
  if (status !== 'ACTIVE') throw new Error(`${status}: ${failureReason}`)
  const lines = readFileSync(join(bucket, `${jobName}-out`, 'in.json.out'), 'utf8')
    .trimEnd()
    .split('\n')
  return Object.fromEntries(lines.map(line => JSON.parse(line)).map(({ input, output }) => [input.userId, output]))
}
