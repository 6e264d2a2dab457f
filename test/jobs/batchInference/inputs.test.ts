import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { BatchDescription } from '../../../src/jobs/batchInference/description.ts'
import { checkPaths, listInputs } from '../../../src/jobs/batchInference/inputs.ts'
import { batchLimits } from '../../../src/jobs/batchInference/limits.ts'
import { runBatchInference } from '../../../src/jobs/batchInference/run.ts'
import { ARTIFACTS_BUCKET } from '../../../src/jobs/computeContext.ts'
import { ObjectError, type ObjectErrorCode } from '../../../src/objects/objectStore.ts'
import { defaultLimits } from '../../../src/resources/limits.ts'
import { contextOf, describe, makePlace, type Place } from './fixture.ts'

const LIMITS = batchLimits(defaultLimits)

let place: Place
before(async () => {
  place = await makePlace()
  for (const key of [
    'users.json',
    'users.json.bak',
    'users-2/a',
    'users/a',
    'users/b/a',
    'users/a.out',
    'zoo/users.json.out',
  ]) {
    await place.put(`s3://in/${key}`, '{"userId":"u7"}\n')
  }
  await place.put('s3://in/users/_CHECK', '')
  await place.put('s3://in/empty', '')
})
after(() => place.remove())

const list = async (inputPath: string, outputPath = 's3://out', limits = LIMITS) => {
  const description = describe({ inputPath, outputPath, limits })
  const inputs = await listInputs(checkPaths(description), description, place.objects, new AbortController().signal)
  return inputs.map(({ from, to }) => `${from.bucket}/${from.key} > ${to.bucket}/${to.key}`)
}

test('an object of the very name is the input', async () => {
  assert.deepEqual(await list('s3://in/users.json', 's3://out/recs/'), ['in/users.json > out/recs/users.json.out'])
  assert.deepEqual(await list('s3://in/users/b/a', 's3://out/recs'), ['in/users/b/a > out/recs/a.out'])
})

test('what grows is not called as by another process with the same id: in a container, after a restart, there is one', () => {
  const module = (path: string) => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href)
  const script = `
    Object.defineProperty(process, 'pid', { value: 7 })
    const { checkPaths, listInputs } = await import(${module('jobs/batchInference/inputs.ts')})
    const head = async () => ({ key: 'users', bytes: 1, etag: '' })
    const description = { inputPath: 's3://in/users', outputPath: 's3://out/', limits: ${JSON.stringify(LIMITS)} }
    const [{ fileName }] = await listInputs(checkPaths(description), description, { head }, new AbortController().signal)
    console.log(fileName)`
  const name = () => execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
  assert.notEqual(name(), name())
})

test('else every object with content whose key starts so', async () => {
  assert.deepEqual(await list('s3://in/users/'), [
    'in/users/a > out/a.out',
    'in/users/a.out > out/a.out.out',
    'in/users/b/a > out/b/a.out',
  ])
  assert.deepEqual(await list('s3://in/users.j'), [
    'in/users.json > out/users.json.out',
    'in/users.json.bak > out/users.json.bak.out',
  ])
  assert.deepEqual(await list('s3://in/users-'), ['in/users-2/a > out/users-2/a.out'])
  assert.equal((await list('s3://in')).length, 7)
  assert.equal((await list('s3://in/')).length, 7)
})

test('what the job itself writes is not its input', async () => {
  assert.deepEqual(await list('s3://in/user', 's3://in'), [
    'in/users-2/a > in/users-2/a.out',
    'in/users.json > in/users.json.out',
    'in/users.json.bak > in/users.json.bak.out',
    'in/users/a > in/users/a.out',
    'in/users/b/a > in/users/b/a.out',
  ])
  assert.ok(!(await list('s3://in/', 's3://in/zoo')).some(line => line.startsWith('in/zoo')))
  // Nor what an earlier one left in an output folder below the input, under a name whose input is gone.
  assert.deepEqual(await list('s3://in/users/', 's3://in/users/b'), [
    'in/users/a > in/users/b/a.out',
    'in/users/a.out > in/users/b/a.out.out',
  ])
})

test('too much is refused', async () => {
  const limits = (given: object) => ({ ...LIMITS, ...given })
  await assert.rejects(list('s3://in/users/', 's3://out', limits({ inputFiles: 2 })), {
    name: 'Refusal',
    message: "The input at 's3://in/users/' has more than 2 objects, the most that one job may have.",
  })
  await assert.rejects(list('s3://in/', 's3://out', limits({ inputFiles: 2 })), {
    message: "The input at 's3://in/' has more than 2 objects, the most that one job may have.",
  })
  assert.equal((await list('s3://in/users/', 's3://out', limits({ inputFiles: 3, inputBytes: 48 }))).length, 3)
  await assert.rejects(list('s3://in/users/', 's3://out', limits({ inputBytes: 47 })), {
    message: "The input at 's3://in/users/' has 48 bytes; at most 47 were expected for one job.",
  })
  await refused(
    { inputPath: 's3://in/users.json', limits: limits({ recordsPerFile: 0 }) },
    "The input 's3://in/users.json' has 1 records; at most 0 were expected in one file.",
  )
})

