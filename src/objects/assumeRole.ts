/**
 * Credentials of a role, by AssumeRole of the Security Token Service: one signed POST and four words of its answer, which is why there is no
 * SDK here. Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../lib/clock.ts'
import { type Credentials, signedHeaders } from '../lib/sigv4.ts'
import { ObjectError } from './objectStore.ts'

export interface AssumeConfig {
  /** Of STS. */
  readonly endpoint: string
  /** What a role may demand, so that nobody else can have this server use it (the confused deputy). */
  readonly externalId?: string
  /** Absent: nobody has named a role, and there is no access at all. */
  readonly role?: { readonly arn: string; readonly sessionName: string }
}

export interface RoleCredentials extends Credentials {
  readonly sessionToken: string
  readonly expiration: Date
}

/** The longest session a role may have that was assumed by a role; the SDK asks for the next one before it ends. */
const SESSION_SECONDS = 3_600
/** An answer takes some 100 ms. */
const ANSWER_MS_MAX = 10_000
const ANSWER_CHARACTERS_MAX = 64 * 1024
/** What fails for the moment is tried again after 0.2 and 0.4 s; the work as a whole is tried again later. */
const TRIES_MAX = 3
const AGAIN_MS = 200

/** Throws ObjectError: AccessDenied when STS says no, Unavailable when it cannot be reached. */
export async function assumeRole(config: AssumeConfig, region: string, as: Credentials): Promise<RoleCredentials> {
  const { role, externalId } = config
  if (!role) throw new ObjectError('AccessDenied', 'Access was denied: the job names no roleArn to assume.')
  const body = new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: role.arn,
    RoleSessionName: role.sessionName,
    DurationSeconds: `${SESSION_SECONDS}`,
    ...(externalId !== undefined && { ExternalId: externalId }),
  }).toString()
  for (let tries = 1; ; tries++) {
    const answer = await ask(new URL(config.endpoint), body, region, as)
    if (answer.status === 200) return sessionIn(answer.text, role.arn)
    if (answer.status >= 400 && answer.status < 500 && wordIn(answer.text, 'Code') !== 'Throttling') {
      throw new ObjectError('AccessDenied', `The role ${role.arn} could not be assumed. ${saidIn(answer)}.`)
    }
    if (tries === TRIES_MAX) throw unavailable(role.arn, saidIn(answer))
    await sleep(AGAIN_MS * 2 ** (tries - 1))
  }
}

interface Answer {
  /** 0: none. */
  readonly status: number
  readonly text: string
}

async function ask(url: URL, body: string, region: string, as: Credentials): Promise<Answer> {
  const bytes = Buffer.from(body)
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
  const place = { region, service: 'sts', nowMs: systemClock.nowMs() }
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: signedHeaders({ method: 'POST', url, headers, body: bytes }, as, place),
      body: bytes,
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    })
    let text = ''
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString('latin1')
      if (text.length > ANSWER_CHARACTERS_MAX) break
    }
    return { status: answer.status, text }
  } catch (error) {
    const { cause, message } = error as Error & { cause?: Error }
    return { status: 0, text: `<Message>${cause?.message || message}</Message>` }
  }
}

function sessionIn(text: string, roleArn: string): RoleCredentials {
  const accessKeyId = wordIn(text, 'AccessKeyId')
  const secretAccessKey = wordIn(text, 'SecretAccessKey')
  const sessionToken = wordIn(text, 'SessionToken')
  const expiration = new Date(wordIn(text, 'Expiration') ?? '')
  if (!accessKeyId || !secretAccessKey || !sessionToken || Number.isNaN(expiration.getTime())) {
    throw unavailable(roleArn, 'The answer was not that of a Security Token Service')
  }
  return { accessKeyId, secretAccessKey, sessionToken, expiration }
}

const unavailable = (roleArn: string, said: string) =>
  new ObjectError('Unavailable', `The role ${roleArn} could not be assumed now. ${said}.`)

/** `AccessDenied: User … is not authorized to perform: sts:AssumeRole on resource: …`. */
function saidIn({ status, text }: Answer): string {
  const said = [wordIn(text, 'Code'), wordIn(text, 'Message')].filter(word => word).join(': ')
  return (said || `The answer was HTTP ${status}`).replace(/[.\s]+$/, '')
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

const wordIn = (text: string, element: string): string | undefined =>
  new RegExp(`<${element}>([^<]*)</${element}>`)
    .exec(text)?.[1]
    .trim()
    .replace(/&(amp|lt|gt|quot|apos);/g, (_, name) => entities[name])
