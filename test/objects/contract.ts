/** What every object store does. Each adapter's test runs this suite; so does a run against a real S3 server. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Random, seededRandom } from '../../src/lib/random.ts'
import {
  type ObjectAddress,
  ObjectError,
  type ObjectErrorCode,
  type ObjectStore,
} from '../../src/objects/objectStore.ts'

export interface StoreUnderTest {
  readonly store: ObjectStore
  /** The sentence with which this adapter misses a bucket. */
  missingBucket(bucket: string): string
  /** Resolves when nothing of an unfinished write is left in the store. */
  cleaned(): Promise<void>
  close(): Promise<void>
}

const BUCKET = 'contract'
const MEGABYTE = 1024 * 1024

export const at = (key: string, bucket = BUCKET): ObjectAddress => ({ bucket, key })

export const textOf = async (store: ObjectStore, address: ObjectAddress) =>
  (await buffer(await store.read(address))).toString()

export const keysOf = async (store: ObjectStore, prefix: string, bucket = BUCKET) =>
  (await Array.fromAsync(store.list(bucket, prefix))).map(({ key }) => key)

/** The promise rejects with an ObjectError of exactly this code and sentence. */
export const refuses = (promise: Promise<unknown>, code: ObjectErrorCode, message: string | RegExp) =>
  assert.rejects(promise, error => {
    assert.ok(error instanceof ObjectError, `${error}`)
    if (typeof message === 'string') assert.equal(error.message, message)
    else assert.match(error.message, message)
    assert.equal(error.code, code)
    return true
  })

