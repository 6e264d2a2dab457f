/**
 * A shop whose items have names and descriptions: everybody walks the ring of sequences.ts, whose forty items are of four kinds, ten in a row
 * each; ITEMS has a fifth kind that nobody has touched, and items of which nothing is written.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importFile, makeDataset, makeGroup } from './flow.ts'
import { itemId, smallWorld, walks } from './sequences.ts'
import { call, ROLE, settled, type TestServer } from './server.ts'

export const KINDS = ['lunch bag', 'garden gnome', 'metal sign', 'paper napkin'] as const
/** As many items each. */
export const KIND_LENGTH = smallWorld.items / KINDS.length
const COLOURS = ['red', 'blue', 'green', 'white', 'black', 'pink', 'grey', 'brown', 'gold', 'teal']

interface Field {
  readonly name: string
  readonly type: string | readonly string[]
  readonly categorical?: boolean
  readonly textual?: boolean
  readonly itemName?: boolean
}

const ID: Field = { name: 'ITEM_ID', type: 'string' }
export const NAME: Field = { name: 'NAME', type: ['null', 'string'], itemName: true }
export const TEXT: Field = { name: 'TEXT', type: ['null', 'string'], textual: true }
export const ROOM: Field = { name: 'ROOM', type: ['null', 'string'], categorical: true }
export const MADE: Field = { name: 'CREATION_TIMESTAMP', type: 'long' }

export const itemsSchema = (fields: readonly Field[] = [NAME, TEXT, ROOM, MADE]): string =>
  JSON.stringify({
    type: 'record',
    name: 'Items',
    namespace: 'com.amazonaws.personalize.schema',
    fields: [ID, ...fields],
    version: '1.0',
  })

/** `lamp-0` … are of a kind of their own; `bare-0` … have an id and no more. */
const csv = (): string => {
  const walked = Array.from({ length: smallWorld.items }, (_, i) => {
    const kind = KINDS[Math.floor(i / KIND_LENGTH)]
    const colour = COLOURS[i % KIND_LENGTH]
    return `${itemId(i, smallWorld)},${colour.toUpperCase()} ${kind.toUpperCase()},"A ${kind} in ${colour}",room ${kind[0]},${1_500_000_000 + i}`
  })
  const lamps = Array.from(
    { length: 6 },
    (_, i) => `lamp-${i},Desk lamp ${COLOURS[i]},"A lamp of brass",study,${1_600_000_000 - 86_400 * (5 - i)}`,
  )
  const bare = Array.from({ length: 3 }, (_, i) => `bare-${i},,,,1500000000`)
  return ['ITEM_ID,NAME,TEXT,ROOM,CREATION_TIMESTAMP', ...walked, ...lamps, ...bare, ''].join('\n')
}

/** Without interactions where `walked` is false. */
export async function textShop(server: TestServer, { walked = true, name = 'texts', schema = itemsSchema() } = {}) {
  const bucket = join(server.dataFolder, 'buckets', 'shop')
  mkdirSync(bucket, { recursive: true })
  writeFileSync(join(bucket, 'interactions.csv'), walks().csv)
  writeFileSync(join(bucket, 'items.csv'), csv())
  const group = await makeGroup(server, name)
  const load = async (type: 'Interactions' | 'Items', file: string, text?: string) => {
    const dataset = await makeDataset(server, group, text, type)
    const job = await importFile(server, dataset, `s3://shop/${file}`, { jobName: `${name}-${file.split('.')[0]}` })
    if (job.status !== 'ACTIVE') throw new Error(`${job.failureReason}`)
  }
  if (walked) await load('Interactions', 'interactions.csv')
  await load('Items', 'items.csv', schema)
  return group
}

export interface Line {
  readonly input: unknown
  readonly output: {
    readonly recommendedItems: readonly string[]
    readonly theme?: string
    readonly itemsThemeRelevanceScores?: readonly number[]
  } | null
  readonly error: string | null
}

/** What a batch inference job makes of the records, or why it failed. */
export async function askedFor(
  server: TestServer,
  solutionVersionArn: string,
  jobName: string,
  records: readonly object[],
  more: object = {},
): Promise<Line[]> {
  const bucket = join(server.dataFolder, 'buckets', 'shop')
  mkdirSync(join(bucket, jobName), { recursive: true })
  writeFileSync(join(bucket, jobName, 'in.json'), records.map(record => JSON.stringify(record)).join('\n'))
  const { batchInferenceJobArn } = await call(server, 'CreateBatchInferenceJob', {
    jobName,
    solutionVersionArn,
    jobInput: { s3DataSource: { path: `s3://shop/${jobName}/in.json` } },
    jobOutput: { s3DataDestination: { path: `s3://shop/${jobName}-out/` } },
    roleArn: ROLE,
    ...more,
  })
  const { status, failureReason } = await settled(server, 'DescribeBatchInferenceJob', { batchInferenceJobArn })
  if (status !== 'ACTIVE') throw new Error(`${failureReason}`)
  const text = readFileSync(join(bucket, `${jobName}-out`, 'in.json.out'), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
}
