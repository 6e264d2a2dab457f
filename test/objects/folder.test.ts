import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { openFolderStore } from '../../src/objects/folder.ts'
import { openObjectStore } from '../../src/objects/open.ts'
import { at, bytesOf, chunks, contract, keysOf, refuses, temporaryFolder, textOf } from './contract.ts'

const WINDOWS = process.platform === 'win32' && 'Windows has none of these'
const NOT_LINUX = process.platform !== 'linux' && 'steps are only atomic where /proc/self/fd is'
const INCOMING = '.sommelier-incoming'

contract('folder store', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sommelier-folder-'))
  return {
    store: openFolderStore(root),
    missingBucket: bucket => `There is no bucket '${bucket}': make it with mkdir '${join(root, bucket)}'.`,
    cleaned: async () => assert.deepEqual(await readdir(join(root, INCOMING)), []),
    close: () => rm(root, { recursive: true }),
  }
})

async function start(context: TestContext) {
  const root = await temporaryFolder(context)
  const store = openObjectStore({ kind: 'folder', root })
  await store.createBucket('contract')
  return { root, store, bucket: join(root, 'contract') }
}

test('what people put into the folder is there, and what is written there they can read', async context => {
  const { root, store } = await start(context)
  await mkdir(join(root, 'by-hand/a'), { recursive: true })
  await writeFile(join(root, 'by-hand/a/c.json'), '{}')
  assert.equal(await textOf(store, at('a/c.json', 'by-hand')), '{}')
  await store.write(at('out/c.json.out', 'by-hand'), bytesOf('[]'))
  assert.equal(await readFile(join(root, 'by-hand/out/c.json.out'), 'utf8'), '[]')
  assert.equal(await store.localFile(at('a/c.json', 'by-hand'), root), join(root, 'by-hand/a/c.json'))
})

test('a growing file is found again by its name, and becomes the object with the bytes that count', async context => {
  const { root, store } = await start(context)
  const first = await store.growingFile!(at('deep/x'), 'one')
  assert.equal(first.bytes, 0)
  await writeFile(first.path, 'wholeand more')
  await first.sync()
  const again = await openFolderStore(root).growingFile!(at('deep/x'), 'one')
  assert.deepEqual([again.path, again.bytes], [first.path, 13])
  assert.deepEqual(await keysOf(store, ''), [])
  await again.place(5)
  assert.equal(await textOf(store, at('deep/x')), 'whole')
  assert.deepEqual(await readdir(join(root, INCOMING)), [])
  const other = await store.growingFile!(at('y'), 'two')
  await other.remove()
  assert.deepEqual(await readdir(join(root, INCOMING)), [])
  await refuses(store.growingFile!(at('x', 'none'), 'three'), 'NoSuchBucket', /^There is no bucket 'none'/)
})

test('a growing file that nobody went on with for a day is removed', async context => {
  const { root, store } = await start(context)
  const { path } = await store.growingFile!(at('x'), 'old')
  await utimes(path, new Date(0), new Date(0))
  openFolderStore(root)
  assert.deepEqual(await readdir(join(root, INCOMING)), [])
})

test('a growing file that is gone does not become an object of nothing', async context => {
  const { store, root } = await start(context)
  const file = await store.growingFile!(at('x'), 'gone')
  await writeFile(file.path, 'whole')
  await rm(file.path)
  const sentence = /^s3:\/\/contract\/x could not be written: no such file or directory \(ENOENT\)\.$/
  await refuses(file.sync(), 'Unavailable', sentence)
  await refuses(file.place(5), 'Unavailable', sentence)
  assert.deepEqual([await keysOf(store, ''), await readdir(join(root, INCOMING))], [[], []])
})

test('an edit in place changes the etag, a look does not', async context => {
  const { store, bucket } = await start(context)
  await store.write(at('x'), bytesOf('one'))
  const etag = async () => (await store.head(at('x')))?.etag
  const first = await etag()
  await textOf(store, at('x'))
  assert.equal(await etag(), first)
  await writeFile(join(bucket, 'x'), 'two')
  await utimes(join(bucket, 'x'), 0, 0)
  assert.notEqual(await etag(), first)
})

