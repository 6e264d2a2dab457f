/**
 * The published package as its users get it: packed, installed from the tarball into an empty folder, asked for its version, started, and
 * taken from a CSV file to a batch job's output. Works on a copy, since packing swaps package.json for a while (manifest.mjs). `npm run check:package`.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { PersonalizeClient } from '@aws-sdk/client-personalize'
import { Flow, waitByPolling } from '../examples/flow.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'sommelier-package-'))
const log = join(folder, 'server.log')
const STEP_MS_MAX = 180_000

/** Training wants a thousand. */
const EVENT_COUNT = 1200

/** What is not packed, and not needed to pack. */
const LEFT_OUT = /^(?:node_modules|\.git|dist|data|.*\.tgz)(?:\/|$)/

/** Runs npm, on the Node that runs the project, and answers what it printed. */
function npm(cwd, ...args) {
  const { npm_execpath: path } = process.env
  const [command, ...before] = path?.endsWith('.js') ? [process.execPath, path] : ['npm']
  const stdio = ['ignore', 'pipe', 'inherit']
  return execFileSync(command, [...before, ...args], { cwd, stdio, encoding: 'utf8', timeout: STEP_MS_MAX })
}

/** Starts the installed server, takes it all the way from a CSV file to a batch job's output, and stops it. */
async function useIt(bin) {
  const data = join(folder, 'data')
  const bucket = join(data, 'buckets/shop')
  mkdirSync(bucket, { recursive: true })
  const events = Array.from({ length: EVENT_COUNT }, (_, i) => `u${i % 60},i${(i * i) % 97},${1_700_000_000 + i}`)
  writeFileSync(join(bucket, 'events.csv'), `USER_ID,ITEM_ID,TIMESTAMP\n${events.join('\n')}\n`)
  writeFileSync(join(bucket, 'users.jsonl'), '{"userId":"u1"}\n{"userId":"nobody"}\n')
  const server = spawn(process.execPath, [bin, 'serve', '--port', '0', '--data', data], {
    stdio: ['ignore', 'pipe', openSync(log, 'w')],
    timeout: STEP_MS_MAX,
  })
  const ended = new Promise(resolve => server.on('close', resolve))
  try {
    const endpoint = await addressIn(server.stdout)
    const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
    const flow = new Flow(new PersonalizeClient({ endpoint, region: 'us-east-1', credentials }), 'shop', waitByPolling)
    await flow.createGroup()
    const columns = { USER_ID: 'string', ITEM_ID: 'string', TIMESTAMP: 'long' }
    await flow.importDataset('Interactions', columns, 's3://shop/events.csv')
    const version = await flow.train('aws-user-personalization-v2')
    await flow.recommend(version, 's3://shop/users.jsonl', 's3://shop/out/', 5)
  } catch (error) {
    process.stderr.write(readFileSync(log, 'utf8'))
    throw error
  } finally {
    server.kill('SIGTERM')
    assert.equal(await ended, 0, 'the server did not end well')
  }
  const answers = readFileSync(join(bucket, 'out/users.jsonl.out'), 'utf8').trimEnd().split('\n')
  assert.deepEqual(
    answers.map(line => JSON.parse(line).output.recommendedItems.length),
    [5, 5],
  )
}

/** The address in the line that says where the server is. */
async function addressIn(output) {
  for await (const line of createInterface(output)) {
    const address = /http:\/\/[^,\s]+/.exec(line)?.[0]
    if (address) return address
  }
  throw new Error('The server ended without saying where it is.')
}

try {
  const copy = join(folder, 'copy')
  cpSync(root, copy, { recursive: true, filter: path => !LEFT_OUT.test(relative(root, path)) })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const [{ filename, files, size, version }] = JSON.parse(npm(copy, 'pack', '--json', '--foreground-scripts=false'))
  const strange = files
    .map(({ path }) => path)
    .filter(path => !/^(dist\/.*\.(js|wasm)|LICENSE|README\.md|CHANGELOG\.md|package\.json)$/.test(path))
  assert.deepEqual(strange, [], 'the package holds what it should not')
  assert.deepEqual(
    JSON.parse(readFileSync(join(copy, 'package.json'))),
    JSON.parse(readFileSync(join(root, 'package.json'))),
  )

  const user = join(folder, 'user')
  mkdirSync(user)
  npm(user, 'install', '--no-audit', '--no-fund', '--prefer-offline', join(copy, filename))
  const manifest = JSON.parse(readFileSync(join(user, 'node_modules/sommelier/package.json')))
  assert.deepEqual(
    [manifest.optionalDependencies, manifest.devDependencies, manifest.engines],
    [undefined, undefined, { node: '>=24' }],
  )
  const bin = join(user, 'node_modules/.bin/sommelier')
  assert.equal(
    execFileSync(process.execPath, [bin, '--version'], { encoding: 'utf8', timeout: STEP_MS_MAX }),
    `${version}\n`,
  )
  await useIt(bin)
  process.stdout.write(
    `${filename}: ${Math.round(size / 1024)} kB, ${files.length} files; installed, started, trained and asked.\n`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
