/**
 * A client of the control plane's wire, awsJson 1.1 as `../protocol/awsJson.ts` speaks it from the other side: enough for the two
 * operations that are ours and not AWS's (`Sommelier.ListWork`, `Sommelier.DescribeWork`). Signs nothing: the server checks nothing yet.
 */
import { Refusal } from '../lib/refusal.ts'

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
}

/** Throws Refusal when `endpoint` is not an http address. */
export function openWire(endpoint: string, signal: AbortSignal): Wire {
  const address = URL.parse(endpoint)
  if (!address || !['http:', 'https:'].includes(address.protocol)) {
    throw new Refusal(`'${endpoint}' is not an endpoint: an address like ${DEFAULT_ENDPOINT} was expected.`)
  }
  const call = (operation: string, input: object) => callServer(address, operation, input, signal)
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
  }
}

const notOurs = (endpoint: string | URL, how: string) =>
  new WireError(`${endpoint} answered ${how}: is that a Sommelier server?`)

async function callServer(
  endpoint: URL,
  operation: string,
  input: object,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  let status: number
  let text: string
  try {
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Sommelier.${operation}` },
      body: JSON.stringify(input),
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
  const body = parseObject(text)
  if (!body) throw notOurs(endpoint, `with status ${status} and something that is not a JSON object`)
  if (status !== 200) {
    if (typeof body.__type !== 'string') throw notOurs(endpoint, `with status ${status} and no error's name`)
    throw new WireError(`${body.__type.replace(/^.*#/, '')}: ${body.message ?? body.Message ?? 'no message'}`)
  }
  return body
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