export function contract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    const check = (title: string, body: (under: StoreUnderTest, context: TestContext) => Promise<void>) =>
      test(title, async context => {
        const under = await open()
        try {
          await under.store.createBucket(BUCKET)
          await body(under, context)
        } finally {
          await under.close()
        }
      })

    check('what is written is read, described and listed', async ({ store }) => {
      await store.write(at('a/b.json'), bytesOf('{"a": 1}\n'))
      assert.equal(await textOf(store, at('a/b.json')), '{"a": 1}\n')
      const info = await store.head(at('a/b.json'))
      assert.deepEqual({ key: info?.key, bytes: info?.bytes }, { key: 'a/b.json', bytes: 9 })
      assert.deepEqual(await Array.fromAsync(store.list(BUCKET, '')), [info])
    })

    check('an empty object, from no bytes and from no chunks', async ({ store }) => {
      await store.write(at('none'), new Uint8Array())
      await store.write(at('nothing'), chunks())
      for (const key of ['none', 'nothing']) {
        assert.equal((await store.head(at(key)))?.bytes, 0)
        assert.equal(await textOf(store, at(key)), '')
        assert.equal((await buffer(await store.read(at(key), { range: { start: 0, end: 5 } }))).length, 0)
      }
    })

    check('chunks of any size come out as one', async ({ store }) => {
      const content = bytesOf('0123456789'.repeat(1000))
      await store.write(
        at('x'),
        chunks(content.subarray(0, 1), new Uint8Array(), content.subarray(1, 4096), content.subarray(4096)),
      )
      assert.equal(await textOf(store, at('x')), content.toString())
    })

    check('ranges: inside, to the end, beyond it, none', async ({ store }) => {
      await store.write(at('digits'), bytesOf('0123456789'))
      const range = async (start: number, end: number) =>
        (await buffer(await store.read(at('digits'), { range: { start, end } }))).toString()
      assert.deepEqual(
        [
          await range(0, 1),
          await range(3, 7),
          await range(9, 10),
          await range(5, 1000),
          await range(0, Number.POSITIVE_INFINITY),
        ],
        ['0', '3456', '9', '56789', '0123456789'],
      )
      assert.deepEqual(
        [await range(10, 11), await range(500, 600), await range(4, 4), await range(0, 0)],
        ['', '', '', ''],
      )
      await refuses(
        store.read(at('absent'), { range: { start: 4, end: 4 } }),
        'NoSuchObject',
        'There is no object s3://contract/absent.',
      )
    })

    check('a newer object takes the place of the older, with another etag', async ({ store }) => {
      await store.write(at('x'), bytesOf('old'))
      const old = await store.head(at('x'))
      await store.write(at('x'), bytesOf('new'))
      assert.equal(await textOf(store, at('x')), 'new')
      assert.notEqual((await store.head(at('x')))?.etag, old?.etag)
    })

    check('a reader keeps the version it began with, or is told', async ({ store }) => {
      const old = Buffer.alloc(4 * MEGABYTE, 'o')
      await store.write(at('x'), old)
      const stream = await store.read(at('x'))
      await store.write(at('x'), Buffer.alloc(4 * MEGABYTE, 'n'))
      assert.ok(old.equals(await buffer(stream)))
    })

    check('remove, once and again; the names of its folders are free then', async ({ store }) => {
      await store.write(at('a/b/c'), bytesOf('1'))
      await store.remove(at('a/b/c'))
      await store.remove(at('a/b/c'))
      assert.equal(await store.head(at('a/b/c')), undefined)
      assert.deepEqual(await keysOf(store, ''), [])
      await store.write(at('a'), bytesOf('2'))
      assert.equal(await textOf(store, at('a')), '2')
    })

    check('listing is by prefix of the key, which may end inside a name', async ({ store }) => {
      const keys = ['logs/1', 'users', 'users.json', 'users/a', 'users/b/c', 'users_test/d', 'z']
      for (const key of keys) await store.write(at(key === 'users' ? 'users-only' : key), bytesOf('1'))
      assert.deepEqual(await keysOf(store, 'users'), [
        'users-only',
        'users.json',
        'users/a',
        'users/b/c',
        'users_test/d',
      ])
      assert.deepEqual(await keysOf(store, 'users/'), ['users/a', 'users/b/c'])
      assert.deepEqual(await keysOf(store, 'users/b'), ['users/b/c'])
      assert.deepEqual(await keysOf(store, 'users/b/c'), ['users/b/c'])
      assert.deepEqual(await keysOf(store, 'users/b/c/'), [])
      assert.deepEqual(await keysOf(store, 'nothing/of/that'), [])
    })

    check('listing is in the order of the UTF-8 bytes of whole keys, over many pages', async ({ store }) => {
      const random = seededRandom(7)
      const keys = new Set([
        'a-b',
        'a.b',
        'a/b',
        'a0b',
        'a b',
        'ab/c',
        'ab.c',
        'ab!',
        'A',
        'é',
        'z',
        '\u{ffee}',
        '\u{1f377}',
        'e\u0301',
      ])
      while (keys.size < 60) keys.add(randomKey(random))
      const written = [...keys].filter(key => ![...keys].some(other => other.startsWith(`${key}/`)))
      for (const key of written) await store.write(at(key), bytesOf('1'))
      const sorted = written.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      assert.deepEqual(await keysOf(store, ''), sorted)
      for (const prefix of ['a', 'a/', 'a-', 'b', 'b.', 'b/a', 'é', '\u{1f377}']) {
        assert.deepEqual(
          await keysOf(store, prefix),
          sorted.filter(key => key.startsWith(prefix)),
          prefix,
        )
      }
    })

    check('keys of odd characters', async ({ store }) => {
      const odd = [
        'späte Lese/Grüner Veltliner 🍷.json',
        'a\'b"c`d$e',
        '100%/+plus & <angle>',
        '...',
        '.hidden',
        'a=b;c?d#e',
        '~',
        'x'.repeat(255),
      ]
      for (const key of odd) {
        await store.write(at(key), bytesOf(key))
        assert.equal(await textOf(store, at(key)), key)
        assert.equal((await store.head(at(key)))?.key, key)
      }
      assert.deepEqual((await keysOf(store, '')).sort(), [...odd].sort())
      for (const key of odd) await store.remove(at(key))
      assert.deepEqual(await keysOf(store, ''), [])
    })

    check(
      'a write whose content fails leaves the older object, nothing half, and throws what the content threw',
      async ({ store, cleaned }) => {
        await store.write(at('x'), bytesOf('old'))
        const failure = Object.assign(new Error('the model is gone'), { code: 'ENOENT', errno: -2 })
        for (const key of ['x', 'y/z']) {
          for (const bytes of [0, 10, 17 * MEGABYTE]) {
            await assert.rejects(store.write(at(key), failingAfter(bytes, failure)), error => error === failure)
          }
        }
        assert.equal(await textOf(store, at('x')), 'old')
        assert.deepEqual(await keysOf(store, ''), ['x'])
        await cleaned()
      },
    )

    check('a write that is aborted stops at once, though its content never comes', async ({ store, cleaned }) => {
      for (const bytes of [0, 10, 17 * MEGABYTE]) {
        const controller = new AbortController()
        const reason = new Error('no longer wanted')
        const content = async function* () {
          if (bytes > 0) yield Buffer.alloc(bytes)
          setImmediate(() => controller.abort(reason))
          await new Promise(() => {})
        }
        await assert.rejects(store.write(at('x'), content(), { signal: controller.signal }), error => error === reason)
      }
      const aborted = AbortSignal.abort(new Error('before it began'))
      await assert.rejects(store.write(at('x'), bytesOf('1'), { signal: aborted }), { message: 'before it began' })
      await cleaned()
      assert.deepEqual(await keysOf(store, ''), [])
    })

    check('reading, listing and copying stop with the reason of the abort', async ({ store }, context) => {
      await store.write(at('x'), Buffer.alloc(4 * MEGABYTE))
      await store.write(at('y'), bytesOf('1'))
      const folder = await temporaryFolder(context)
      const reason = new Error('no longer wanted')
      const aborted = AbortSignal.abort(reason)
      const isReason = (error: unknown) => error === reason
      await assert.rejects(store.read(at('x'), { signal: aborted }), isReason)
      await assert.rejects(store.localFile(at('x'), folder, { signal: aborted }), isReason)
      await assert.rejects(Array.fromAsync(store.list(BUCKET, '', { signal: aborted })), isReason)

      const reading = new AbortController()
      const stream = await store.read(at('x'), { signal: reading.signal })
      await assert.rejects(async () => {
        for await (const _ of stream) reading.abort(reason)
      }, isReason)
      const listing = new AbortController()
      await assert.rejects(async () => {
        for await (const _ of store.list(BUCKET, '', { signal: listing.signal })) listing.abort(reason)
      }, isReason)
    })

    check('a stream that is left early, or never read, is no burden', async ({ store }) => {
      await store.write(at('x'), Buffer.alloc(4 * MEGABYTE))
      for (let i = 0; i < 100; i++) {
        const stream = await store.read(at('x'))
        if (i % 2 === 0) for await (const _ of stream) break
        stream.destroy()
      }
    })

    check('160 MiB stream in and out while a few parts are held', async ({ store }, context) => {
      const count = 160
      const wanted = createHash('sha256')
      let heldMax = 0
      const before = heldBytes()
      const content = async function* () {
        for (let i = 0; i < count; i++) {
          const chunk = Buffer.alloc(MEGABYTE, `${i} is this chunk, `)
          wanted.update(chunk)
          if (i % 10 === 9) heldMax = Math.max(heldMax, heldBytes() - before)
          yield chunk
        }
      }
      await store.write(at('large'), content())
      assert.equal((await store.head(at('large')))?.bytes, count * MEGABYTE)
      const found = createHash('sha256')
      let chunkCount = 0
      for await (const chunk of await store.read(at('large'))) {
        found.update(chunk)
        if (chunkCount++ % 100 === 99) heldMax = Math.max(heldMax, heldBytes() - before)
      }
      const hash = wanted.digest('hex')
      assert.equal(found.digest('hex'), hash)
      context.diagnostic(`at most ${Math.round(heldMax / MEGABYTE)} MiB of buffers`)
      assert.ok(heldMax < HELD_BYTES_MAX, `${heldMax} bytes were held`)

      const path = await store.localFile(at('large'), await temporaryFolder(context))
      assert.equal(
        createHash('sha256')
          .update(await readFile(path))
          .digest('hex'),
        hash,
      )
    })

    check('a local file holds the object, whatever its key', async ({ store }, context) => {
      const folder = await temporaryFolder(context)
      for (const [key, content] of [
        ['a/x.csv', 'one'],
        ['b/x.csv', 'two'],
        ['🍷/empty.csv', ''],
      ]) {
        await store.write(at(key), bytesOf(content))
        const path = await store.localFile(at(key), folder)
        assert.match(path, /\.csv$/)
        assert.equal(await readFile(path, 'utf8'), content)
      }
      await refuses(store.localFile(at('c'), folder), 'NoSuchObject', 'There is no object s3://contract/c.')
    })

    check('of many writers of one key one wins, and none is mixed with another', async ({ store, cleaned }) => {
      const write = async (letter: string) => {
        const half = Buffer.alloc(100_000, letter)
        await store.write(at('folder/x'), chunks(half, half))
      }
      await Promise.all([...'abcdefgh'].map(write))
      const found = await textOf(store, at('folder/x'))
      assert.equal(found.length, 200_000)
      assert.equal(found, found[0].repeat(200_000))
      await write('z')
      assert.equal((await textOf(store, at('folder/x')))[0], 'z')
      await cleaned()
    })

    check('writers and removers of neighbours do not disturb each other', async ({ store }) => {
      const round = async (i: number) => {
        for (let turn = 0; turn < 12; turn++) {
          await store.write(at(`deep/er/${i}`), bytesOf(`${turn}`))
          assert.equal(await textOf(store, at(`deep/er/${i}`)), `${turn}`)
          await store.remove(at(`deep/er/${i}`))
        }
      }
      await Promise.all([0, 1, 2, 3].map(round))
      assert.deepEqual(await keysOf(store, ''), [])
    })

    check('a bucket that is there may be made again', async ({ store }) => {
      await store.write(at('x'), bytesOf('1'))
      await store.createBucket(BUCKET)
      assert.deepEqual(await keysOf(store, ''), ['x'])
    })

    check('an absent object', async ({ store }) => {
      assert.equal(await store.head(at('a/b')), undefined)
      await refuses(store.read(at('a/b')), 'NoSuchObject', 'There is no object s3://contract/a/b.')
    })

    check('an absent bucket', async ({ store, missingBucket }) => {
      const address = at('x', 'nowhere')
      const folder = tmpdir() // Nothing is written there.
      for (const attempt of [
        () => store.head(address),
        () => store.read(address),
        () => store.write(address, bytesOf('1')),
        () => store.write(address, Buffer.alloc(17 * MEGABYTE)),
        () => store.remove(address),
        () => store.localFile(address, folder),
        () => Array.fromAsync(store.list('nowhere', '')),
      ]) {
        await refuses(attempt(), 'NoSuchBucket', missingBucket('nowhere'))
      }
    })

    check('names that no store takes', async ({ store }) => {
      for (const bucket of [
        '',
        '.',
        '..',
        '../contract',
        '.sommelier-incoming',
        '/etc',
        'a b',
        'a:b',
        'é',
        '-x',
        'x'.repeat(256),
        'a\0',
      ]) {
        const message =
          / is not a bucket name: a letter or digit, then at most 254 letters, digits, '\.', '_' and '-' were expected\.$/
        await refuses(store.read(at('x', bucket)), 'InvalidAddress', message)
        await refuses(store.write(at('x', bucket), bytesOf('1')), 'InvalidAddress', message)
        await refuses(Array.fromAsync(store.list(bucket, '')), 'InvalidAddress', message)
        await refuses(store.createBucket(bucket), 'InvalidAddress', message)
      }
      await refuses(store.head(at('')), 'InvalidAddress', "'' cannot be the key of an object: it is empty.")
      const long = 'ab/'.repeat(400)
      const sentence = `'${long.slice(0, 80)}…' cannot be the key of an object: it has 1200 bytes and at most 1024 were expected.`
      await refuses(store.write(at(long), bytesOf('1')), 'InvalidAddress', sentence)
    })
  })
}

/** Alive at once while 160 MiB pass: six parts of 16 MiB at most, and what the streams hold. Well below all of it. */
const HELD_BYTES_MAX = 128 * MEGABYTE

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

function heldBytes(): number {
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

export async function temporaryFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sommelier-objects-'))
  await mkdir(folder, { recursive: true })
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export const bytesOf = (text: string): Buffer => Buffer.from(text)

export async function* chunks(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts
}

async function* failingAfter(bytes: number, error: Error): AsyncGenerator<Uint8Array> {
  if (bytes > 0) yield Buffer.alloc(bytes)
  throw error
}

/** Short keys over few letters, so that they meet each other's folders and prefixes. */
function randomKey(random: Random): string {
  const segment = () => Array.from({ length: 1 + random.below(2) }, () => 'ab-.é'[random.below(5)]).join('')
  const segments = Array.from({ length: 1 + random.below(3) }, segment)
  return segments.map(each => (/^\.+$/.test(each) ? `${each}a` : each)).join('/')
}
