/** A server of one's own for a test: in this process, as the process that a user starts, or a region of one that runs elsewhere. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { manualClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'

export interface TestServer {
  readonly url: string
  readonly dataFolder: string
  /** Of a server that is not ours: the test's own region there. */
  readonly region?: string
}

/** Removed when the test file ends: by then whatever wrote there has ended too. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sommelier-test-'))
  temporaryFolders.push(folder)
  return folder
}

const temporaryFolders: string[] = []
process.once('exit', () => {
  for (const folder of temporaryFolders) rmSync(folder, { recursive: true, force: true })
})

/** What the clock of `testServer` says, always. */
export const NOW_SECONDS = 1_700_000_000.123

/**
 * Speaks to the running server at SOMMELIER_TEST_ENDPOINT instead: one with `--auth off` or `lenient`, an empty bucket `bucket` and nothing
 * else. There each test has a region of its own, and `post` translates: regions and dates in answers become those the tests expect. Tests
 * that need flags or the data folder are skipped.
 */
function elsewhere(t: TestContext, url: string, flags: string[]): TestServer {
  const skip = (reason: string): never => {
    t.skip(`SOMMELIER_TEST_ENDPOINT is set, and this test needs ${reason}`)
    throw new Error('skipped')
  }
  if (flags.length > 0) skip(`a server with ${flags.join(' ')}`)
  return {
    url: url.replace(/\/$/, ''),
    // As long as 'us-east-1', so that lengths stay what the tests expect.
    region: `t-${randomBytes(4).toString('hex').slice(1)}`,
    get dataFolder() {
      return skip('the data folder')
    },
  }
}

/** What one test file has found out about the kernels (src/jobs/kernelVerdict.ts) the next one need not: a second of each. */
const VERDICT = fileURLToPath(new URL('../../build/kernels.json', import.meta.url))

function copyVerdict(from: string, to: string): void {
  if (existsSync(from)) copyFileSync(from, to)
}

/** In this process, with the bucket `bucket` and nothing else in its data folder but what is known of the kernels. */
export async function testServer(t: TestContext, flags: string[] = []): Promise<TestServer> {
  const endpoint = process.env.SOMMELIER_TEST_ENDPOINT
  if (endpoint !== undefined) return elsewhere(t, endpoint, flags)
  const dataFolder = temporaryFolder()
  mkdirSync(join(dataFolder, 'buckets', 'bucket'), { recursive: true })
  copyVerdict(VERDICT, join(dataFolder, 'kernels.json'))
  t.after(() => copyVerdict(join(dataFolder, 'kernels.json'), VERDICT))
  const config = readConfig(['--port', '0', '--data', dataFolder, ...flags], {})
  const app = await startApp(config, silentLog, manualClock(NOW_SECONDS * 1000))
  t.after(() => app.stop())
  return { url: `http://127.0.0.1:${app.port}`, dataFolder }
}

export interface ServerProcess extends TestServer {
  readonly process: ChildProcess
  /** Everything it has said, both streams. */
  said(): string
  kill(signal: NodeJS.Signals): Promise<void>
}

/** `sommelier serve` on a data folder that stays; killed with the test. */
export async function serverProcess(
  t: TestContext,
  dataFolder: string,
  flags: string[] = [],
  variables: NodeJS.ProcessEnv = {},
): Promise<ServerProcess> {
  const main = new URL('../../src/main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [main, 'serve', '--port', '0', '--data', dataFolder, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...variables },
  })
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal)
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  t.after(() => kill('SIGKILL'))
  let said = ''
  child.stderr.on('data', chunk => {
    said += chunk
  })
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', line => {
      said += `${line}\n`
      const match = /ready at (http:\S+),/.exec(line)
      if (match) resolve(match[1])
    })
    child.once('exit', code => reject(new Error(`the server ended with code ${code}: ${said}`)))
  })
  return { url, dataFolder, process: child, said: () => said, kill }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** One request as it goes over the wire. */
export async function post(
  server: TestServer,
  target: string | undefined,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const { region } = server
  const scope = `Credential=test/20260101/${region}/personalize/aws4_request`
  const response = await fetch(`${server.url}/`, {
    method: 'POST',
    body: region === undefined || typeof body !== 'string' ? body : body.replaceAll('us-east-1', region),
    headers: {
      'Content-Type': 'application/x-amz-json-1.1',
      ...(target !== undefined && { 'X-Amz-Target': target }),
      ...(region !== undefined && { Authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=00` }),
      ...headers,
    },
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text: region === undefined ? text : here(text, region) }
}

/** Dates of today are those of what a test has made; recipes have others. */
const TODAY_SECONDS = Date.now() / 1000 - 86_400
function here(text: string, region: string): string {
  const now = (found: string, member: string, seconds: string) =>
    Number(seconds) > TODAY_SECONDS ? `${member}${NOW_SECONDS}` : found
  return text.replaceAll(region, 'us-east-1').replaceAll(/(DateTime":)([\d.]+)/g, now)
}

type Members = Record<string, unknown>

/** Calls an operation that must succeed; an empty body is undefined. */
export async function call<T = Members>(server: TestServer, operation: string, input: Members = {}): Promise<T> {
  const answer = await post(server, `AmazonPersonalize.${operation}`, JSON.stringify(input))
  assert.equal(answer.status, 200, answer.text)
  return answer.text === '' ? (undefined as T) : JSON.parse(answer.text)
}

/** Calls an operation that must fail with exactly this. */
export async function refuses(
  server: TestServer,
  operation: string,
  input: Members,
  name: string,
  message: string,
): Promise<void> {
  const answer = await post(server, `AmazonPersonalize.${operation}`, JSON.stringify(input))
  assert.deepEqual([answer.status, JSON.parse(answer.text)], [400, { __type: name, message }])
}

export const arnOf = (resource: string): string => `arn:aws:personalize:us-east-1:000000000000:${resource}`
export const ROLE = 'arn:aws:iam::000000000000:role/personalize'

/** Between two questions at first, and at most: short work is seen to end soon, long work is not asked about a hundred times a second. */
const ASK_MS = { first: 10, most: 100 }

/** Asks until `is` holds of what the operation describes. Bounded by the test runner's own time-out. */
export async function described<T>(
  server: TestServer,
  operation: string,
  input: Members,
  is: (found: T) => boolean,
): Promise<T> {
  for (let wait = ASK_MS.first; ; wait = Math.min(1.5 * wait, ASK_MS.most)) {
    const [found] = Object.values(await call(server, operation, input)) as T[]
    if (is(found)) return found
    await new Promise(resolve => setTimeout(resolve, wait))
  }
}

/** Asks until the resource's status is not one of those that pass. */
export const settled = (server: TestServer, operation: string, input: Members) =>
  described<{ status: string; failureReason?: string }>(
    server,
    operation,
    input,
    ({ status }) => !/PENDING|IN_PROGRESS|STOPPING/.test(status),
  )
