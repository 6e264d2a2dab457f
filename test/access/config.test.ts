/** Nobody opens a server by mistake. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { isLoopback } from '../../src/access/configure.ts'
import { readConfig } from '../../src/config.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import { temporaryFolder } from '../support/server.ts'

const authOf = (flags: string[], environment: NodeJS.ProcessEnv = {}) => readConfig(flags, environment).auth

test('everybody on a loopback address, known keys on any other, unless told otherwise', () => {
  assert.equal(authOf([]), 'off')
  assert.equal(authOf(['--host', '::1']), 'off')
  assert.equal(authOf(['--auth', 'strict']), 'strict')
  assert.equal(authOf(['--auth', 'lenient']), 'lenient')
  assert.equal(authOf(['--host', '0.0.0.0']), 'strict')
  assert.equal(authOf(['--host', '::']), 'strict')
  assert.equal(authOf(['--host', '']), 'strict')
  assert.equal(authOf(['--host', '10.0.0.1', '--auth', 'strict']), 'strict')
  assert.equal(authOf(['--host', '0.0.0.0', '--allow-unauthenticated']), 'off')
  assert.equal(authOf(['--host', '0.0.0.0', '--allow-unauthenticated', '--auth', 'lenient']), 'lenient')
  assert.equal(authOf(['--host', '0.0.0.0', '--allow-unauthenticated', '--auth', 'strict']), 'strict')
  assert.equal(authOf(['--host', '0.0.0.0'], { SOMMELIER_ALLOW_UNAUTHENTICATED: 'true' }), 'off')
  assert.equal(authOf(['--host', '0.0.0.0'], { SOMMELIER_ALLOW_UNAUTHENTICATED: 'false' }), 'strict')
  assert.equal(authOf([], { SOMMELIER_AUTH: 'lenient' }), 'lenient')
  assert.equal(authOf(['--auth', 'strict'], { SOMMELIER_AUTH: 'off' }), 'strict')
})

test('what can be reached by others is not loopback', () => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) assert.ok(isLoopback(host), host)
  for (const host of [
    '',
    '0.0.0.0',
    '::',
    '127.example.com',
    'localhost.example.com',
    '128.0.0.1',
    '::ffff:10.0.0.1',
  ]) {
    assert.ok(!isLoopback(host), host)
  }
})

const refusals: [string[], NodeJS.ProcessEnv, string][] = [
  [
    ['--host', '0.0.0.0', '--auth', 'off'],
    {},
    "--auth (SOMMELIER_AUTH) was 'off' and --host '0.0.0.0', which others can reach: 'strict' was expected, or --allow-unauthenticated, so that nobody opens a server by mistake.",
  ],
  [
    ['--host', 'host.example'],
    { SOMMELIER_AUTH: 'lenient' },
    "--auth (SOMMELIER_AUTH) was 'lenient' and --host 'host.example', which others can reach: 'strict' was expected, or --allow-unauthenticated, so that nobody opens a server by mistake.",
  ],
  [['--auth', 'none'], {}, "--auth (SOMMELIER_AUTH) was 'none': one of off, lenient, strict was expected."],
  [
    [],
    { SOMMELIER_ALLOW_UNAUTHENTICATED: 'yes' },
    "--allow-unauthenticated (SOMMELIER_ALLOW_UNAUTHENTICATED) was 'yes': 'true' or 'false' was expected.",
  ],
  ...[
    { SOMMELIER_ACCESS_KEY_ID: 'SKIAEXAMPLEEXAMPLE22' },
    { SOMMELIER_SECRET_ACCESS_KEY: 'x'.repeat(40) },
    { SOMMELIER_ACCESS_KEY_ID: 'short', SOMMELIER_SECRET_ACCESS_KEY: 'x'.repeat(40) },
    { SOMMELIER_ACCESS_KEY_ID: 'SKIAEXAMPLEEXAMPLE22', SOMMELIER_SECRET_ACCESS_KEY: 'short' },
  ].map(
    environment =>
      [
        [],
        environment,
        'SOMMELIER_ACCESS_KEY_ID and SOMMELIER_SECRET_ACCESS_KEY go together: 16 to 128 letters, digits and underscores for the one, 16 to 128 visible characters of ASCII for the other.',
      ] as [string[], NodeJS.ProcessEnv, string],
  ),
]
for (const [flags, environment, sentence] of refusals) {
  test(`refused: ${flags.join(' ')} ${Object.keys(environment).join(' ')}`, () => {
    assert.throws(() => readConfig(flags, environment), new Refusal(sentence))
  })
}

test('a server that others could reach does not start without strict', () => {
  const main = new URL('../../src/main.ts', import.meta.url).pathname
  const flags = ['--host', '0.0.0.0', '--port', '0', '--data', temporaryFolder(), '--auth', 'off']
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'serve', ...flags], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
    timeout: 30_000,
  })
  assert.deepEqual([status, stdout], [2, ''])
  assert.match(stderr, /^--auth \(SOMMELIER_AUTH\) was 'off' and --host '0\.0\.0\.0', which others can reach: /)
})
