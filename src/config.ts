/**
 * The configuration: one frozen value, made once from flags and variables. A flag beats its variable, a variable the default. What is wrong
 * is refused with a sentence. `settings` is also the table in docs/operating.md and in `sommelier serve --help`.
 */
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type AuthMode, authMode, ownKeyIn } from './access/configure.ts'
import type { OwnKey } from './access/keyring.ts'
import { Refusal } from './lib/refusal.ts'
import type { ObjectStoreConfig } from './objects/open.ts'
import { defaultLimits, type Limits } from './resources/limits.ts'

export interface Config {
  readonly host: string
  readonly port: number
  readonly dataFolder: string
  readonly account: string
  /** Of requests that are not signed. */
  readonly region: string
  readonly auth: AuthMode
  /** A key of the environment, beside those of the key file; not for any log. */
  readonly ownKey: OwnKey | undefined
  readonly threads: number
  /** Newest events per user and event type that filters look at; undefined: all. */
  readonly filterEventsPerType: number | undefined
  readonly exactProbabilities: boolean
  readonly limits: Limits
  /** Whether solutions with performAutoTraining are trained by their schedule. */
  readonly autoTraining: boolean
  readonly stores: { readonly objects: ObjectStoreConfig; readonly artifacts: ObjectStoreConfig }
}

interface Setting {
  readonly flag: string
  readonly variable: string
  readonly default: string
  readonly meaning: string
  /** A flag without a value; its variable is 'true' or 'false'. */
  readonly isSwitch?: true
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
    flag: 'auth',
    variable: 'SOMMELIER_AUTH',
    default: '',
    meaning:
      "who may call: 'off' everybody, 'lenient' any well-formed signature, 'strict' the keys of `sommelier keys` and of SOMMELIER_ACCESS_KEY_ID with SOMMELIER_SECRET_ACCESS_KEY; 'off' by default on a loopback address, 'strict' on any other",
  },
  {
    flag: 'allow-unauthenticated',
    variable: 'SOMMELIER_ALLOW_UNAUTHENTICATED',
    default: '',
    meaning: "lets --auth be 'off' (then the default) or 'lenient' on an address that is not loopback",
    isSwitch: true,
  },
  {
    flag: 'assume-roles',
    variable: 'SOMMELIER_ASSUME_ROLES',
    default: '',
    meaning:
      "with --objects s3: every job has the rights of its roleArn, by AssumeRole at AWS_ENDPOINT_URL_STS or AWS's own",
    isSwitch: true,
  },
  {
    flag: 'external-id',
    variable: 'SOMMELIER_EXTERNAL_ID',
    default: '',
    meaning: 'external id given to AssumeRole, which roles may demand',
  },
  {
    flag: 'threads',
    variable: 'SOMMELIER_THREADS',
    default: '',
    meaning: 'threads of a job; all processors by default',
  },
  {
    flag: 'filter-events',
    variable: 'SOMMELIER_FILTER_EVENTS',
    default: 'all',
    meaning:
      "how much of a user's history filters look at: 'all', or as many of the newest events of each type (the reference takes 100)",
  },
  {
    flag: 'probabilities',
    variable: 'SOMMELIER_PROBABILITIES',
    default: 'estimated',
    meaning: "'exact' sums for the probabilities of factors and pools, at several times the cost, or 'estimated'",
  },
  {
    flag: 'limits',
    variable: 'SOMMELIER_LIMITS',
    default: '',
    meaning: `quotas to change, as name=value,… or name=off: ${Object.entries(defaultLimits)
      .map(([name, value]) => `${name}=${value}`)
      .join(', ')} by default`,
  },
  {
    flag: 'auto-training',
    variable: 'SOMMELIER_AUTO_TRAINING',
    default: 'on',
    meaning:
      "'off': no solution is trained by its schedule, whatever its performAutoTraining says, and no recommender every seven days",
  },
]

/** More threads than this bring nothing and cost memory each. */
const THREADS_MAX = 64

