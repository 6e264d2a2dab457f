/**
 * The whole way on real data, with the AWS SDK for JavaScript against a running server: MovieLens-1M in, ten recommendations for each of
 * 6,040 people out. With another folder the same on your own data. Start `npm start` in another terminal, then `npm run examples`; the
 * options stand in USAGE below.
 */
import { createReadStream, existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PersonalizeClient } from '@aws-sdk/client-personalize'
import { readArguments } from '../scripts/arguments.ts'
import { type Columns, type DatasetType, Flow, waitByPolling } from './flow.ts'

const USAGE = `usage: npm run examples -- [options]

Import, training, metrics and ten recommendations for everybody, through the AWS SDK for JavaScript.

  --data FOLDER     the CSV files (default ../shared/data/ml-1m):
                      interactions.csv  USER_ID,ITEM_ID,TIMESTAMP      at least 1,000 rows, times in seconds
                      items.csv         ITEM_ID,TITLE,GENRES,YEAR      may be absent
                      users.csv         USER_ID,GENDER,AGE,OCCUPATION  may be absent
  --buckets FOLDER  where the server keeps its buckets (default data/buckets): the files are copied there, as one would upload them to S3
  --endpoint URL    where the server listens (default http://127.0.0.1:8001)
  --name NAME       of the dataset group, of everything in it and of the bucket; not taken yet (default ml-1m)
`
const { values: flags } = readArguments(USAGE, {
  options: {
    data: { type: 'string', default: '../shared/data/ml-1m' },
    buckets: { type: 'string', default: 'data/buckets' },
    endpoint: { type: 'string', default: 'http://127.0.0.1:8001' },
    name: { type: 'string', default: 'ml-1m' },
  },
})

const categorical = { type: 'string', categorical: true } as const
const datasets: { type: DatasetType; file: string; columns: Columns }[] = [
  {
    type: 'Interactions',
    file: 'interactions.csv',
    columns: { USER_ID: 'string', ITEM_ID: 'string', TIMESTAMP: 'long' },
  },
  {
    type: 'Items',
    file: 'items.csv',
    columns: { ITEM_ID: 'string', TITLE: 'string', GENRES: categorical, YEAR: 'int' },
  },
  {
    type: 'Users',
    file: 'users.csv',
    columns: { USER_ID: 'string', GENDER: categorical, AGE: 'int', OCCUPATION: categorical },
  },
]

const client = new PersonalizeClient({
  endpoint: flags.endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'anything', secretAccessKey: 'anything' },
})
try {
  await recommend()
} catch (error) {
  process.stderr.write(`${sentenceOf(error as Error)}\n`)
  process.exitCode = 1
} finally {
  client.destroy()
}

async function recommend(): Promise<void> {
  const present = datasets.filter(({ file }) => existsSync(join(flags.data, file)))
  if (present[0]?.type !== 'Interactions')
    throw new Error(`There is no ${join(flags.data, 'interactions.csv')}: name another folder with --data.`)
  const flow = new Flow(client, flags.name, async (arn, describe) => {
    process.stdout.write(`${arn} … `)
    await waitByPolling(arn, describe)
    process.stdout.write('ACTIVE\n')
  })
  await flow.createGroup()
  // Not before: a name that is taken has a bucket that is somebody's.
  const bucket = join(flags.buckets, flags.name)
  await mkdir(bucket, { recursive: true })
  for (const { file } of present) await copyFile(join(flags.data, file), join(bucket, file))
  const people = await idsIn(join(bucket, present.at(-1)!.type === 'Users' ? 'users.csv' : 'interactions.csv'))
  await writeFile(join(bucket, 'people.jsonl'), people.map(userId => `${JSON.stringify({ userId })}\n`).join(''))

  for (const { type, file, columns } of present) await flow.importDataset(type, columns, `s3://${flags.name}/${file}`)
  const version = await flow.train('aws-user-personalization-v2')
  console.table(await flow.metrics(version))
  await flow.recommend(version, `s3://${flags.name}/people.jsonl`, `s3://${flags.name}/recommendations/`, 10)
  const path = join(bucket, 'recommendations', 'people.jsonl.out')
  const [first] = (await readFile(path, 'utf8')).split('\n', 1)
  process.stdout.write(`${path}: ${people.length} lines, the first of them:\n${first}\n`)
}

/** The different values of USER_ID, in order of appearance, in a CSV file whose columns up to that one are not quoted. */
async function idsIn(path: string): Promise<string[]> {
  const ids = new Set<string>()
  let place = -1
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const fields = line.split(',')
    if (place < 0) place = fields.indexOf('USER_ID')
    else if (line !== '') ids.add(fields[place])
    if (place < 0) throw new Error(`${path} has the columns ${line}: USER_ID was expected among them.`)
  }
  return [...ids]
}

function sentenceOf(error: Error): string {
  if (error.name === 'ResourceAlreadyExistsException')
    return `${flags.name} exists already at ${flags.endpoint}: choose another name with --name.`
  if ('code' in error && error.code === 'ECONNREFUSED')
    return `No server answers at ${flags.endpoint}: start one with \`npm start\`, or name another with --endpoint.`
  return error.message
}
