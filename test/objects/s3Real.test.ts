/**
 * The contract against the S3 server at SOMMELIER_TEST_S3_ENDPOINT, with credentials by the SDK's chain. It makes a bucket 'contract' there
 * and empties it. `node scripts/withMoto.mjs` runs this against moto.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { openObjectStore } from '../../src/objects/open.ts'
import { at, contract } from './contract.ts'

const endpoint = process.env.SOMMELIER_TEST_S3_ENDPOINT

/** Requests that ask whether an aborted upload is gone: it goes behind the rejection of the write. */
const QUESTIONS_MAX = 200

if (endpoint === undefined) {
  test('S3 store, a real server', { skip: 'SOMMELIER_TEST_S3_ENDPOINT is not set (node scripts/withMoto.mjs sets it)' })
} else {
  contract(`S3 store, ${endpoint}`, async () => {
    const place = { endpoint, region: 'us-east-1', forcePathStyle: true }
    const store = openObjectStore({ kind: 's3', ...place })
    const client = new S3Client(place)
    const unfinished = async () =>
      (await client.send(new ListMultipartUploadsCommand({ Bucket: 'contract' }))).Uploads ?? []
    return {
      store,
      missingBucket: bucket => `There is no bucket '${bucket}' (s3://${bucket}).`,
      async cleaned() {
        for (let questions = 0; (await unfinished()).length > 0; questions++) {
          assert.ok(questions < QUESTIONS_MAX, 'uploads are left')
        }
      },
      async close() {
        for await (const { key } of store.list('contract', '')) await store.remove(at(key))
        client.destroy()
      },
    }
  })
}
