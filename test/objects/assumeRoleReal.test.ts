/**
 * AssumeRole and what a role may do, against the server at SOMMELIER_TEST_S3_ENDPOINT, which must be moto: users, roles and policies are made
 * there while it lets everybody in, then it is told to check them. `node scripts/withMoto.mjs node_modules/.bin/node --test THIS` runs it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { signedHeaders } from '../../src/lib/sigv4.ts'
import { type ObjectStoreConfig, openObjectStore, withRole } from '../../src/objects/open.ts'
import { at, bytesOf, refuses, textOf } from './contract.ts'

const endpoint = process.env.SOMMELIER_TEST_S3_ENDPOINT
const skip = endpoint === undefined && 'SOMMELIER_TEST_S3_ENDPOINT is not set (node scripts/withMoto.mjs sets it)'
const REGION = 'us-east-1'

/** One call of IAM, by form, as its query API has it. */
async function iam(input: Record<string, string>): Promise<string> {
  const url = new URL(endpoint!)
  const body = Buffer.from(new URLSearchParams({ ...input, Version: '2010-05-08' }).toString())
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
  const any = { accessKeyId: 'any', secretAccessKey: 'any' }
  const place = { region: REGION, service: 'iam', nowMs: systemClock.nowMs() }
  const answer = await fetch(url, {
    method: 'POST',
    headers: signedHeaders({ method: 'POST', url, headers, body }, any, place),
    body,
  })
  const text = await answer.text()
  assert.equal(answer.status, 200, text)
  return text
}

/** From now on moto lets this many requests through, and then checks keys and policies. */
const checkAfter = (count: number) => fetch(`${endpoint}/moto-api/reset-auth`, { method: 'POST', body: `${count}` })

const policy = (Action: string | string[], Resource: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource }] })

async function makeRole(name: string, document: string): Promise<string> {
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
  }
  const made = await iam({ Action: 'CreateRole', RoleName: name, AssumeRolePolicyDocument: JSON.stringify(trust) })
  await iam({ Action: 'PutRolePolicy', RoleName: name, PolicyName: 'p', PolicyDocument: document })
  return /<Arn>([^<]+)<\/Arn>/.exec(made)![1]
}

test('a store sees what its role sees: moto with its policies enforced', { skip }, async t => {
  await checkAfter(1_000_000)
  t.after(() => checkAfter(1_000_000))
  const config: ObjectStoreConfig = { kind: 's3', endpoint: endpoint!, region: REGION, forcePathStyle: true }
  const asServer = openObjectStore(config)
  await asServer.createBucket('contract')
  await asServer.write(at('role/x'), bytesOf('1'))

  const id = `${process.pid}`
  const reader = await makeRole(`reader-${id}`, policy(['s3:GetObject', 's3:ListBucket'], 'arn:aws:s3:::contract*'))
  const nobody = await makeRole(`nobody-${id}`, policy('s3:GetObject', 'arn:aws:s3:::elsewhere/*'))
  await iam({ Action: 'CreateUser', UserName: `server-${id}` })
  const document = policy('sts:AssumeRole', '*')
  await iam({ Action: 'PutUserPolicy', UserName: `server-${id}`, PolicyName: 'p', PolicyDocument: document })
  const made = await iam({ Action: 'CreateAccessKey', UserName: `server-${id}` })
  process.env.AWS_ACCESS_KEY_ID = /<AccessKeyId>([^<]+)</.exec(made)![1]
  process.env.AWS_SECRET_ACCESS_KEY = /<SecretAccessKey>([^<]+)</.exec(made)![1]
  await checkAfter(0)

  const as = (role: string) =>
    openObjectStore(withRole({ ...config, assume: { endpoint: endpoint!, externalId: 'house' } }, role, 'sommelier-1'))
  assert.equal((await as(reader).head(at('role/x')))?.bytes, 1)
  assert.equal(await textOf(as(reader), at('role/x')), '1')
  await refuses(
    as(reader).write(at('role/y'), bytesOf('1')),
    'AccessDenied',
    /^Access to s3:\/\/contract\/role\/y was denied/,
  )
  await refuses(as(nobody).head(at('role/x')), 'AccessDenied', /^Access to s3:\/\/contract\/role\/x was denied/)
  // The server itself may do nothing there.
  await refuses(
    openObjectStore(config).head(at('role/x')),
    'AccessDenied',
    /^Access to s3:\/\/contract\/role\/x was denied/,
  )
  process.env.AWS_SECRET_ACCESS_KEY = 'x'.repeat(40)
  await refuses(
    as(reader).head(at('role/x')),
    'AccessDenied',
    /^The role \S+ could not be assumed\. SignatureDoesNotMatch: /,
  )
})