test('keys that would leave the folder or cannot be files are refused, with what is wrong', async context => {
  const { root, store } = await start(context)
  const wrong: [string, string][] = [
    ['../x', "'../x' cannot be the key of an object: '..' is a step between folders, not a name."],
    ['a/../../x', "'a/../../x' cannot be the key of an object: '..' is a step between folders, not a name."],
    ['a/..', "'a/..' cannot be the key of an object: '..' is a step between folders, not a name."],
    ['./x', "'./x' cannot be the key of an object: '.' is a step between folders, not a name."],
    [
      '/etc/passwd',
      "'/etc/passwd' cannot be the key of an object: it begins or ends with '/' or has two of them in a row.",
    ],
    ['a//b', "'a//b' cannot be the key of an object: it begins or ends with '/' or has two of them in a row."],
    ['a/', "'a/' cannot be the key of an object: it begins or ends with '/' or has two of them in a row."],
    ['a\0b', "'a\\u0000b' cannot be the key of an object: it contains the control character U+0000."],
    ['a\nb', "'a\\nb' cannot be the key of an object: it contains the control character U+000A."],
    ['a\x7fb', "'a\x7fb' cannot be the key of an object: it contains the control character U+007F."],
    ['a\ud800b', "'a\\ud800b' cannot be the key of an object: it contains U+D800, which is half of a character."],
    [
      'é'.repeat(128),
      `'${'é'.repeat(80)}…' cannot be the key of an object: a name between two '/' has 256 bytes and at most 255 were expected.`,
    ],
  ]
  for (const [key, message] of wrong) {
    await refuses(store.write(at(key), bytesOf('1')), 'InvalidAddress', message)
    await refuses(store.read(at(key)), 'InvalidAddress', message)
    await refuses(store.head(at(key)), 'InvalidAddress', message)
    await refuses(store.remove(at(key)), 'InvalidAddress', message)
    await refuses(store.localFile(at(key), root), 'InvalidAddress', message)
  }
  for (const prefix of ['../', '/', 'a//', './a', 'a/../b', 'a\0']) {
    await refuses(keysOf(store, prefix), 'InvalidAddress', / cannot begin the key of an object: .+\.$/)
  }
  assert.deepEqual(await readdir(root), [INCOMING, 'contract'])
  assert.deepEqual(await keysOf(store, '..'), [])
})

test('an object cannot be beneath another, nor take the place of a folder', async context => {
  const { store, bucket } = await start(context)
  await store.write(at('a/b'), bytesOf('1'))
  const message = (key: string, path: string, what: string) =>
    `s3://contract/${key} could not be written: '${join(bucket, path)}' is a ${what}, and no file of a folder store can be a folder as well.`
  await refuses(store.write(at('a'), bytesOf('2')), 'InvalidAddress', message('a', 'a', 'folder'))
  await refuses(store.write(at('a/b/c/d'), bytesOf('2')), 'InvalidAddress', message('a/b/c/d', 'a/b', 'file'))
  assert.equal(await store.head(at('a')), undefined)
  assert.equal(await store.head(at('a/b/c')), undefined)
  await refuses(store.read(at('a')), 'NoSuchObject', 'There is no object s3://contract/a.')
  await refuses(store.read(at('a/b/c')), 'NoSuchObject', 'There is no object s3://contract/a/b/c.')
  await store.remove(at('a'))
  await store.remove(at('a/b/c'))
  assert.deepEqual(await keysOf(store, 'a/b/'), [])
  assert.equal(await textOf(store, at('a/b')), '1')
})

