/** The key file and the keys a running server knows from it. */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type AccessKey, changeKeyFile, keyFilePath, readKeyFile } from '../../src/access/keyFile.ts'
import { Keyring } from '../../src/access/keyring.ts'
import { ALLOW_ALL } from '../../src/access/policy.ts'
import { manualClock } from '../../src/lib/clock.ts'
import { createLog } from '../../src/lib/log.ts'
import { Refusal } from '../../src/lib/refusal.ts'

const key = (accessKeyId: string, more: Partial<AccessKey> = {}): AccessKey => ({
  accessKeyId,
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  account: '000000000000',
  user: 'nightly',
  policy: ALLOW_ALL,
  createdAt: '2023-11-14T22:13:20.123Z',
  ...more,
})
const A = 'SKIAAAAAAAAAAAAAAAAA'
const B = 'SKIABBBBBBBBBBBBBBBB'

function place(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sommelier-keys-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return keyFilePath(folder)
}

const write = (path: string, keys: unknown) =>
  writeFileSync(path, JSON.stringify({ version: 1, keys }), { mode: 0o600 })

test('what is written is read, by nobody else, and replaced whole', t => {
  const path = place(t)
  assert.deepEqual(readKeyFile(path), [])
  changeKeyFile(path, before => [...before, key(A)])
  const first = statSync(path)
  assert.equal(first.mode & 0o777, 0o600)
  changeKeyFile(path, before => [...before, key(B)])
  assert.notEqual(statSync(path).ino, first.ino)
  assert.deepEqual(readKeyFile(path), [key(A), key(B)])
  assert.throws(() => statSync(`${path}.new`), { code: 'ENOENT' })
})

test('a change that fails leaves everything as it was', t => {
  const path = place(t)
  changeKeyFile(path, () => [key(A)])
  const before = readFileSync(path)
  const failure = new Refusal('no')
  const refuse = () => {
    throw failure
  }
  assert.throws(() => changeKeyFile(path, refuse), failure)
  assert.deepEqual(readFileSync(path), before)
  changeKeyFile(path, () => [])
  assert.deepEqual(readKeyFile(path), [])
})

test('two who change it do not get into each other’s way', t => {
  const path = place(t)
  changeKeyFile(path, () => {
    assert.throws(
      () => changeKeyFile(path, () => []),
      new Refusal(
        `'${path}.new' is there: another 'sommelier keys' is at work, or was ended in the middle. Remove it in that case.`,
      ),
    )
    return [key(A)]
  })
  assert.deepEqual(readKeyFile(path), [key(A)])
})

test('there are a thousand keys at most', t => {
  const path = place(t)
  const many = Array.from({ length: 1_001 }, (_, i) => key(`SKIA${String(i).padStart(16, '0')}`))
  changeKeyFile(path, () => many.slice(1))
  assert.throws(() => changeKeyFile(path, () => many), new Refusal('There are 1000 keys already: revoke one first.'))
  assert.equal(readKeyFile(path).length, 1_000)
})

test('a file that others may read is not read', t => {
  const path = place(t)
  changeKeyFile(path, () => [key(A)])
  for (const mode of [0o640, 0o604, 0o620]) {
    chmodSync(path, mode)
    assert.throws(
      () => readKeyFile(path),
      new Refusal(
        `The key file '${path}' has the mode 0${mode.toString(8)}, so that others may read or change it: 0600 was expected (chmod 600).`,
      ),
    )
  }
  chmodSync(path, 0o400)
  assert.equal(readKeyFile(path).length, 1)
})

const odd: [string, unknown, string][] = [
  ['no object', [], 'The key file PATH is not {"version": 1, "keys": […]} with at most 1000 keys.'],
  [
    'another version',
    { version: 2, keys: [] },
    'The key file PATH is not {"version": 1, "keys": […]} with at most 1000 keys.',
  ],
  ['null', null, 'The key file PATH is not {"version": 1, "keys": […]} with at most 1000 keys.'],
  ['a null key', { version: 1, keys: [null] }, 'Key 1 in the key file PATH has no good accessKeyId.'],
  [
    'a short secret',
    { version: 1, keys: [key(A, { secretAccessKey: 'x' })] },
    'Key 1 in the key file PATH has no good secretAccessKey.',
  ],
  [
    'an account in words',
    { version: 1, keys: [key(A, { account: 'mine' })] },
    'Key 1 in the key file PATH has no good account.',
  ],
  [
    'a user with a line',
    { version: 1, keys: [key(A), key(B, { user: 'a\nb' })] },
    'Key 2 in the key file PATH has no good user.',
  ],
  ['one id twice', { version: 1, keys: [key(A), key(A)] }, 'Key 2 in the key file PATH has the id of another.'],
  [
    'a token without an end',
    { version: 1, keys: [key(A, { sessionToken: 'x'.repeat(20) })] },
    'Key 1 in the key file PATH has only one of sessionToken and expiresAt.',
  ],
  [
    'no policy',
    { version: 1, keys: [{ ...key(A), policy: undefined }] },
    'Key 1 in the key file PATH: Statement 1 of the policy is not a JSON object.',
  ],
]
for (const [what, value, message] of odd) {
  test(`a key file with ${what} is refused`, t => {
    const path = place(t)
    writeFileSync(path, JSON.stringify(value), { mode: 0o600 })
    assert.throws(() => readKeyFile(path), new Refusal(message.replace('PATH', `'${path}'`)))
  })
}

