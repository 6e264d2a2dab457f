/** The steps to a recommendation, as far as a test wants them. */
import { interactionsSchema } from './interactionsSchema.ts'
import { call, ROLE, settled, type TestServer } from './server.ts'

export { interactionsSchema }

export async function makeGroup(server: TestServer, name = 'group'): Promise<string> {
  const { datasetGroupArn } = await call<{ datasetGroupArn: string }>(server, 'CreateDatasetGroup', { name })
  await settled(server, 'DescribeDatasetGroup', { datasetGroupArn })
  return datasetGroupArn
}

export async function makeDataset(
  server: TestServer,
  datasetGroupArn: string,
  schema = interactionsSchema(),
  datasetType = 'Interactions',
): Promise<string> {
  const name = `${datasetGroupArn.split('/')[1]}-${datasetType.toLowerCase()}`
  const { schemaArn } = await call(server, 'CreateSchema', { name, schema })
  const { datasetArn } = await call<{ datasetArn: string }>(server, 'CreateDataset', {
    name,
    schemaArn,
    datasetGroupArn,
    datasetType,
  })
  await settled(server, 'DescribeDataset', { datasetArn })
  return datasetArn
}

export async function makeSolution(
  server: TestServer,
  datasetGroupArn: string,
  recipe = 'aws-user-personalization-v2',
  more: object = {},
): Promise<string> {
  const { solutionArn } = await call<{ solutionArn: string }>(server, 'CreateSolution', {
    name: `solution-${recipe}`,
    datasetGroupArn,
    recipeArn: `arn:aws:personalize:::recipe/${recipe}`,
    ...more,
  })
  await settled(server, 'DescribeSolution', { solutionArn })
  return solutionArn
}

export async function importFile(
  server: TestServer,
  datasetArn: string,
  path: string,
  more: { jobName?: string; importMode?: string; publishAttributionMetricsToS3?: boolean } = {},
) {
  const { datasetImportJobArn } = await call(server, 'CreateDatasetImportJob', {
    jobName: 'import',
    datasetArn,
    dataSource: { dataLocation: path },
    roleArn: ROLE,
    ...more,
  })
  return settled(server, 'DescribeDatasetImportJob', { datasetImportJobArn })
}