test('symbolic links are not followed, wherever they are', { skip: WINDOWS }, async context => {
  const { root, store, bucket } = await start(context)
  const outside = await temporaryFolder(context)
  await writeFile(join(outside, 'secret'), 'secret')
  await symlink(outside, join(bucket, 'folder'))
  await symlink(join(outside, 'secret'), join(bucket, 'file'))
  await symlink('/nowhere', join(bucket, 'dangling'))
  await symlink(outside, join(root, 'linked'))
  await store.write(at('real'), bytesOf('1'))
  assert.deepEqual(await keysOf(store, ''), ['real'])

  const ways: [string, string, () => Promise<unknown>][] = [
    ['folder/secret', 'written', () => store.write(at('folder/secret'), bytesOf('1'))],
    ['folder/secret', 'read', () => store.read(at('folder/secret'))],
    ['folder/secret', 'removed', () => store.remove(at('folder/secret'))],
    ['folder/', 'listed', () => keysOf(store, 'folder/')],
  ]
  for (const [key, verb, way] of ways) {
    const path = join(bucket, 'folder')
    const message = `s3://contract/${key} could not be ${verb}: '${path}' is a symbolic link, which the store does not follow.`
    await refuses(way(), 'InvalidAddress', message)
  }
  for (const key of ['file', 'dangling']) {
    const message = (verb: string) =>
      `s3://contract/${key} could not be ${verb}: '${join(bucket, key)}' is a symbolic link, which the store does not follow.`
    await refuses(store.read(at(key)), 'InvalidAddress', message('read'))
    await refuses(store.head(at(key)), 'InvalidAddress', message('read'))
    await refuses(store.localFile(at(key), root), 'InvalidAddress', message('read'))
    await refuses(store.write(at(key), bytesOf('1')), 'InvalidAddress', message('written'))
    await refuses(store.remove(at(key)), 'InvalidAddress', message('removed'))
  }
  const noFolder = `The bucket 'linked' is no folder: '${join(root, 'linked')}' is a symbolic link, which the store does not follow.`
  await refuses(store.read(at('secret', 'linked')), 'InvalidAddress', noFolder)
  await refuses(store.write(at('x', 'linked'), bytesOf('1')), 'InvalidAddress', noFolder)
  await refuses(keysOf(store, '', 'linked'), 'InvalidAddress', noFolder)
  await refuses(store.createBucket('linked'), 'InvalidAddress', /symbolic link/)
  assert.deepEqual(await readdir(outside), ['secret'])
  assert.equal(await readFile(join(outside, 'secret'), 'utf8'), 'secret')
})

test('a folder that is swapped for a link all the time leads nobody outside', { skip: NOT_LINUX }, async context => {
  const { store, bucket } = await start(context)
  const outside = await temporaryFolder(context)
  await writeFile(join(outside, 'x'), 'secret')
  await store.write(at('folder/x'), bytesOf('inside'))
  const swapper = new Worker(SWAPPER, { eval: true, workerData: { bucket, outside } })
  await once(swapper, 'message')
  const met = new Set<string>()
  const note = (error: Error) => met.add(error.message.replace(/'.*'/, ''))
  for (let i = 0; i < 150; i++) {
    const text = await textOf(store, at('folder/x')).catch(note)
    assert.notEqual(text, 'secret')
    await store.write(at('folder/x'), bytesOf('inside')).catch(note)
    await store.head(at('folder/x')).catch(note)
    for (const key of await keysOf(store, 'folder/')
      .catch(note)
      .then(Array.from<string>))
      assert.doesNotMatch(key, /secret/)
    if (i % 10 === 0) await store.remove(at('folder/x')).catch(note)
  }
  await swapper.terminate()
  assert.deepEqual(await readdir(outside), ['x'])
  assert.equal(await readFile(join(outside, 'x'), 'utf8'), 'secret')
  context.diagnostic([...met].join(' | '))
  assert.ok(met.size > 0, 'the swapping was never met')
})

const SWAPPER = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { renameSync, symlinkSync, unlinkSync, rmSync } = require('node:fs')
  const folder = workerData.bucket + '/folder', aside = workerData.bucket + '/aside'
  const attempt = work => { try { work() } catch {} }
  parentPort.postMessage('begun')
  for (;;) {
    attempt(() => rmSync(aside, { recursive: true }))
    attempt(() => renameSync(folder, aside))
    attempt(() => symlinkSync(workerData.outside, folder))
    attempt(() => unlinkSync(folder))
    attempt(() => renameSync(aside, folder))
  }`

test('pipes, odd names and the litter of desktops are not listed, and a pipe holds nobody up', {
  skip: WINDOWS,
}, async context => {
  const { store, bucket } = await start(context)
  execFileSync('mkfifo', [join(bucket, 'pipe')])
  await writeFile(join(bucket, '.DS_Store'), 'x')
  await writeFile(join(bucket, 'line\nbreak'), 'x')
  await mkdir(join(bucket, 'empty/deep'), { recursive: true })
  await store.write(at('real'), bytesOf('1'))
  if (process.platform === 'linux') {
    for (const byte of [0xfe, 0xff]) await writeFile(Buffer.concat([bytesOf(`${bucket}/`), Buffer.from([byte])]), 'x')
  }
  assert.deepEqual(await keysOf(store, ''), ['real'])
  await refuses(store.read(at('pipe')), 'NoSuchObject', 'There is no object s3://contract/pipe.')
  assert.equal(await store.head(at('pipe')), undefined)
})

test('a folder without permission', {
  skip: WINDOWS || (process.getuid?.() === 0 && 'root may do everything'),
}, async context => {
  const { store, bucket } = await start(context)
  await mkdir(join(bucket, 'closed'), { mode: 0o000 })
  const denied = (key: string, verb: string) =>
    `Access to s3://contract/${key} was denied: it could not be ${verb}, permission denied (EACCES).`
  await refuses(store.read(at('closed/x')), 'AccessDenied', denied('closed/x', 'read'))
  await refuses(store.write(at('closed/x'), bytesOf('1')), 'AccessDenied', denied('closed/x', 'written'))
  await refuses(keysOf(store, ''), 'AccessDenied', denied('', 'listed'))
})

