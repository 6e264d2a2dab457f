/** Three clients that we did not write, behind one face: what they send, and what they show their user. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
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
      return shown(() => Array.fromAsync(paginate({ client, pageSize }, input), plain))
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
  const script = new URL('./boto.py', import.meta.url).pathname
  const process = spawn(join(bin, 'python'), [script, place.endpoint, place.region], {
    env: environmentOf(place),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface(process.stdout)[Symbol.asyncIterator]()
  let last: Promise<unknown> = Promise.resolve()
  const ask = (call: Members & { operation: string }): Promise<BotoAnswer> => {
    const answer = last.then(async () => {
      process.stdin.write(`${JSON.stringify(call)}\n`)
      const { value, done } = await lines.next()
      assert.ok(!done, 'boto3 ended')
      const said = JSON.parse(value) as BotoAnswer
      assert.equal(said.failure, undefined)
      if (!said.refusal) return said
      const { name, message, shown, modelled } = said.refusal
      // botocore takes LimitExceededException for throttling, tries again, and says so.
      const told = shown.replace(/ \(reached max retries: \d+\)/, '')
      assert.equal(told, `An error occurred (${name}) when calling the ${call.operation} operation: ${message}`)
      throw new ClientRefusal(name, message, modelled)
    })
    last = answer.catch(() => {})
    return answer
  }
  return {
    name: 'boto3',
    region: place.region,
    call: async (operation, input) => (await ask({ operation, input })).output!,
    pages: async (operation, input, pageSize) => (await ask({ operation, input, pageSize })).pages!,
    close: () => process.kill(),
  }
}

/** Exit code of version 1 when a service refused. */
const CLI_REFUSED = 255

export function awsCli(bin: string, place: Place): Client {
  const { endpoint, region } = place
  const run = (
    operation: string,
    input: Members,
    options: string[],
    variables: NodeJS.ProcessEnv,
  ): Promise<Members> => {
    const command = operation.replace(/(?<!^)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()
    const args = ['personalize', command, '--cli-input-json', JSON.stringify(input), '--output', 'json', ...options]
    const env = { ...environmentOf(place), AWS_DEFAULT_REGION: region, ...variables }
    return new Promise((resolve, reject) => {
      execFile(join(bin, 'aws'), args, { env }, (error, stdout, stderr) => {
        const refusal =
          /^\s*(?:aws: \[ERROR\]: )?An error occurred \((\w+)\) when calling the (\w+) operation(?: \(reached max retries: \d+\))?: ([\s\S]*?)\n*$/.exec(
            stderr,
          )
        if (error && refusal && error.code === CLI_REFUSED) {
          assert.equal(refusal[2], operation)
          // The CLI shows names and has no classes.
          reject(new ClientRefusal(refusal[1], refusal[3], true))
        } else if (error) reject(new Error(`aws ${args.join(' ')} ended with ${error.code}: ${stderr}`))
        else resolve(stdout.trim() === '' ? {} : JSON.parse(stdout))
      })
    })
  }
  return {
    name: 'AWS CLI',
    region,
    call: (operation, input) => run(operation, input, ['--no-paginate'], { AWS_ENDPOINT_URL: endpoint }),
    // The CLI shows all pages as one.
    pages: async (operation, input, pageSize) => [
      await run(operation, input, ['--page-size', `${pageSize}`, '--endpoint-url', endpoint], {}),
    ],
    close() {},
  }
}
