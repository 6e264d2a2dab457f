/** `sommelier keys`, and the other commands with the keys it makes. */
import assert from 'node:assert/strict'
import { chmodSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readKeyFile } from '../../src/access/keyFile.ts'
import { startApp } from '../../src/app.ts'
import { cliCommands } from '../../src/cli/index.ts'
import type { Io } from '../../src/cli/io.ts'
import { readConfig } from '../../src/config.ts'
import { manualClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { temporaryFolder } from '../support/server.ts'
import { NOW_MS, recordedIo } from './terminal.ts'

const { keys, jobs, watch } = cliCommands

async function run(args: string[], env: Io['env'] = {}) {
  const io = recordedIo({ env })
  return { code: await keys.run(args, io), ...io.said }
}

/** The variables that `create` prints for a shell. */
const variablesIn = (out: string): Record<string, string> =>
  Object.fromEntries([...out.matchAll(/^export (\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]))

test('create prints what a shell can take, keeps it in a file of mode 0600, and list shows no secret', async () => {
  const data = temporaryFolder()
  const made = await run(['create', '--user', 'nightly', '--data', data])
  assert.equal(made.code, 0)
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = variablesIn(made.out)
  assert.match(id, /^SKIA[A-Z2-7]{16}$/)
  assert.match(secret, /^[A-Za-z0-9+/]{40}$/)
  assert.equal(made.out, `export AWS_ACCESS_KEY_ID=${id}\nexport AWS_SECRET_ACCESS_KEY=${secret}\n`)
  assert.equal(
    made.err,
    'A key of arn:aws:iam::000000000000:user/nightly, who may do everything in that account. The secret is not shown again.\n',
  )
  assert.equal(statSync(join(data, 'keys.json')).mode & 0o777, 0o600)

  const listed = await run(['list'], { SOMMELIER_DATA: data })
  const header = ['KEY ID'.padEnd(20), 'USER'.padEnd(38), 'CREATED'.padEnd(10), 'ENDS'].join('  ')
  assert.equal(listed.out, `${header}\n${id}  arn:aws:iam::000000000000:user/nightly  2026-01-02\n`)
  const asJson = await run(['list', '--json', '--data', data])
  assert.deepEqual(JSON.parse(asJson.out), {
    accessKeyId: id,
    account: '000000000000',
    user: 'nightly',
    policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
    createdAt: '2026-01-02T03:04:05.000Z',
  })
})

test('a temporary key, as credential_process wants it', async () => {
  const data = temporaryFolder()
  const made = await run(['create', '--user', 'ci', '--hours', '2', '--json'], {
    SOMMELIER_DATA: data,
    SOMMELIER_ACCOUNT: '111111111111',
  })
  const { SessionToken, AccessKeyId, SecretAccessKey, ...rest } = JSON.parse(made.out)
  assert.deepEqual(rest, { Version: 1, Expiration: '2026-01-02T05:04:05.000Z' })
  const [key] = readKeyFile(join(data, 'keys.json'))
  assert.deepEqual(
    [key.sessionToken, key.accessKeyId, key.secretAccessKey],
    [SessionToken, AccessKeyId, SecretAccessKey],
  )
  assert.match(AccessKeyId, /^SSIA/)
  assert.equal(key.account, '111111111111')
  const { out } = await run(['list', '--data', data])
  assert.match(out, / {2}until 2026-01-02T05:04:05\.000Z\n$/)
})

test('revoke forgets one key and no other', async () => {
  const data = temporaryFolder()
  const ids: string[] = []
  for (const user of ['a', 'b']) {
    ids.push(variablesIn((await run(['create', '--user', user, '--data', data])).out).AWS_ACCESS_KEY_ID)
  }
  const revoked = await run(['revoke', ids[0], '--data', data])
  assert.deepEqual(revoked, {
    code: 0,
    out: `${ids[0]} is revoked: within a second no server of this folder takes it any more.\n`,
    err: '',
  })
  assert.deepEqual(
    readKeyFile(join(data, 'keys.json')).map(({ user }) => user),
    ['b'],
  )
  const again = await run(['revoke', ids[0], '--data', data])
  assert.deepEqual(again, { code: 2, out: '', err: `There is no key '${ids[0]}' in ${join(data, 'keys.json')}.\n` })
})

test('what is wrong is said, and nothing is written', async () => {
  const data = temporaryFolder()
  const policy = join(data, 'policy.json')
  writeFileSync(policy, '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{}}]}')
  const wrong: [string[], string][] = [
    [['create'], '--user takes a name of 1 to 64 letters, digits and +=,.@_-, and is needed.'],
    [['create', '--user', 'a b'], '--user takes a name of 1 to 64 letters, digits and +=,.@_-, and is needed.'],
    [['create', '--user', 'a', '--account', '1'], "--account takes twelve digits; it was given '1'."],
    [['create', '--user', 'a', '--hours', '0'], "--hours takes a whole number from 1 to 8760; it was given '0'."],
    [
      ['create', '--user', 'a', '--policy', policy],
      'Statement 1 of the policy has the member "Condition", which is not evaluated here.',
    ],
    [
      ['create', '--user', 'a', '--policy', join(data, 'none')],
      `The policy '${join(data, 'none')}' cannot be read: ENOENT: no such file or directory, open '${join(data, 'none')}'.`,
    ],
    [['remove', 'x'], "'create --user NAME', 'list' or 'revoke KEY_ID' was expected; --help says more."],
    [['revoke'], "'create --user NAME', 'list' or 'revoke KEY_ID' was expected; --help says more."],
  ]
  for (const [args, sentence] of wrong) {
    assert.deepEqual(await run([...args, '--data', data]), { code: 2, out: '', err: `${sentence}\n` })
  }
  assert.deepEqual(readKeyFile(join(data, 'keys.json')), [])
  assert.deepEqual(await run(['list', '--data', data]), {
    code: 0,
    out: `There are no keys in ${join(data, 'keys.json')}.\n`,
    err: '',
  })
})

test('a key file that others may read is not added to', async () => {
  const data = temporaryFolder()
  await run(['create', '--user', 'a', '--data', data])
  chmodSync(join(data, 'keys.json'), 0o644)
  const { code, err } = await run(['create', '--user', 'b', '--data', data])
  assert.equal(code, 2)
  assert.match(err, /has the mode 0644, so that others may read or change it: 0600 was expected \(chmod 600\)\.\n$/)
})

test('jobs and watch sign with the key of the environment, by its policy', async t => {
  const data = temporaryFolder()
  const config = readConfig(['--port', '0', '--data', data, '--auth', 'strict'], {})
  const app = await startApp(config, silentLog, manualClock(NOW_MS))
  t.after(() => app.stop())
  const endpoint = `http://127.0.0.1:${app.port}`
  const policy = join(data, 'policy.json')
  writeFileSync(policy, '{"Statement":{"Effect":"Allow","Action":"sommelier:ListWork","Resource":"*"}}')

  const unsigned = recordedIo()
  assert.equal(await jobs.run(['--endpoint', endpoint], unsigned), 2)
  assert.equal(unsigned.said.err, 'MissingAuthenticationToken: Missing Authentication Token\n')
  for (const hours of [[], ['--hours', '1']]) {
    const made = await run(['create', '--user', 'ops', '--policy', policy, ...hours, '--data', data])
    assert.match(made.err, /^A key of arn:aws:iam::000000000000:user\/ops, by its policy\./)
    const io = recordedIo({ env: variablesIn(made.out) })
    assert.equal(await jobs.run(['--endpoint', endpoint], io), 0, io.said.err)
    assert.equal(io.said.out, `${endpoint} has had no long work yet.\n`)
    const arn = 'arn:aws:personalize:us-east-1:000000000000:dataset-group/g'
    assert.equal(await watch.run([arn, '--endpoint', endpoint], io), 2)
    assert.equal(
      io.said.err,
      `AccessDeniedException: User: arn:aws:iam::000000000000:user/ops is not authorized to perform: sommelier:DescribeWork on resource: ${arn} because no identity-based policy allows the sommelier:DescribeWork action\n`,
    )
  }
})
