/** A shop whose people take items 0 to 9 on a phone and 10 to 19 at a desk, and are at either by chance: nothing but the device tells what comes next. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '../../src/lib/random.ts'
import { importFile, interactionsSchema, makeDataset, makeGroup } from './flow.ts'
import { call, ROLE, settled, type TestServer } from './server.ts'

export const contextsSchema = interactionsSchema([
  { name: 'DEVICE', type: ['null', 'string'], categorical: true },
  { name: 'HOUR', type: 'int' },
  { name: 'PAGE', type: 'string' },
])

const PEOPLE = 400
const EVENTS = 12

/** HOUR is what the device is too, but for chance: before noon on the phone. PAGE is a string that is no category. Some devices are not known. */
export async function contextShop(server: TestServer): Promise<string> {
  const bucket = join(server.dataFolder, 'buckets', 'shop')
  mkdirSync(bucket, { recursive: true })
  const random = seededRandom(3)
  const rows = Array.from({ length: PEOPLE * EVENTS }, (_, at) => {
    const desk = random.below(2)
    const hour = random.below(24)
    const device = random.below(20) === 0 ? '' : desk ? 'desk' : 'phone'
    return `user-${at % PEOPLE},item-${10 * desk + random.below(10)},${1_600_000_000 + at},${device},${hour},home`
  })
  writeFileSync(join(bucket, 'events.csv'), `USER_ID,ITEM_ID,TIMESTAMP,DEVICE,HOUR,PAGE\n${rows.join('\n')}\n`)
  const group = await makeGroup(server)
  const interactions = await makeDataset(server, group, contextsSchema)
  await importFile(server, interactions, 's3://shop/events.csv', { jobName: 'events' })
  return group
}

/** How many of these are what people take at a desk. */
export const atDesk = (items: readonly string[]): number => items.filter(item => Number(item.slice(5)) >= 10).length

/** The lines of a job's output for these records, in their order. */
export async function linesFor(
  server: TestServer,
  solutionVersionArn: string,
  jobName: string,
  records: readonly object[],
  more: object = {},
): Promise<string[]> {
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
  if (status !== 'ACTIVE') throw new Error(`${status}: ${failureReason}`)
  return readFileSync(join(bucket, `${jobName}-out`, 'in.json.out'), 'utf8')
    .trimEnd()
    .split('\n')
}