test('a file that is cut short while it is read', async context => {
  const { store, bucket } = await start(context)
  await store.write(at('x'), Buffer.alloc(2_000_000))
  const stream = await store.read(at('x'))
  await writeFile(join(bucket, 'x'), '')
  await refuses(buffer(stream), 'Unavailable', 's3://contract/x was cut short, to 0 bytes, while it was read.')
})

test('a store whose hidden folder has gone', async context => {
  const { root, store } = await start(context)
  await rename(join(root, INCOMING), join(root, 'gone'))
  const path = join(root, INCOMING)
  const message = `s3://contract/x could not be written: the folder '${path}' vanished meanwhile.`
  await refuses(store.write(at('x'), bytesOf('1')), 'Unavailable', message)
})

/** Writes object after object of one letter, telling each that is whole; `slow` hangs in the middle of the second. */
const writer = (root: string, slow: boolean) => `
  import { openFolderStore } from ${JSON.stringify(new URL('../../src/objects/folder.ts', import.meta.url).href)}
  const store = openFolderStore(${JSON.stringify(root)})
  async function* content(letter) {
    for (let i = 0; i < 20; i++) yield Buffer.alloc(50_000, letter)
    if (${slow} && letter === 'b') { console.log('hanging'); await new Promise(resolve => setTimeout(resolve, 1e9)) }
  }
  for (let i = 0; ; i++) {
    const letter = 'abcdefghij'[i % 10]
    await store.write({ bucket: 'contract', key: 'deep/x' }, content(letter))
    console.log(letter)
  }`

async function startWriter(
  root: string,
  slow: boolean,
): Promise<{ child: ChildProcess; lines: AsyncIterator<string> }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer(root, slow)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout!.setEncoding('utf8')
  const { createInterface } = await import('node:readline')
  return { child, lines: createInterface(child.stdout!)[Symbol.asyncIterator]() }
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

test('kill -9 in the middle of a write leaves the older object; its remains go when a store is opened, not before', async context => {
  const { root, store } = await start(context)
  const { child, lines } = await startWriter(root, true)
  assert.equal((await lines.next()).value, 'a')
  assert.equal((await lines.next()).value, 'hanging')
  assert.equal((await readdir(join(root, INCOMING))).length, 1)
  openFolderStore(root)
  assert.equal((await readdir(join(root, INCOMING))).length, 1)
  await kill(child)
  assert.equal(await textOf(store, at('deep/x')), 'a'.repeat(1_000_000))
  assert.deepEqual(await keysOf(store, ''), ['deep/x'])
  openFolderStore(root)
  assert.deepEqual(await readdir(join(root, INCOMING)), [])
})

test('kill -9 at any moment leaves one whole object', async context => {
  const { root, store } = await start(context)
  for (let turn = 0; turn < 6; turn++) {
    const { child, lines } = await startWriter(root, false)
    for (let i = 0; i <= turn; i++) await lines.next()
    await kill(child)
    const found = await textOf(store, at('deep/x'))
    assert.equal(found, found[0].repeat(1_000_000))
  }
})

test("another machine's unfinished files are kept for a day", async context => {
  const { root } = await start(context)
  const foreign = join(root, INCOMING, '0123456789abcdef.7.123.7-0-0')
  await writeFile(foreign, 'x')
  openFolderStore(root)
  assert.equal((await readdir(join(root, INCOMING))).length, 1)
  await utimes(foreign, 0, 0)
  openFolderStore(root)
  assert.deepEqual(await readdir(join(root, INCOMING)), [])
})

test('a write of no chunks to a bucket that vanished meanwhile is refused', async context => {
  const { store, bucket } = await start(context)
  const content = async function* () {
    yield* chunks(bytesOf('1'))
    await rm(bucket, { recursive: true })
  }
  await refuses(
    store.write(at('a/x'), content()),
    'Unavailable',
    /^s3:\/\/contract\/a\/x could not be written: no such file or directory \(ENOENT\)\.$/,
  )
})
