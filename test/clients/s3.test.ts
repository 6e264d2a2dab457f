/**
 * Data in an S3 that we did not write, with IAM enforced: moto. `npm run test:clients` starts one; without it this is skipped. Here the
 * server's own key may use the bucket 'open' and nothing of 'closed'.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { walks } from '../support/sequences.ts'
import { serverProcess, temporaryFolder } from '../support/server.ts'
import { checkAnswers } from './answers.ts'
import { javascriptSdk } from './clients.ts'
import { ROLE, recommendations, settled } from './flows.ts'

const endpoint = process.env.SOMMELIER_TEST_MOTO ?? ''
const skip = endpoint === '' && 'SOMMELIER_TEST_MOTO is not set (npm run test:clients sets it)'
const region = 'us-east-1'

const policy = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: ['arn:aws:s3:::open', 'arn:aws:s3:::open/*'] }],
}

/** IAM's query protocol, as far as a user with a key needs it. */
async function iam(action: string, parameters: Record<string, string>): Promise<string> {
  const body = new URLSearchParams({ Action: action, Version: '2010-05-08', UserName: 'sommelier', ...parameters })
  const scope = `AWS4-HMAC-SHA256 Credential=setup/20260101/${region}/iam/aws4_request, SignedHeaders=host, Signature=00`
  const answer = await fetch(endpoint, { method: 'POST', body, headers: { Authorization: scope } })
  const text = await answer.text()
  assert.equal(answer.status, 200, text)
  return text
}

const element = (xml: string, name: string): string => new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)![1]

test('a whole job in S3 with a key of IAM; what its policy does not allow is a failureReason', { skip }, async t => {
  await iam('CreateUser', {})
  const made = await iam('CreateAccessKey', {})
  await iam('PutUserPolicy', { PolicyName: 'open', PolicyDocument: JSON.stringify(policy) })
  const [accessKeyId, secretAccessKey] = [element(made, 'AccessKeyId'), element(made, 'SecretAccessKey')]
  const s3 = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } })
  t.after(() => s3.destroy())
  for (const Bucket of ['open', 'closed']) await s3.send(new CreateBucketCommand({ Bucket }))
  const put = (Bucket: string, Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body }))
  for (const bucket of ['open', 'closed']) await put(bucket, 'interactions.csv', walks().csv)
  await put('open', 'in/users.json', '{"userId": "user-3"}\n{"userId": "user-59"}\n')
  // From here on moto checks signatures and policies.
  await fetch(`${endpoint}/moto-api/reset-auth`, { method: 'POST', body: '0' })
  await assert.rejects(put('closed', 'x', 'x'), { name: 'AccessDenied' })

  const server = await serverProcess(t, temporaryFolder(), ['--objects', 's3'], {
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  })
  const client = javascriptSdk({ endpoint: server.url, region, accessKeyId: 'any', secretAccessKey: 'any' })
  t.after(() => client.close())
  const { datasetArn, job } = await recommendations(client, client, 'open')
  const output = await s3.send(new GetObjectCommand({ Bucket: 'open', Key: `out/${region}/users.json.out` }))
  checkAnswers(await output.Body!.transformToString())

  const closed = { path: 's3://closed/interactions.csv' }
  const dataSource = { dataLocation: closed.path }
  const { datasetImportJobArn } = await client.call('CreateDatasetImportJob', {
    jobName: 'closed',
    datasetArn,
    dataSource,
    roleArn: ROLE,
  })
  const imported = await settled(client, 'DescribeDatasetImportJob', { datasetImportJobArn })
  assert.deepEqual(
    [imported.status, imported.failureReason],
    [
      'CREATE FAILED',
      'Failed to create a data import job for INTERACTIONS dataset. Insufficient privileges for accessing data in Amazon S3. Access to s3://closed/interactions.csv was denied: it could not be read. The answer was HTTP 403.',
    ],
  )
  const batch = async (jobName: string, change: object): Promise<unknown> => {
    const { batchInferenceJobArn } = await client.call('CreateBatchInferenceJob', { ...job, ...change, jobName })
    const { status, failureReason } = await settled(client, 'DescribeBatchInferenceJob', { batchInferenceJobArn })
    assert.equal(status, 'CREATE FAILED')
    return failureReason
  }
  const denied = 'Insufficient privileges for accessing data in Amazon S3'
  assert.equal(
    await batch('closed-input', { jobInput: { s3DataSource: closed } }),
    `${denied}: reading 's3://closed/interactions.csv' was denied. Access to s3://closed/interactions.csv was denied: it could not be read. The answer was HTTP 403.`,
  )
  assert.equal(
    await batch('closed-output', { jobOutput: { s3DataDestination: { path: 's3://closed/out/' } } }),
    `${denied}: writing 's3://closed/out/_CHECK' was denied. Access to s3://closed/out/_CHECK was denied: it could not be written. AccessDenied: Access Denied.`,
  )
})
