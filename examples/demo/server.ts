/** A server of our own for the length of the demo: a child process on a free port and a temporary data folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** A start takes well under a second; on a machine busy with something else, some. */
const START_MS_MAX = 30_000

/** What a server has to finish its answers before it is killed. */
const STOP_MS_MAX = 5000

export interface DemoServer {
  readonly endpoint: string
  /** The end of its log. */
  lastWords(): string
  stop(): Promise<void>
}

/** Starts `sommelier serve` on `dataFolder` and resolves when it answers. Throws with its last words when it does not. */
export async function startServer(dataFolder: string): Promise<DemoServer> {
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const logPath = join(dataFolder, 'demo-server.log')
  const log = openSync(logPath, 'w')
  const lastWords = () => readFileSync(logPath, 'utf8').slice(-2000)
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, 'serve', '--port', String(port), '--data', dataFolder], {
    stdio: ['ignore', log, log],
  })
  for (let waited = 0; !(await answers(endpoint)); waited += 50) {
    if (child.exitCode !== null || waited > START_MS_MAX) {
      await stop(child)
      throw new Error(`The server did not start. Its last words:\n${lastWords()}`)
    }
    await sleep(50)
  }
  return { endpoint, lastWords, stop: () => stop(child) }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
  await exited
  clearTimeout(killer)
}

const answers = (endpoint: string): Promise<boolean> =>
  fetch(endpoint, { signal: AbortSignal.timeout(1000) }).then(
    async answer => (await answer.arrayBuffer()).byteLength >= 0,
    () => false,
  )

/** A port nobody listens on at this moment, as the system gives them out. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('The system gave out no port.')
  return address.port
}
