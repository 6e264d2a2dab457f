/**
 * The object store's contract against a server that is not ours: makes a Python environment with moto in build/moto (once), starts its S3,
 * and runs test/objects/s3Real.test.ts, or the command given, with SOMMELIER_TEST_S3_ENDPOINT set.
 *
 *   node scripts/withMoto.mjs [command …]
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const MOTO = 'moto[server,s3]==5.2.1'
/** moto imports half of AWS before it listens: some seconds, more on a busy machine. */
const START_MS_MAX = 60_000
const ASK_AGAIN_MS = 100

const root = fileURLToPath(new URL('..', import.meta.url))
const environment = join(root, 'build/moto')
const python = join(environment, 'bin/python')
const node = join(root, 'node_modules/.bin/node')
const command = process.argv.length > 2 ? process.argv.slice(2) : [node, '--test', 'test/objects/s3Real.test.ts']

if (!existsSync(join(environment, 'bin/moto_server'))) {
  run('python3', ['-m', 'venv', environment])
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', MOTO])
}
const port = await freePort()
const endpoint = `http://127.0.0.1:${port}`
const server = spawn(join(environment, 'bin/moto_server'), ['-H', '127.0.0.1', '-p', `${port}`], { stdio: 'ignore' })
let status = 1
try {
  await started()
  const variables = { SOMMELIER_TEST_S3_ENDPOINT: endpoint, AWS_ACCESS_KEY_ID: 'moto', AWS_SECRET_ACCESS_KEY: 'moto' }
  const [program, ...args] = command
  status = spawnSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...variables } }).status ?? 1
} finally {
  server.kill('SIGKILL')
}
process.exit(status)

function run(program, args) {
  const done = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (done.status === 0) return
  process.stderr.write(`'${program} ${args.join(' ')}' failed: ${done.error?.message ?? `status ${done.status}`}.\n`)
  process.exit(1)
}

async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => listener.once('listening', resolve))
  const { port } = listener.address()
  await new Promise(resolve => listener.close(resolve))
  return port
}

async function started() {
  for (let waited = 0; waited < START_MS_MAX; waited += ASK_AGAIN_MS) {
    const answer = await fetch(endpoint).catch(() => undefined)
    if (answer?.ok) return
    if (server.exitCode !== null) throw new Error(`moto ended with status ${server.exitCode}.`)
    await setTimeout(ASK_AGAIN_MS)
  }
  throw new Error(`moto did not answer at ${endpoint} within ${START_MS_MAX} ms.`)
}