test('a refusal of a file that is not JSON does not quote it', t => {
  const path = place(t)
  writeFileSync(path, '{"secret', { mode: 0o600 })
  assert.throws(() => readKeyFile(path), new Refusal(`The key file '${path}' cannot be read: it is not JSON.`))
})

function ringAt(path: string, own?: AccessKey) {
  const clock = manualClock(1_700_000_000_000)
  const lines: string[] = []
  const log = createLog(line => lines.push(line.replace(/^\S+ /, '').trimEnd()), clock)
  return { clock, lines, ring: new Keyring(path, own, { clock, log }) }
}

test('a new key is known at once, a revoked one is forgotten within a second', t => {
  const path = place(t)
  const { ring, clock, lines } = ringAt(path)
  assert.equal(ring.find(A), undefined)
  changeKeyFile(path, () => [key(A)])
  assert.equal(ring.find(A)?.user, 'nightly')
  changeKeyFile(path, () => [key(B)])
  assert.equal(ring.find(A)?.user, 'nightly')
  clock.advance(1_000)
  assert.equal(ring.find(A), undefined)
  assert.equal(ring.find(B)?.user, 'nightly')
  rmSync(path)
  clock.advance(1_000)
  assert.equal(ring.find(B), undefined)
  assert.deepEqual(lines, [
    'info the access keys were read again count=1',
    'info the access keys were read again count=1',
    'info the access keys were read again count=0',
  ])
})

test('a clock that is set back does not keep a revoked key alive', t => {
  const path = place(t)
  changeKeyFile(path, () => [key(A)])
  const { ring, clock } = ringAt(path)
  assert.ok(ring.find(A))
  changeKeyFile(path, () => [])
  clock.advance(-3_600_000)
  assert.equal(ring.find(A), undefined)
})

test('a key keeps its derived keys until the file changes', t => {
  const path = place(t)
  changeKeyFile(path, () => [key(A)])
  const { ring, clock } = ringAt(path)
  const before = ring.find(A)!
  clock.advance(5_000)
  assert.equal(ring.find(A), before)
  before.signingKeys.set('day', Buffer.alloc(32))
  changeKeyFile(path, () => [key(A, { secretAccessKey: 'another secret'.padEnd(40, 'x').replace(' ', '_') })])
  clock.advance(5_000)
  assert.equal(ring.find(A)?.signingKeys.size, 0)
})

test('a file that is spoilt while the server runs changes nothing, is told once, and is read once it is mended', t => {
  const path = place(t)
  changeKeyFile(path, () => [key(A)])
  const { ring, clock, lines } = ringAt(path)
  writeFileSync(path, '{')
  for (let i = 0; i < 3; i++) {
    clock.advance(1_000)
    assert.ok(ring.find(A))
    assert.equal(ring.find(B), undefined)
  }
  write(path, [key(B)])
  assert.ok(ring.find(B))
  assert.equal(ring.find(A), undefined)
  assert.deepEqual(lines, [
    `error the access keys stay as they were reason="The key file '${path}' cannot be read: it is not JSON."`,
    'info the access keys were read again count=1',
  ])
})

test('the key of the environment is there beside those of the file, whatever that says', t => {
  const path = place(t)
  const { ring } = ringAt(path, key(B, { user: 'environment' }))
  assert.equal(ring.find(B)?.user, 'environment')
  changeKeyFile(path, () => [key(A), key(B, { user: 'somebody' })])
  assert.ok(ring.find(A))
  assert.equal(ring.find(B)?.user, 'environment')
})

test('a file that cannot be trusted keeps a server from starting', t => {
  const path = place(t)
  changeKeyFile(path, () => [key(A)])
  chmodSync(path, 0o644)
  assert.throws(() => ringAt(path), /has the mode 0644, so that others may read or change it/)
})
