/**
 * The whole way on real data, with the AWS SDK for JavaScript against a running server: MovieLens-1M in, ten recommendations for each of
 * 6,040 people out. Start `npm start` in another terminal, then:
 *
 *   npm run examples -- [--data FOLDER] [--buckets FOLDER] [--endpoint URL] [--name NAME]
 *
 * FOLDER of --data holds interactions.csv (USER_ID,ITEM_ID,TIMESTAMP), items.csv (ITEM_ID,TITLE,GENRES,YEAR) and users.csv
 * (USER_ID,GENDER,AGE,OCCUPATION). --buckets is where the server keeps its buckets (data/buckets unless it was told otherwise): the files are
 * copied there, into bucket NAME, as one would upload them to S3.
 */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { PersonalizeClient } from '@aws-sdk/client-personalize'
import { Flow, waitByPolling } from './flow.ts'

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data/ml-1m' },
    buckets: { type: 'string', default: 'data/buckets' },
    endpoint: { type: 'string', default: 'http://127.0.0.1:8001' },
    name: { type: 'string', default: 'ml-1m' },
  },
})

const bucket = join(flags.buckets, flags.name)
await mkdir(bucket, { recursive: true })
for (const file of ['interactions.csv', 'items.csv', 'users.csv']) {
  await copyFile(join(flags.data, file), join(bucket, file)).catch(error => {
    process.stderr.write(`${join(flags.data, file)} cannot be copied to ${bucket}: ${error.message}\n`)
    process.exit(1)
  })
}
const users = await readFile(join(bucket, 'users.csv'), 'utf8')
const userIds = users.trimEnd().split('\n').slice(1)
const records = userIds.map(line => JSON.stringify({ userId: line.split(',')[0] }))
await writeFile(join(bucket, 'people.jsonl'), `${records.join('\n')}\n`)

const client = new PersonalizeClient({
  endpoint: flags.endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'anything', secretAccessKey: 'anything' },
})
const flow = new Flow(client, flags.name, async (arn, describe) => {
  process.stdout.write(`${arn} … `)
  await waitByPolling(arn, describe)
  process.stdout.write('ACTIVE\n')
})
const categorical = { type: 'string', categorical: true } as const

await flow.createGroup()
await flow.importDataset(
  'Interactions',
  { USER_ID: 'string', ITEM_ID: 'string', TIMESTAMP: 'long' },
  `s3://${flags.name}/interactions.csv`,
)
const itemColumns = { ITEM_ID: 'string', TITLE: 'string', GENRES: categorical, YEAR: 'int' }
await flow.importDataset('Items', itemColumns, `s3://${flags.name}/items.csv`)
const userColumns = { USER_ID: 'string', GENDER: categorical, AGE: 'int', OCCUPATION: categorical }
await flow.importDataset('Users', userColumns, `s3://${flags.name}/users.csv`)
const version = await flow.train('aws-user-personalization-v2')
console.table(await flow.metrics(version))
await flow.recommend(version, `s3://${flags.name}/people.jsonl`, `s3://${flags.name}/recommendations/`, 10)

const path = join(bucket, 'recommendations', 'people.jsonl.out')
const [first] = (await readFile(path, 'utf8')).split('\n', 1)
process.stdout.write(`${path}: ${records.length} lines, the first of them:\n${first}\n`)
client.destroy()
