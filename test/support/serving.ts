/** Worlds that something can be deployed in: a solution with a trained version, a shop with two kinds of events. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importFile, interactionsSchema, makeDataset, makeGroup, makeSolution } from './flow.ts'
import { walks } from './sequences.ts'
import { call, settled, type TestServer } from './server.ts'

export interface Trained {
  readonly datasetGroupArn: string
  readonly datasetArn: string
  readonly solutionArn: string
  readonly solutionVersionArn: string
}

/** One ACTIVE version of the recipe; popularity trains fastest. */
export async function trained(server: TestServer, recipe = 'aws-popularity-count', name = 'group'): Promise<Trained> {
  const { datasetGroupArn, datasetArn } = await walksImported(server, name)
  const solutionArn = await makeSolution(server, datasetGroupArn, recipe, { name: `solution-${name}` })
  return { datasetGroupArn, datasetArn, solutionArn, solutionVersionArn: await trainedVersion(server, solutionArn) }
}

/** A group with everybody's walk. */
export async function walksImported(server: TestServer, name = 'group') {
  writeFileSync(join(server.dataFolder, 'buckets', 'bucket', 'walks.csv'), walks().csv)
  const datasetGroupArn = await makeGroup(server, name)
  const datasetArn = await makeDataset(server, datasetGroupArn)
  const { status } = await importFile(server, datasetArn, 's3://bucket/walks.csv', { jobName: `import-${name}` })
  assert.equal(status, 'ACTIVE')
  return { datasetGroupArn, datasetArn }
}

export async function settledSolution(server: TestServer, asked: Record<string, unknown>): Promise<string> {
  const { solutionArn } = await call<{ solutionArn: string }>(server, 'CreateSolution', asked)
  await settled(server, 'DescribeSolution', { solutionArn })
  return solutionArn
}

export async function trainedVersion(server: TestServer, solutionArn: string): Promise<string> {
  const { solutionVersionArn } = await call<{ solutionVersionArn: string }>(server, 'CreateSolutionVersion', {
    solutionArn,
  })
  const { status, failureReason } = await settled(server, 'DescribeSolutionVersion', { solutionVersionArn })
  assert.deepEqual([status, failureReason], ['ACTIVE', undefined])
  return solutionVersionArn
}

/** Events of every user's walk that are views; the rest, too few for a training, are purchases. */
const VIEWS = 20

/** 1200 views, 600 purchases; thirty events of each user. */
export function shopCsv(): string {
  const [, ...rows] = walks().csv.trimEnd().split('\n')
  const typed = rows.map((row, i) => `${row},${i % 30 < VIEWS ? 'view' : 'Purchase'}`)
  return `ITEM_ID,TIMESTAMP,USER_ID,EVENT_TYPE\n${typed.join('\n')}\n`
}

/** An ACTIVE group of the domain ECOMMERCE with imported interactions: 1200 views, 600 purchases. */
export async function shop(
  server: TestServer,
  name = 'shop',
): Promise<{ datasetGroupArn: string; datasetArn: string }> {
  writeFileSync(join(server.dataFolder, 'buckets', 'bucket', 'shop.csv'), shopCsv())
  const { datasetGroupArn } = await call<{ datasetGroupArn: string }>(server, 'CreateDatasetGroup', {
    name,
    domain: 'ECOMMERCE',
  })
  await settled(server, 'DescribeDatasetGroup', { datasetGroupArn })
  const { schemaArn } = await call(server, 'CreateSchema', {
    name,
    domain: 'ECOMMERCE',
    schema: interactionsSchema([{ name: 'EVENT_TYPE', type: 'string' }]),
  })
  const { datasetArn } = await call<{ datasetArn: string }>(server, 'CreateDataset', {
    name,
    schemaArn,
    datasetGroupArn,
    datasetType: 'INTERACTIONS',
  })
  await settled(server, 'DescribeDataset', { datasetArn })
  const { status, failureReason } = await importFile(server, datasetArn, 's3://bucket/shop.csv', {
    jobName: `import-${name}`,
  })
  assert.deepEqual([status, failureReason], ['ACTIVE', undefined])
  return { datasetGroupArn, datasetArn }
}
