/** `npm run examples` as a person meets it: what it says, and what it leaves alone, when something is missing or taken. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { walks } from '../support/sequences.ts'
import { serverProcess, temporaryFolder } from '../support/server.ts'

async function example(args: string[]) {
  const script = fileURLToPath(new URL('../../examples/ml-1m.ts', import.meta.url))
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 90_000 })
  const said = { out: '', err: '' }
  child.stdout.on('data', chunk => {
    said.out += chunk
  })
  child.stderr.on('data', chunk => {
    said.err += chunk
  })
  const [code] = await once(child, 'close')
  return { code, ...said }
}

test('without interactions nothing is asked and nothing copied', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'users.csv'), 'USER_ID,GENDER,AGE,OCCUPATION\nu,F,1,x\n')
  assert.deepEqual(await example(['--data', folder, '--buckets', join(folder, 'buckets')]), {
    code: 1,
    out: '',
    err: `There is no ${join(folder, 'interactions.csv')}: name another folder with --data.\n`,
  })
  assert.ok(!existsSync(join(folder, 'buckets')))
})

test('without a server it says how to start one', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'interactions.csv'), walks().csv)
  const endpoint = 'http://127.0.0.1:1'
  assert.deepEqual(await example(['--data', folder, '--buckets', join(folder, 'buckets'), '--endpoint', endpoint]), {
    code: 1,
    out: '',
    err: `No server answers at ${endpoint}: start one with \`npm start\`, or name another with --endpoint.\n`,
  })
})

test('interactions alone are enough; a second time the name is taken, and the bucket stays as it was', async t => {
  const server = await serverProcess(t, temporaryFolder())
  const folder = temporaryFolder()
  const { csv, lastItem: users } = walks()
  writeFileSync(join(folder, 'interactions.csv'), csv)
  const buckets = join(server.dataFolder, 'buckets')
  const args = ['--data', folder, '--buckets', buckets, '--endpoint', server.url, '--name', 'walks']
  const first = await example(args)
  assert.deepEqual({ code: first.code, err: first.err }, { code: 0, err: '' }, server.said())
  const output = join(buckets, 'walks', 'recommendations', 'people.jsonl.out')
  const lines = readFileSync(output, 'utf8').split('\n')
  assert.equal(lines.length, users.size + 1)
  assert.ok(first.out.endsWith(`${output}: ${users.size} lines, the first of them:\n${lines[0]}\n`), first.out)
  assert.ok(users.has(JSON.parse(lines[0]).input.userId))

  writeFileSync(join(folder, 'interactions.csv'), `${csv}one,more,1\n`)
  assert.deepEqual(await example(args), {
    code: 1,
    out: '',
    err: `walks exists already at ${server.url}: choose another name with --name.\n`,
  })
  assert.equal(readFileSync(join(buckets, 'walks', 'interactions.csv'), 'utf8'), csv)
})

test('a script tells its usage when asked, and with what it does not know', async () => {
  const helped = await example(['--help'])
  assert.match(helped.out, /^usage: npm run examples -- \[options\]\n(?:.*\n)* {2}--name NAME/)
  assert.deepEqual({ code: helped.code, err: helped.err }, { code: 0, err: '' })
  assert.deepEqual(await example(['--frog']), { code: 2, out: '', err: `Unknown option '--frog'\n${helped.out}` })
})
