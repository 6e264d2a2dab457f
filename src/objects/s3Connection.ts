/** How the SDK is set up: where the store is, how long it may take, how often to try. */
import type { S3Client } from '@aws-sdk/client-s3'
import { type AssumeConfig, assumeRole, type RoleCredentials } from './assumeRole.ts'

export interface S3StoreConfig {
  readonly kind: 's3'
  /** Absent: AWS's own endpoint of the region. */
  readonly endpoint?: string
  readonly region: string
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`: what most servers other than AWS's want. */
  readonly forcePathStyle: boolean
  /** Present: the store is used with a job's role; absent: with the server's own credentials. */
  readonly assume?: AssumeConfig
}

/** A host that does not answer within this is down or unreachable; a handshake across the world takes under a second. */
const CONNECTION_MS_MAX = 5_000
/** Without a byte for this long a connection counts as dead. S3 answers completions of large uploads after tens of seconds. */
const SILENCE_MS_MAX = 60_000
/** Of one request, with the SDK's exponential waits between tries (at most 20 s each): rides out a restart or a throttled minute. */
const TRIES_MAX = 5
/** Of one store: the transfers below, times the threads and objects that work at once. */
const CONNECTION_COUNT_MAX = 64

export type Sdk = typeof import('@aws-sdk/client-s3')

export interface S3Connection {
  readonly sdk: Sdk
  readonly client: S3Client
}

export async function connect(config: S3StoreConfig): Promise<S3Connection> {
  const sdk = await import('@aws-sdk/client-s3')
  const agent = { keepAlive: true, maxSockets: CONNECTION_COUNT_MAX }
  const client = new sdk.S3Client({
    region: config.region,
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    forcePathStyle: config.forcePathStyle,
    ...(config.assume && { credentials: roleCredentials(sdk, config.region, config.assume) }),
    // Checksums beyond S3's old API are unknown to many servers (OpenStack Swift refuses them: dependencies.md, section 3).
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: TRIES_MAX,
    requestHandler: {
      connectionTimeout: CONNECTION_MS_MAX,
      socketTimeout: SILENCE_MS_MAX,
      httpAgent: agent,
      httpsAgent: agent,
    },
  })
  return { sdk, client }
}

/** Asked for by the SDK before the first request, and again before they expire. AssumeRole itself is signed with the server's own. */
function roleCredentials(sdk: Sdk, region: string, assume: AssumeConfig): () => Promise<RoleCredentials> {
  const { config } = new sdk.S3Client({ region })
  return async () => assumeRole(assume, region, await config.credentials())
}
