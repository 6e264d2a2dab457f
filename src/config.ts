/**
 * The configuration: one frozen value, made once from flags and variables. A flag beats its variable, a variable the default. What is wrong
 * is refused with a sentence. `settings` is also the table in docs/operating.md and in `sommelier serve --help`.
 */
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Refusal } from './lib/refusal.ts'
import type { ObjectStoreConfig } from './objects/open.ts'
import { defaultLimits, type LimitName, type Limits } from './resources/limits.ts'

export interface Config {
  readonly host: string
  readonly port: number
  readonly dataFolder: string
  readonly account: string
  /** Of requests that are not signed. */
  readonly region: string
  readonly threads: number
  readonly limits: Limits
  readonly stores: { readonly objects: ObjectStoreConfig; readonly artifacts: ObjectStoreConfig }
}

interface Setting {
  readonly flag: string
  readonly variable: string
  readonly default: string
  readonly meaning: string
}

export const settings: readonly Setting[] = [
  { flag: 'host', variable: 'SOMMELIER_HOST', default: '127.0.0.1', meaning: 'address to listen on' },
  { flag: 'port', variable: 'SOMMELIER_PORT', default: '8001', meaning: 'port to listen on; 0 takes a free one' },
  { flag: 'data', variable: 'SOMMELIER_DATA', default: 'data', meaning: 'folder of state, models and buckets' },
  {
    flag: 'account',
    variable: 'SOMMELIER_ACCOUNT',
    default: '000000000000',
    meaning: 'account id in ARNs, twelve digits',
  },
  {
    flag: 'region',
    variable: 'SOMMELIER_REGION',
    default: 'us-east-1',
    meaning: 'region of requests without a signature; a signed request names its own',
  },
  {
    flag: 'objects',
    variable: 'SOMMELIER_OBJECTS',
    default: 'folder',
    meaning:
      "where s3:// paths lead: 'folder' (bucket b is <data>/buckets/b/) or 's3' (endpoint, region and keys by the AWS SDK's own variables: AWS_ENDPOINT_URL_S3, AWS_REGION, AWS_ACCESS_KEY_ID, …)",
  },
  {
    flag: 'threads',
    variable: 'SOMMELIER_THREADS',
    default: '',
    meaning: 'threads of a job; all processors by default',
  },
  {
    flag: 'limits',
    variable: 'SOMMELIER_LIMITS',
    default: '',
    meaning: `quotas to change, as name=value,…: ${Object.entries(defaultLimits)
      .map(([name, value]) => `${name}=${value}`)
      .join(', ')} by default`,
  },
]

/** More threads than this bring nothing and cost memory each. */
const THREADS_MAX = 64

/** Throws Refusal. */
export function readConfig(args: readonly string[], environment: NodeJS.ProcessEnv): Config {
  const values = readValues(args, environment)
  const dataFolder = resolve(values.data)
  return Object.freeze({
    host: values.host,
    port: wholeNumber('port', values.port, 0, 65_535),
    dataFolder,
    account: matching('account', values.account, /^\d{12}$/, 'twelve digits'),
    region: matching('region', values.region, /^[a-z0-9-]{1,32}$/, "the name of a region, such as 'us-east-1',"),
    threads: values.threads === '' ? availableParallelism() : wholeNumber('threads', values.threads, 1, THREADS_MAX),
    limits: readLimits(values.limits),
    stores: Object.freeze({
      objects: objectStore(values.objects, dataFolder, environment),
      artifacts: { kind: 'folder', root: join(dataFolder, 'artifacts') } as const,
    }),
  })
}

function readValues(args: readonly string[], environment: NodeJS.ProcessEnv): Record<string, string> {
  const options = Object.fromEntries(settings.map(({ flag }) => [flag, { type: 'string' as const }]))
  let given: Record<string, string | undefined>
  try {
    given = parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw new Refusal(
      `${error instanceof Error ? error.message : String(error)}. 'sommelier serve --help' lists the flags.`,
    )
  }
  return Object.fromEntries(
    settings.map(setting => [setting.flag, given[setting.flag] ?? environment[setting.variable] ?? setting.default]),
  )
}

const named = (flag: string): string => `--${flag} (${settings.find(each => each.flag === flag)?.variable})`

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new Refusal(`${named(flag)} was '${text}': a whole number from ${min} to ${max} was expected.`)
  }
  return value
}

function matching(flag: string, text: string, pattern: RegExp, expected: string): string {
  if (!pattern.test(text)) throw new Refusal(`${named(flag)} was '${text}': ${expected} was expected.`)
  return text
}

function readLimits(text: string): Limits {
  const limits: Record<string, number> = { ...defaultLimits }
  for (const pair of text.split(',').filter(each => each !== '')) {
    const [name, value] = pair.split('=')
    if (!Object.hasOwn(defaultLimits, name) || !/^\d+$/.test(value ?? '')) {
      throw new Refusal(
        `${named('limits')} has '${pair}': name=value was expected, with a name out of ${Object.keys(defaultLimits).join(', ')}.`,
      )
    }
    limits[name] = Number(value)
  }
  return limits as Record<LimitName, number>
}

function objectStore(kind: string, dataFolder: string, environment: NodeJS.ProcessEnv): ObjectStoreConfig {
  if (kind === 'folder') return { kind, root: join(dataFolder, 'buckets') }
  if (kind !== 's3') throw new Refusal(`${named('objects')} was '${kind}': 'folder' or 's3' was expected.`)
  const endpoint = environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL
  return {
    kind,
    region: environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? 'us-east-1',
    // Stores of one's own rarely have a host name for every bucket; AWS wants one.
    forcePathStyle: endpoint !== undefined,
    ...(endpoint !== undefined && { endpoint }),
  }
}