/** More is the whole history of anybody. */
const FILTER_EVENTS_MAX = 1_000_000

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
    auth: authMode({
      auth: values.auth,
      host: values.host,
      allowUnauthenticated: isOn('allow-unauthenticated', values),
    }),
    ownKey: ownKeyIn(environment, values.account),
    threads: values.threads === '' ? availableParallelism() : wholeNumber('threads', values.threads, 1, THREADS_MAX),
    filterEventsPerType:
      values['filter-events'] === 'all'
        ? undefined
        : wholeNumber('filter-events', values['filter-events'], 1, FILTER_EVENTS_MAX),
    exactProbabilities:
      matching('probabilities', values.probabilities, /^(estimated|exact)$/, "'estimated' or 'exact'") === 'exact',
    limits: readLimits(values.limits),
    autoTraining: matching('auto-training', values['auto-training'], /^(on|off)$/, "'on' or 'off'") === 'on',
    stores: Object.freeze({
      objects: objectStore(values, dataFolder, environment),
      artifacts: { kind: 'folder', root: join(dataFolder, 'artifacts') } as const,
    }),
  })
}

function readValues(args: readonly string[], environment: NodeJS.ProcessEnv): Record<string, string> {
  const options = Object.fromEntries(
    settings.map(({ flag, isSwitch }) => [flag, { type: isSwitch ? ('boolean' as const) : ('string' as const) }]),
  )
  let given: Record<string, string | boolean | undefined>
  try {
    given = parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw new Refusal(
      `${error instanceof Error ? error.message : String(error)}. 'sommelier serve --help' lists the flags.`,
    )
  }
  return Object.fromEntries(
    settings.map(setting => [
      setting.flag,
      String(given[setting.flag] ?? environment[setting.variable] ?? setting.default),
    ]),
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
    const [name, value = ''] = pair.split('=')
    if (!Object.hasOwn(defaultLimits, name) || !/^(\d{1,15}|off)$/.test(value)) {
      throw new Refusal(
        `${named('limits')} has '${pair}': name=value or name=off was expected, with a name out of ${Object.keys(defaultLimits).join(', ')}.`,
      )
    }
    limits[name] = value === 'off' ? Number.POSITIVE_INFINITY : Number(value)
  }
  return limits as Limits
}

function isOn(flag: string, values: Record<string, string>): boolean {
  if (!['', 'true', 'false'].includes(values[flag])) {
    throw new Refusal(`${named(flag)} was '${values[flag]}': 'true' or 'false' was expected.`)
  }
  return values[flag] === 'true'
}

function objectStore(
  values: Record<string, string>,
  dataFolder: string,
  environment: NodeJS.ProcessEnv,
): ObjectStoreConfig {
  const kind = values.objects
  const assumes = isOn('assume-roles', values)
  if (assumes && kind !== 's3')
    throw new Refusal(`${named('assume-roles')} goes with --objects s3: folders know no roles.`)
  if (kind === 'folder') return { kind, root: join(dataFolder, 'buckets') }
  if (kind !== 's3') throw new Refusal(`${named('objects')} was '${kind}': 'folder' or 's3' was expected.`)
  const endpoint = environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL
  const region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? 'us-east-1'
  const sts = environment.AWS_ENDPOINT_URL_STS ?? environment.AWS_ENDPOINT_URL ?? `https://sts.${region}.amazonaws.com`
  const externalId = values['external-id']
  if (externalId !== '') {
    matching('external-id', externalId, /^[\w+=,.@:/-]{2,1224}$/, 'two or more letters, digits and +=,.@:/-')
  }
  return {
    kind,
    region,
    // Stores of one's own rarely have a host name for every bucket; AWS wants one.
    forcePathStyle: endpoint !== undefined,
    ...(endpoint !== undefined && { endpoint }),
    ...(assumes && { assume: { endpoint: sts, ...(externalId !== '' && { externalId }) } }),
  }
}
