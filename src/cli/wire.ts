/**
 * A client of the control plane's wire, awsJson 1.1 as `../protocol/awsJson.ts` speaks it from the other side: enough for the
 * operations that are ours and not AWS's (`Sommelier.ListWork`, `Sommelier.DescribeWork`, and what a command or two of its own asks).
 */
import type { Explanation } from '../filters/explain.ts'
import { Refusal } from '../lib/refusal.ts'
import { signedHeaders } from '../lib/sigv4.ts'
import type { ComparedEvaluation, Evaluation, ExplainedList } from './answers.ts'
import type { Io } from './io.ts'

/** Where `sommelier serve` listens unless it is told otherwise. */
export const DEFAULT_ENDPOINT = 'http://127.0.0.1:8001'

/** The server answers these from memory in milliseconds; after this long it is not going to. */
const ANSWER_MS_MAX = 30_000

/** A page of a hundred jobs with the longest names and reasons is under a megabyte; more than this is not our server. */
const ANSWER_BYTES_MAX = 8 * 2 ** 20

/** The longest page the server gives. */
const PAGE_LENGTH = 100

/** The server keeps a thousand pieces of finished work, and a few that are not finished. */
const PAGES_MAX = 20

/** One long-running piece of work, as the server tells it. Times are epoch seconds; the optional members appear once they are known. */
export interface WorkItem {
  /** What the work is for: the import job, solution version or batch job that becomes ACTIVE by it. */
  readonly resourceArn: string
  readonly kind: string
  readonly resourceStatus: string
  readonly state: 'QUEUED' | 'RUNNING' | 'DONE' | 'FAILED'
  /** 1 for the first try. */
  readonly attempt: number
  readonly stage?: string
  /** What `done`, `total` and `failed` count: 'records', 'rows', 'steps'. */
  readonly unit?: string
  readonly done?: number
  readonly total?: number
  readonly failed?: number
  /** What all of it will take. */
  readonly plan?: string
  readonly perSecond?: number
  readonly secondsLeft?: number
  readonly queuedAt: number
  readonly startedAt?: number
  readonly finishedAt?: number
  readonly failureReason?: string
}

/** The server understood and said no, with its error's name in front; or it is not our server. */
class WireError extends Refusal {
  override name = 'WireError'
}

/** Nobody answers there, or not in time: worth another try, since a server that is restarted goes on with its work. */
export class UnreachableError extends Refusal {
  override name = 'UnreachableError'
}

export interface Wire {
  readonly endpoint: string
  /** The newest `limit` pieces of work among those worth showing. Throws WireError, UnreachableError. */
  listWork(limit: number, worthShowing: (work: WorkItem) => boolean): Promise<WorkItem[]>
  describeWork(resourceArn: string): Promise<WorkItem>
  explainFilter(input: object): Promise<Explanation>
  describeEvaluation(resourceArn: string): Promise<Evaluation | ComparedEvaluation>
  explainRecommendations(input: object): Promise<ExplainedList>
}

type Headers = Readonly<Record<string, string>>
type Signer = (url: URL, headers: Headers, body: Uint8Array) => Headers

const unsigned: Signer = (_url, headers) => headers

/** Signs with the credentials that the AWS CLI takes from the environment; without them nothing is signed. */
export function signerOf({ env, clock }: Pick<Io, 'env' | 'clock'>): Signer {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = env
  if (!accessKeyId || !secretAccessKey) return unsigned
  const credentials = { accessKeyId, secretAccessKey, sessionToken: AWS_SESSION_TOKEN || undefined }
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1'
  return (url, headers, body) =>
    signedHeaders({ method: 'POST', url, headers, body }, credentials, {
      region,
      service: 'personalize',
      nowMs: clock.nowMs(),
    })
}

/** Throws Refusal when `endpoint` is not an http address. */
export function openWire(endpoint: string, signal: AbortSignal, sign: Signer = unsigned): Wire {
  const address = URL.parse(endpoint)
  if (!address || !['http:', 'https:'].includes(address.protocol)) {
    throw new Refusal(`'${endpoint}' is not an endpoint: an address like ${DEFAULT_ENDPOINT} was expected.`)
  }
  const call = (operation: string, input: object) => callServer(address, operation, input, signal, sign)
  return {
    endpoint,
    async listWork(limit, worthShowing) {
      const shown: WorkItem[] = []
      let nextToken: string | undefined
      for (let page = 0; page < PAGES_MAX; page++) {
        const { work, ...rest } = await call('ListWork', { maxResults: PAGE_LENGTH, nextToken })
        if (!Array.isArray(work)) throw notOurs(endpoint, 'without a list of work')
        shown.push(...work.filter(worthShowing))
        nextToken = rest.nextToken as string | undefined
        if (shown.length >= limit || nextToken === undefined || work.length === 0) break
      }
      return shown.slice(0, limit)
    },
    async describeWork(resourceArn) {
      const { work } = await call('DescribeWork', { resourceArn })
      if (typeof work !== 'object' || work === null) throw notOurs(endpoint, 'without a piece of work')
      return work as WorkItem
    },
    async explainFilter(input) {
      const explanation = await call('ExplainFilter', input)
      if (!Array.isArray(explanation.statements)) throw notOurs(endpoint, 'without an explanation')
      return explanation as unknown as Explanation
    },
    async describeEvaluation(resourceArn) {
      const evaluation = await call('DescribeEvaluation', { resourceArn })
      if (typeof evaluation.model !== 'object' && typeof evaluation.comparison !== 'object')
        throw notOurs(endpoint, 'without an evaluation')
      return evaluation as unknown as Evaluation | ComparedEvaluation
    },
    async explainRecommendations(input) {
      const explained = await call('ExplainRecommendations', input)
      if (!Array.isArray(explained.items)) throw notOurs(endpoint, 'without recommendations')
      return explained as unknown as ExplainedList
    },
  }
}

const notOurs = (endpoint: string | URL, how: string) =>
  new WireError(`${endpoint} answered ${how}: is that a Sommelier server?`)

async function callServer(
  endpoint: URL,
  operation: string,
  input: object,
  signal: AbortSignal,
  sign: Signer,
): Promise<Record<string, unknown>> {
  const body = Buffer.from(JSON.stringify(input))
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Sommelier.${operation}` }
  let status: number
  let text: string
  try {
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: sign(endpoint, headers, body),
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
    })
    status = answer.status
    text = await boundedText(answer)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Refusal) throw error
    throw new UnreachableError(
      `No server answers at ${endpoint} (${reasonOf(error)}). Start one with \`sommelier serve\`.`,
    )
  }
  const answer = parseObject(text)
  if (!answer) throw notOurs(endpoint, `with status ${status} and something that is not a JSON object`)
  if (status !== 200) {
    if (typeof answer.__type !== 'string') throw notOurs(endpoint, `with status ${status} and no error's name`)
    throw new WireError(`${answer.__type.replace(/^.*#/, '')}: ${answer.message ?? answer.Message ?? 'no message'}`)
  }
  return answer
}

/** `fetch failed` alone helps nobody; the cause says `ECONNREFUSED`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message
  return error.name === 'TimeoutError' ? `nothing within ${ANSWER_MS_MAX / 1000} s` : error.message
}

async function boundedText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > ANSWER_BYTES_MAX) throw notOurs(answer.url, `with more than ${ANSWER_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
