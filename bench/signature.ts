/**
 * What checking a signature costs: `node bench/signature.ts [--write]`. Baseline: the signer of the SDK for JavaScript on node:crypto, which
 * would have to sign each request again to compare. Requests as the SDK and as botocore send them, on one thread.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { readArguments } from '../scripts/arguments.ts'
import { authorize, strict } from '../src/access/guard.ts'
import type { AccessKey } from '../src/access/keyFile.ts'
import { Keyring } from '../src/access/keyring.ts'
import { ALLOW_ALL } from '../src/access/policy.ts'
import { manualClock, stopwatchSeconds } from '../src/lib/clock.ts'
import { silentLog } from '../src/lib/log.ts'
import { ACCESS_KEY_ID, NOW_MS, SECRET, type SignedBy, signed, type ToSign } from '../test/protocol/signing.ts'
import { machine } from './lib/machine.ts'

const USAGE = `usage: node scripts/run.mjs bench signature [--write]

What checking a signature costs, beside the SDK's own signer.

  --write  keeps the report in bench/results/signature.md
`
const { values } = readArguments(USAGE, { options: { write: { type: 'boolean', default: false } } })

const RUNS = 15
const CALLS = 5_000

const plain = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonPersonalize.ListSchemas' }
const ofSdk = {
  ...plain,
  'content-length': '16',
  'x-amz-user-agent': 'aws-sdk-js/3.1138.0',
  'amz-sdk-invocation-id': 'c2b5f2c8-5fae-4c2f-9c1c-1f1d5c1f0f3e',
  'amz-sdk-request': 'attempt=1; max=3',
}
const requests: [string, ToSign, SignedBy][] = [
  ['SDK for JavaScript', { headers: ofSdk, body: '{"maxResults":5}' }, {}],
  ['boto3, AWS CLI', { headers: plain, body: '{"maxResults":5}' }, {}],
  ['presigned', { headers: plain }, { expiresSeconds: 900 }],
  ['a body of 32 KiB', { headers: plain, body: 'x'.repeat(32 * 1024) }, {}],
]

const key: AccessKey = {
  accessKeyId: ACCESS_KEY_ID,
  secretAccessKey: SECRET,
  account: '000000000000',
  user: 'bench',
  policy: ALLOW_ALL,
  createdAt: '2023-11-14T22:13:20Z',
}
const clock = manualClock(NOW_MS)
const keyring = new Keyring('/nowhere/keys.json', key, { clock, log: silentLog })
const authenticate = strict({ keyring, account: key.account, service: 'personalize', clock })
const subjects = { resources: ['arn:aws:personalize:us-east-1:000000000000:schema/s'], roles: [] }

/** Microseconds a call: of the quickest run and of the middle one. */
async function measure(call: () => unknown): Promise<{ min: number; median: number }> {
  const runs: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const start = stopwatchSeconds()
    for (let i = 0; i < CALLS; i++) await call()
    runs.push(((stopwatchSeconds() - start) * 1e6) / CALLS)
  }
  runs.sort((a, b) => a - b)
  return { min: runs[0], median: runs[RUNS >> 1] }
}

const rows: string[] = []
for (const [name, request, by] of requests) {
  const message = await signed(request, by)
  const ours = await measure(() => authorize(authenticate(message).caller, 'personalize:ListSchemas', subjects))
  const theirs = await measure(() => signed(request, by))
  const cells = [ours.min, ours.median, theirs.min, theirs.median].map(each => each.toFixed(1))
  rows.push(`| ${[name, ...cells, (theirs.min / ours.min).toFixed(1)].join(' | ')} |`)
}
const report = `# Checking a signature

\`node scripts/run.mjs bench signature --write\`. ${machine()}. ${RUNS} runs of ${CALLS} calls; other work may go on at the same time.

µs a request: signature, key and policy in mode strict; beside it the SDK's own signer, signing the same request anew.

| request | min | median | SDK min | SDK median | SDK ÷ ours, min |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`
process.stdout.write(report)
if (values.write) {
  mkdirSync(new URL('results/', import.meta.url), { recursive: true })
  writeFileSync(new URL('results/signature.md', import.meta.url), report)
}
