/** Programs written in Python that we test against, each set in an environment of its own under build/: made once, quick when present. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** moto imports half of AWS before it listens: some seconds, more on a busy machine. */
const START_MS_MAX = 60_000
const ASK_AGAIN_MS = 100

/** What stands in for S3, IAM and STS. */
const MOTO = ['moto[server,s3,iam,sts]==5.2.1']

export const root = fileURLToPath(new URL('..', import.meta.url))

/** The folder of the programs of `build/<name>`, with exactly these requirements installed. A broken or older environment is made anew. */
export function pythonEnvironment(name, requirements) {
  const folder = join(root, 'build', name)
  const [bin, note] = [join(folder, 'bin'), join(folder, 'requirements.txt')]
  const wanted = `${requirements.join('\n')}\n`
  if (existsSync(note) && readFileSync(note, 'utf8') === wanted) return bin
  rmSync(folder, { recursive: true, force: true })
  run('python3', ['-m', 'venv', folder])
  run(join(bin, 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements])
  writeFileSync(note, wanted)
  return bin
}

/** A moto server of one's own, which must be stopped. */
export async function startMoto() {
  const bin = pythonEnvironment('moto', MOTO)
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const server = spawn(join(bin, 'moto_server'), ['-H', '127.0.0.1', '-p', `${port}`], { stdio: 'ignore' })
  const stop = () => server.kill('SIGKILL')
  for (let waited = 0; waited < START_MS_MAX; waited += ASK_AGAIN_MS) {
    const answer = await fetch(endpoint).catch(() => undefined)
    if (answer?.ok) return { endpoint, stop }
    if (server.exitCode !== null) throw new Error(`moto ended with status ${server.exitCode}.`)
    await setTimeout(ASK_AGAIN_MS)
  }
  stop()
  throw new Error(`moto did not answer at ${endpoint} within ${START_MS_MAX} ms.`)
}

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