async function refused(description: Partial<BatchDescription>, message: string): Promise<void> {
  await assert.rejects(runBatchInference(describe(description), contextOf(place)), { name: 'Refusal', message })
  assert.deepEqual(await place.list(ARTIFACTS_BUCKET, 'staging/'), [])
}

test('paths that cannot be are refused', async () => {
  const notS3 = 'is not an S3 path: s3://bucket/key was expected.'
  await refused({ inputPath: 'https://in/users' }, `Invalid S3 input path: 'https://in/users' ${notS3}`)
  await refused({ inputPath: 's3:///users' }, `Invalid S3 input path: 's3:///users' ${notS3}`)
  await refused({ outputPath: 'out' }, `Invalid S3 output path: 'out' ${notS3}`)
  for (const [inputPath, outputPath] of [
    ['s3://in/users/', 's3://in/users/'],
    ['s3://in/users', 's3://in/users/'],
    ['s3://in/users/', 's3://in/users'],
    ['s3://in', 's3://in/'],
  ]) {
    await refused(
      { inputPath, outputPath },
      `Invalid S3 output path: '${outputPath}' is the input path; a path of its own was expected.`,
    )
  }
  await refused(
    { inputPath: 's3://in/../artifacts/' },
    "Invalid S3 input path: '../artifacts/' cannot begin the key of an object: '..' is a step between folders, not a name.",
  )
  await refused(
    { outputPath: 's3://out/../in' },
    "Invalid S3 output path: '../in/_CHECK' cannot be the key of an object: '..' is a step between folders, not a name.",
  )
})

test('what is not there is refused', async () => {
  const nothing = 'there is no object with content whose path starts with'
  await refused({ inputPath: 's3://in/nobody' }, `Invalid S3 input path: ${nothing} 's3://in/nobody'.`)
  await refused({ inputPath: 's3://in/empty' }, `Invalid S3 input path: ${nothing} 's3://in/empty'.`)
  const noBucket = `There is no bucket 'nowhere': make it with mkdir '${join(place.root, 'buckets/nowhere')}'.`
  await refused({ inputPath: 's3://nowhere/users' }, `Invalid S3 input path: ${noBucket}`)
  await refused({ outputPath: 's3://nowhere/users' }, `Invalid S3 output path: ${noBucket}`)
})

test('a store that denies ends the job with the words of the reference', {
  skip: process.platform === 'win32' && 'no modes on Windows',
}, async () => {
  const bucket = join(place.root, 'buckets/out')
  const asNobody = async (work: () => Promise<void>) => {
    const root = process.geteuid!() === 0
    if (root) await chmod(place.root, 0o755)
    if (root) process.seteuid!('nobody')
    try {
      await work()
    } finally {
      if (root) process.seteuid!(0)
    }
  }
  await chmod(bucket, 0o555)
  await asNobody(() =>
    assert.rejects(runBatchInference(describe(), contextOf(place)), ({ name, message }: Error) => {
      assert.equal(name, 'Refusal')
      assert.match(
        message,
        /^Insufficient privileges for accessing data in Amazon S3: writing 's3:\/\/out\/recs\/_CHECK' was denied\. /,
      )
      return true
    }),
  )
  await chmod(bucket, 0o755)
  await chmod(join(place.root, 'buckets/in'), 0o000)
  await asNobody(() =>
    assert.rejects(runBatchInference(describe(), contextOf(place)), ({ name, message }: Error) => {
      assert.equal(name, 'Refusal')
      assert.match(
        message,
        /^Insufficient privileges for accessing data in Amazon S3: reading 's3:\/\/in\/users\.json' was denied\. /,
      )
      return true
    }),
  )
  await chmod(join(place.root, 'buckets/in'), 0o755)
})

test('what is only unavailable keeps its name and its parts, for another attempt', async () => {
  const key = 'staging/9/0-0.1-1'
  const failing = (code: ObjectErrorCode) => ({
    ...contextOf(place),
    objects: Object.assign(Object.create(place.objects), {
      head: () => Promise.reject(new ObjectError(code, 'The store is on fire.')),
    }),
  })
  await place.artifacts.write({ bucket: ARTIFACTS_BUCKET, key }, Buffer.from('part'))
  await assert.rejects(runBatchInference(describe(), failing('Unavailable')), {
    name: 'ObjectError',
    message: 'The store is on fire.',
  })
  assert.deepEqual(await place.list(ARTIFACTS_BUCKET, 'staging/'), [key])
  await assert.rejects(runBatchInference(describe(), failing('NoSuchBucket')), {
    name: 'Refusal',
    message: 'Invalid S3 input path: The store is on fire.',
  })
  assert.deepEqual(await place.list(ARTIFACTS_BUCKET, 'staging/'), [])
})
