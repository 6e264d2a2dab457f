/** Three clients that we did not write, behind one face: what they send, and what they show their user. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import * as sdk from '@aws-sdk/client-personalize'

export type Members = Record<string, unknown>

/** A refusal as the client's user meets it. */
export class ClientRefusal extends Error {
  /** Whether the client has a class for it, and this is one of those. */
  readonly modelled: boolean
  constructor(name: string, message: string, modelled: boolean) {
    super(message)
    this.name = name
    this.modelled = modelled
  }
}

export interface Client {
  readonly name: string
  readonly region: string
  /** What came back, dates as epoch seconds. Throws ClientRefusal. */
  call(operation: string, input: Members): Promise<Members>
  /** All pages, by the client's own paginator. */
  pages(operation: string, input: Members, pageSize: number): Promise<Members[]>
  close(): void
}

export interface Place {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Without what the machine's user has set, and with what the test wants. */
export const environmentOf = ({ accessKeyId, secretAccessKey }: Place): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))),
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_PAGER: '',
  // botocore tries again after LimitExceededException, and waits for seconds.
  AWS_MAX_ATTEMPTS: '1',
})

interface SdkModule {
  readonly [name: string]: unknown
}
type Command = Parameters<sdk.PersonalizeClient['send']>[0]

export function javascriptSdk(place: Place): Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = place
  const credentials = { accessKeyId, secretAccessKey }
  const client = new sdk.PersonalizeClient({ endpoint, region, credentials, maxAttempts: 1 })
  const named = sdk as unknown as SdkModule
  const shown = async <T>(send: () => Promise<T>): Promise<T> => {
    try {
      return await send()
    } catch (error) {
      if (!(error instanceof sdk.PersonalizeServiceException)) throw error
      const known = named[error.name] as (new () => Error) | undefined
      throw new ClientRefusal(error.name, error.message, known !== undefined && error instanceof known)
    }
  }
  return {
    name: 'AWS SDK for JavaScript',
    region,
    async call(operation, input) {
      const SdkCommand = named[`${operation}Command`] as new (input: Members) => Command
      return plain(await shown(() => client.send(new SdkCommand(input))))
    },
    async pages(operation, input, pageSize) {
      const paginate = named[`paginate${operation}`] as (how: object, input: Members) => AsyncIterable<object>
      // It writes into its input.
      return shown(() => Array.fromAsync(paginate({ client, pageSize }, { ...input }), plain))
    },
    close: () => client.destroy(),
  }
}

/** As JSON would have it, dates as epoch seconds, without what the SDK adds. */
function plain({ $metadata: _, ...output }: object & { $metadata?: unknown }): Members {
  const seconds = (value: unknown): unknown => {
    if (value instanceof Date) return value.getTime() / 1000
    if (Array.isArray(value)) return value.map(seconds)
    if (typeof value !== 'object' || value === null) return value
    const present = Object.entries(value).filter(([, each]) => each !== undefined)
    return Object.fromEntries(present.map(([name, each]) => [name, seconds(each)]))
  }
  return seconds(output) as Members
}

interface BotoAnswer {
  readonly output?: Members
  readonly pages?: Members[]
  readonly refusal?: { name: string; message: string; shown: string; modelled: boolean }
  readonly failure?: string
}

export function boto3(bin: string, place: Place): Client {
  const script = fileURLToPath(new URL('./boto.py', import.meta.url))
  const { ask, close } = lines<Members, BotoAnswer>(bin, [script, place.endpoint, place.region], environmentOf(place))
  const answered = async (call: Members & { operation: string }): Promise<BotoAnswer> => {
    const said = await ask(call)
    assert.equal(said.failure, undefined)
    if (!said.refusal) return said
    const { name, message, shown, modelled } = said.refusal
    // botocore takes LimitExceededException for throttling, would try again, and says so.
    const told = shown.replace(/ \(reached max retries: \d+\)/, '')
    assert.equal(told, `An error occurred (${name}) when calling the ${call.operation} operation: ${message}`)
    throw new ClientRefusal(name, message, modelled)
  }
  return {
    name: 'boto3',
    region: place.region,
    call: async (operation, input) => (await answered({ operation, input })).output!,
    pages: async (operation, input, pageSize) => (await answered({ operation, input, pageSize })).pages!,
    close,
  }
}

/** Exit code of version 1 when a service refused. */
const CLI_REFUSED = 255

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}
type Run = (args: string[]) => Promise<Ended>

/** The command as people type it: a start of Python for every call. */
export function awsCommand(bin: string, place: Place, options: string[] = []): Client {
  const env = { ...environmentOf(place), AWS_DEFAULT_REGION: place.region }
  const run: Run = args =>
    new Promise(resolve => {
      execFile(join(bin, 'aws'), [...args, ...options], { env }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      )
    })
  return awsClient(place, run, () => {})
}

/** What the command runs, without its start: ./cli.py. */
export function awsCli(bin: string, place: Place): Client {
  const env = { ...environmentOf(place), AWS_DEFAULT_REGION: place.region }
  const { ask, close } = lines<string[], Ended>(bin, [fileURLToPath(new URL('./cli.py', import.meta.url))], env)
  return awsClient(place, ask, close)
}

function awsClient({ endpoint, region }: Place, run: Run, close: () => void): Client {
  const call = async (operation: string, input: Members, options: string[]): Promise<Members> => {
    const command = operation.replace(/(?<!^)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()
    const json = ['--cli-input-json', JSON.stringify(input), '--output', 'json']
    const args = ['personalize', command, ...json, '--endpoint-url', endpoint, ...options]
    const { code, stdout, stderr } = await run(args)
    if (code === 0) return stdout.trim() === '' ? {} : JSON.parse(stdout)
    const refusal =
      /^\s*(?:aws: \[ERROR\]: )?An error occurred \((\w+)\) when calling the (\w+) operation(?: \(reached max retries: \d+\))?: ([\s\S]*?)\n*$/.exec(
        stderr,
      )
    if (!refusal || code !== CLI_REFUSED) throw new Error(`aws ${args.join(' ')} ended with ${code}: ${stderr}`)
    assert.equal(refusal[2], operation)
    // The CLI shows names and has no classes.
    throw new ClientRefusal(refusal[1], refusal[3], true)
  }
  return {
    name: 'AWS CLI',
    region,
    call: (operation, input) => call(operation, input, ['--no-paginate']),
    // The CLI shows all pages as one.
    pages: async (operation, input, pageSize) => [await call(operation, input, ['--page-size', `${pageSize}`])],
    close,
  }
}

/** A program of Python that answers a line of JSON with a line of JSON. */
function lines<Question, Answer>(bin: string, args: string[], env: NodeJS.ProcessEnv) {
  const program = spawn(join(bin, 'python'), args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const said = createInterface(program.stdout)[Symbol.asyncIterator]()
  let last: Promise<unknown> = Promise.resolve()
  const ask = (question: Question): Promise<Answer> => {
    const answer = last.then(async () => {
      program.stdin.write(`${JSON.stringify(question)}\n`)
      const { value, done } = await said.next()
      assert.ok(!done, `${args[0]} ended`)
      return JSON.parse(value) as Answer
    })
    last = answer.catch(() => {})
    return answer
  }
  return { ask, close: () => void program.kill() }
}
