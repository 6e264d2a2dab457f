/** `sommelier serve` as a person meets it when something is in its way: one sentence, exit code 2, no stack. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './support/server.ts'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** The user nobody: rights do not bind root. */
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0

function sommelier(args: string[], options: { uid?: number } = {}) {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
    ...options,
  })
  if (error) throw error
  return { status, stdout, stderr }
}
const serve = (folder: string, options?: { uid?: number }) =>
  sommelier(['serve', '--port', '0', '--data', folder], options)

const refused = (sentence: string) => ({ status: 2, stdout: '', stderr: `${sentence}\n` })

test('a data folder that is a file', () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  const sentence = `The data folder cannot be written (EEXIST at '${file}'): choose another with --data.`
  assert.deepEqual(serve(file), refused(sentence))
})

test('a data folder inside a file', () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  const folder = join(file, 'data')
  const sentence = `The data folder cannot be written (ENOTDIR at '${folder}'): choose another with --data.`
  assert.deepEqual(serve(folder), refused(sentence))
})

const noRights =
  process.platform === 'win32'
    ? 'Windows has no such modes of folders.'
    : isRoot &&
      sommelier(['--version'], { uid: NOBODY }).status !== 0 &&
      'Root may write everywhere, and nobody may not read the sources.'

test('a data folder that may only be read, empty, with its state in it, or one that is not there yet', {
  skip: noRights,
}, () => {
  const parent = temporaryFolder()
  const [empty, used] = ['empty', 'used'].map(name => join(parent, name))
  const user = isRoot ? { uid: NOBODY } : {}
  mkdirSync(empty)
  mkdirSync(used)
  for (const file of ['lock.sqlite', 'state.sqlite']) writeFileSync(join(used, file), '', { mode: 0o444 })
  for (const folder of [empty, used, parent]) chmodSync(folder, 0o555)
  const because = (reason: string) =>
    refused(`The data folder cannot be written (${reason}): choose another with --data.`)
  assert.deepEqual(serve(empty, user), because(`unable to open database file, in '${empty}'`))
  assert.deepEqual(serve(used, user), because(`attempt to write a readonly database, in '${used}'`))
  assert.deepEqual(serve(join(parent, 'none'), user), because(`EACCES at '${join(parent, 'none')}'`))
  for (const folder of [parent, empty, used]) chmodSync(folder, 0o755)
})

test('a command that is no server does not bring SQLite with it', () => {
  const log =
    'process.on("exit", () => process.stderr.write(process.moduleLoadList.filter(name => /sqlite/.test(name)).join()))'
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(log)}`, main, '--version'],
    { encoding: 'utf8', timeout: 60_000 },
  )
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
})
