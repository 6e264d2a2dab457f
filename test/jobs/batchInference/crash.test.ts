import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runBatchInference } from '../../../src/jobs/batchInference/run.ts'
import { ARTIFACTS_BUCKET } from '../../../src/jobs/computeContext.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import type { Moment } from './crashChild.ts'
import { contextOf, describe, makePlace, openPlace, smallModel } from './fixture.ts'

const place = await makePlace()
after(() => place.remove())
const users = smallModel().users

const random = seededRandom(17)
for (const [key, records] of [
  ['a.json', 700],
  ['b/c.json', 1],
  ['d.json', 400],
] as const) {
  const line = () => (random.below(9) ? JSON.stringify({ userId: users.idAt(random.below(users.size)) }) : 'bad')
  await place.put(`s3://in/${key}`, Array.from({ length: records }, line).join('\n'))
}
const OUTPUTS = ['a.json.out', 'b/c.json.out', 'd.json.out']

await runBatchInference(describe({ inputPath: 's3://in/', outputPath: 's3://out/' }), contextOf(place))
const undisturbed = new Map<string, string>()
for (const key of OUTPUTS) undisturbed.set(key, await place.get(`s3://out/${key}`))

/** How an output grows (run.ts). */
type Output = 'file' | 'parts'

async function attempt(number: number, moment: Moment, output: Output): Promise<'killed' | 'done'> {
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('./crashChild.ts', import.meta.url)),
      place.root,
      String(number),
      JSON.stringify(moment),
      output,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], timeout: 20_000, killSignal: 'SIGTERM' },
  )
  const [said, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (signal === 'SIGKILL') return 'killed'
  assert.deepEqual({ said, code, signal }, { said: 'done', code: 0, signal: null })
  return 'done'
}

/** Whatever is to be seen of the output is whole and right. */
async function checkVisible(): Promise<string[]> {
  const keys = (await place.list('out')).filter(key => key !== '_CHECK')
  for (const key of keys) assert.equal(await place.get(`s3://out/${key}`), undisturbed.get(key), key)
  return keys
}

/** Kills one attempt after the other at the given moments, then lets one come to its end. */
async function survive(output: Output, moments: readonly Moment[]): Promise<void> {
  await rm(join(place.root, 'checkpoints'), { force: true })
  for (const key of [...OUTPUTS, '_CHECK']) await place.objects.remove({ bucket: 'out', key })
  for (const [i, moment] of moments.entries()) {
    assert.equal(await attempt(i + 1, moment, output), 'killed', `attempt ${i + 1}`)
    await checkVisible()
  }
  assert.equal(await attempt(moments.length + 1, { at: 'never', n: 0 }, output), 'done')
  assert.deepEqual(await checkVisible(), OUTPUTS)
  assert.deepEqual(await place.list(ARTIFACTS_BUCKET, 'staging/'), [])
  const { root } = openPlace(place.root)
  for (const store of ['buckets', 'artifacts']) {
    assert.deepEqual(await readdir(join(root, store, '.sommelier-incoming')), [], 'unfinished files')
  }
}

const moment = (at: Moment['at'], n: number): Moment => ({ at, n })

test('killed at every kind of moment, one attempt after the other, a job ends with the bytes of an undisturbed one', () =>
  survive('parts', [
    moment('before checkpoint', 1),
    moment('after checkpoint', 1),
    moment('progress', 1),
    moment('progress', 4),
    moment('before checkpoint', 1),
    moment('after checkpoint', 1),
    moment('output chunk', 1),
  ]))

test('killed while an output is being put in its place, and just after', () =>
  survive('parts', [
    moment('output chunk', 2),
    moment('output chunk', 1),
    moment('before checkpoint', 1),
    moment('after checkpoint', 1),
  ]))

test('killed with everything answered and some published', () =>
  survive('parts', [moment('after checkpoint', 7), moment('before checkpoint', 1), moment('after checkpoint', 1)]))

test('killed at every kind of moment while outputs grow as files', () =>
  survive('file', [
    moment('before checkpoint', 1),
    moment('before checkpoint', 2),
    moment('after checkpoint', 1),
    moment('progress', 4),
    moment('after checkpoint', 2),
    moment('before placing', 1),
    moment('before checkpoint', 1),
    moment('before placing', 1),
    moment('after placing', 1),
    moment('after checkpoint', 1),
    moment('after placing', 1),
  ]))
