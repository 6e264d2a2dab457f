/** A data folder with many resources in it, written past the API: half schemas, half import jobs of one dataset. */
import { openSqlite } from '../../src/resources/sqlite.ts'
import type { NewResource } from '../../src/resources/stateStore.ts'
import { interactionsSchema } from '../../test/support/interactionsSchema.ts'

/** Resources in one transaction: a commit each would take minutes. */
const BATCH = 5_000
const CREATED_MS = 1_700_000_000_000

const arn = (path: string): string => `arn:aws:personalize:us-east-1:000000000000:${path}`
const datasetGroupArn = arn('dataset-group/bench')
export const datasetArn = arn('dataset/bench/INTERACTIONS')
export const schemaArn = (i: number): string => arn(`schema/schema-${i}`)
const jobArn = (i: number): string => arn(`dataset-import-job/job-${i}`)

export const schemaText = interactionsSchema()

const record = (arn: string, type: string, status: NewResource['status'], more: Partial<NewResource>): NewResource => ({
  arn,
  type,
  account: '000000000000',
  region: 'us-east-1',
  name: arn.split('/').at(-1)!,
  parent: undefined,
  group: undefined,
  status,
  createdMs: CREATED_MS,
  updatedMs: CREATED_MS,
  failureReason: undefined,
  body: {},
  hidden: {},
  ...more,
})

const schema = (i: number): NewResource =>
  record(schemaArn(i), 'schema', undefined, { body: { name: `schema-${i}`, schema: schemaText } })

const job = (i: number): NewResource =>
  record(jobArn(i), 'dataset-import-job', 'ACTIVE', {
    parent: datasetArn,
    group: datasetGroupArn,
    body: {
      jobName: `job-${i}`,
      datasetArn,
      dataSource: { dataLocation: 's3://bucket/interactions.csv' },
      roleArn: 'arn:aws:iam::000000000000:role/bench',
      importMode: 'FULL',
    },
  })

export async function fillStore(folder: string, count: number): Promise<void> {
  const state = openSqlite(folder)
  await state.transact(async transaction => {
    const group = { group: datasetGroupArn }
    await transaction.insert(record(datasetGroupArn, 'dataset-group', 'ACTIVE', { ...group, body: { name: 'bench' } }))
    const body = { name: 'bench', datasetGroupArn, datasetType: 'INTERACTIONS', schemaArn: schemaArn(0) }
    const more = { ...group, parent: datasetGroupArn, body, hidden: { imports: [] } }
    await transaction.insert(record(datasetArn, 'dataset', 'ACTIVE', more))
  })
  for (let start = 0; start < count / 2; start += BATCH) {
    await state.transact(async transaction => {
      for (let i = start; i < Math.min(count / 2, start + BATCH); i++) {
        await transaction.insert(schema(i))
        await transaction.insert(job(i))
      }
    })
  }
  await state.close()
}
