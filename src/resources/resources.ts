/**
 * Resources as requests and jobs see them: typed, within one account and region, changed only in ways their lifecycle allows.
 * An instance lives as long as its transaction.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { assert } from '../lib/assert.ts'
import type { Clock } from '../lib/clock.ts'
import { ServiceError } from '../protocol/errors.ts'
import { formatArn, type Scope } from './arn.ts'
import type { Status } from './lifecycle.ts'
import type { Limits } from './limits.ts'
import type { StoredResource, StoredWork, Tag, Transaction } from './stateStore.ts'
import type { ResourceType } from './types.ts'

export interface Resource<Body, Hidden> extends StoredResource {
  readonly body: Body
  readonly hidden: Hidden
}

/** Tags a resource may carry (quotas.md §6); the request's own list may be longer and is then refused as a whole. */
const TAGS_MAX = 50
/** The page a list operation gives when none is asked for, and the largest it gives. */
const PAGE_LENGTH_MAX = 100
const TOKEN_SIGNATURE_BYTES = 12

export interface ResourcesOptions {
  readonly clock: Clock
  readonly limits: Limits
  readonly secret: string
}

export class Resources {
  readonly scope: Scope
  readonly transaction: Transaction
  readonly #options: ResourcesOptions

  constructor(transaction: Transaction, scope: Scope, options: ResourcesOptions) {
    this.transaction = transaction
    this.scope = scope
    this.#options = options
  }

  async find<B, H>(type: ResourceType<B, H>, arn: string): Promise<Resource<B, H> | undefined> {
    const found = await this.transaction.find(arn)
    const mine = found?.type === type.type && found.account === this.scope.account && found.region === this.scope.region
    return mine ? (found as Resource<B, H>) : undefined
  }

  /** Throws ResourceNotFoundException. Wording as observed on the reference's schema operations. */
  async get<B, H>(
    type: ResourceType<B, H>,
    arn: string,
    message = `Resource Arn ${arn} does not exist.`,
  ): Promise<Resource<B, H>> {
    const found = await this.find(type, arn)
    if (!found) throw new ServiceError('ResourceNotFoundException', message)
    return found
  }

  /** As `get`, and ACTIVE: throws ResourceInUseException while it is being made, failed or goes away. */
  async getActive<B, H>(type: ResourceType<B, H>, arn: string): Promise<Resource<B, H>> {
    const found = await this.get(type, arn)
    if (found.status !== 'ACTIVE') {
      throw new ServiceError(
        'ResourceInUseException',
        `Resource Arn ${arn} is in status ${found.status}: ACTIVE is needed.`,
      )
    }
    return found
  }

  /**
   * The record and the work that makes it real. `path` is the ARN's part after the type's word: usually the name.
   * Throws ResourceAlreadyExistsException, LimitExceededException, TooManyTagsException.
   */
  async create<B, H>(
    type: ResourceType<B, H>,
    made: { path: string; name: string; parent?: string; body: B; hidden: H; tags?: readonly Tag[] | undefined },
  ): Promise<string> {
    const arn = formatArn(this.scope, `${type.arnWord ?? type.type}/${made.path}`)
    if (await this.transaction.find(arn)) {
      throw new ServiceError('ResourceAlreadyExistsException', `Another resource with Arn ${arn} already exists.`)
    }
    await this.#withinLimit(type)
    const tags = checkedTags(made.tags ?? [])
    const nowMs = this.#options.clock.nowMs()
    await this.transaction.insert({
      arn,
      type: type.type,
      ...this.scope,
      name: made.name,
      parent: made.parent,
      status: type.lifecycle && 'CREATE PENDING',
      createdMs: nowMs,
      updatedMs: nowMs,
      failureReason: undefined,
      body: made.body,
      hidden: made.hidden,
    })
    await this.transaction.setTags(arn, tags)
    if (type.work) await this.transaction.enqueue({ arn, kind: type.work.create, nowMs })
    return arn
  }

  /** The only writer of a status: follows an arrow of the lifecycle or fails. */
  async move<B, H>(
    type: ResourceType<B, H>,
    arn: string,
    to: Status,
    change: { failureReason?: string; body?: B; hidden?: H } = {},
  ): Promise<void> {
    const found = await this.get(type, arn)
    assert(
      found.status !== undefined && type.lifecycle?.[found.status]?.includes(to),
      `${arn}: ${found.status} → ${to}`,
    )
    await this.transaction.update(arn, { ...change, status: to, updatedMs: this.#options.clock.nowMs() })
  }

  /** What we keep for ourselves about a resource; its dates stay. */
  async keep<B, H>(resource: Resource<B, H>, hidden: H): Promise<void> {
    await this.transaction.update(resource.arn, { hidden, updatedMs: resource.updatedMs })
  }

  /** Asks for deletion: DELETE PENDING and the work that does it. Throws ResourceInUseException when it is not its time. */
  async requestDelete<B, H>(type: ResourceType<B, H>, resource: Resource<B, H>): Promise<void> {
    assert(type.work?.delete)
    if (resource.status === undefined || !type.lifecycle?.[resource.status]?.includes('DELETE PENDING')) {
      throw new ServiceError(
        'ResourceInUseException',
        `Resource Arn ${resource.arn} is in status ${resource.status} and cannot be deleted now.`,
      )
    }
    await this.move(type, resource.arn, 'DELETE PENDING')
    await this.transaction.enqueue({ arn: resource.arn, kind: type.work.delete, nowMs: this.#options.clock.nowMs() })
  }

  /** One page, newest first. Throws InvalidNextTokenException for a token that this list did not give out. */
  async list<B, H>(
    type: ResourceType<B, H>,
    page: { parent?: string | undefined; maxResults?: number | undefined; nextToken?: string | undefined },
  ): Promise<{ resources: Resource<B, H>[]; nextToken?: string }> {
    const limit = page.maxResults ?? PAGE_LENGTH_MAX
    const list = `${type.type} ${this.scope.account} ${this.scope.region} ${page.parent ?? ''}`
    const before = page.nextToken === undefined ? undefined : this.#positionOf(page.nextToken, list)
    const query = { type: type.type, ...this.scope, parent: page.parent }
    const found = await this.transaction.list(query, { limit: limit + 1, before })
    const resources = found.slice(0, limit) as Resource<B, H>[]
    const last = resources.at(-1)
    return found.length > limit && last ? { resources, nextToken: this.#token(last.sequence, list) } : { resources }
  }

  /** The newest that satisfies `is`. Reads them all if need be: for rare questions only. */
  async firstWhere<B, H>(
    type: ResourceType<B, H>,
    is: (resource: Resource<B, H>) => boolean,
    parent?: string,
  ): Promise<Resource<B, H> | undefined> {
    for (let nextToken: string | undefined; ; ) {
      const found = await this.list(type, { parent, nextToken })
      const hit = found.resources.find(is)
      if (hit || found.nextToken === undefined) return hit
      nextToken = found.nextToken
    }
  }

  /** How many of a type there are, under one parent or in all. */
  count(type: { readonly type: string }, parent?: string, statuses?: readonly Status[]): Promise<number> {
    return this.transaction.count({ type: type.type, ...this.scope, parent, statuses })
  }

  /** One page of something that is not stored, in its own order. */
  listOf<T>(
    all: readonly T[],
    list: string,
    page: { maxResults?: number | undefined; nextToken?: string | undefined },
  ): { found: T[]; nextToken?: string } {
    const start = page.nextToken === undefined ? 0 : this.#positionOf(page.nextToken, list)
    const end = start + (page.maxResults ?? PAGE_LENGTH_MAX)
    const found = all.slice(start, end)
    return end < all.length ? { found, nextToken: this.#token(end, list) } : { found }
  }

  /** One page of the queue, newest first; only this account's and region's. */
  async listWork(page: {
    maxResults?: number | undefined
    nextToken?: string | undefined
  }): Promise<{ work: StoredWork[]; nextToken?: string }> {
    const limit = page.maxResults ?? PAGE_LENGTH_MAX
    const list = `work ${this.scope.account} ${this.scope.region}`
    const before = page.nextToken === undefined ? undefined : this.#positionOf(page.nextToken, list)
    const found = await this.transaction.listWork(this.scope, { limit: limit + 1, before })
    const work = found.slice(0, limit)
    const last = work.at(-1)
    return found.length > limit && last ? { work, nextToken: this.#token(last.id, list) } : { work }
  }

  /** The newest work of a resource of this account and region. */
  async workOf(arn: string): Promise<StoredWork | undefined> {
    const owner = await this.transaction.find(arn)
    const mine = owner?.account === this.scope.account && owner.region === this.scope.region
    return mine ? this.transaction.workOf(arn) : undefined
  }

  /** Takes a resource's work back: what has not begun is over, what is running is told to stop. */
  async stopWork(arn: string): Promise<void> {
    const work = await this.transaction.workOf(arn)
    assert(work)
    const nowMs = this.#options.clock.nowMs()
    if (work.state === 'queued') await this.transaction.changeWork(work.id, { state: 'done', finishedMs: nowMs })
    if (work.state === 'running') await this.transaction.changeWork(work.id, { state: 'stopping' })
  }

  async #withinLimit<B, H>(type: ResourceType<B, H>): Promise<void> {
    if (!type.limit) return
    const max = this.#options.limits[type.limit.name]
    const count = await this.count(type, undefined, type.limit.statuses)
    if (count >= max) throw new ServiceError('LimitExceededException', type.limit.message(max))
  }

  /** Where a list goes on, signed, so that a token of another list, another installation or nobody is told apart. */
  #token(position: number, list: string): string {
    return Buffer.concat([this.#signature(position, list), Buffer.from(String(position))]).toString('base64url')
  }

  #positionOf(token: string, list: string): number {
    const bytes = Buffer.from(token, 'base64url')
    const position = Number(bytes.subarray(TOKEN_SIGNATURE_BYTES).toString('latin1'))
    const given = bytes.subarray(0, TOKEN_SIGNATURE_BYTES)
    if (!Number.isSafeInteger(position) || this.#token(position, list) !== token || given.length === 0) {
      throw new ServiceError(
        'InvalidNextTokenException',
        'The nextToken was not given out by this list operation with these parameters.',
      )
    }
    return position
  }

  #signature(position: number, list: string): Buffer {
    const mac = createHmac('sha256', this.#options.secret).update(`${list} ${position}`)
    return mac.digest().subarray(0, TOKEN_SIGNATURE_BYTES)
  }
}

/** Eight lower-case hex digits, as the reference names solution versions. */
export const randomVersionId = (): string => randomBytes(4).toString('hex')

/** A repeated key overwrites (lifecycle.md §8). */
function checkedTags(tags: readonly Tag[]): Tag[] {
  const byKey = new Map(tags.map(tag => [tag.tagKey, tag]))
  if (byKey.size > TAGS_MAX) {
    throw new ServiceError(
      'TooManyTagsException',
      `${byKey.size} tags were given: a resource carries at most ${TAGS_MAX}.`,
    )
  }
  for (const key of byKey.keys()) {
    if (key.startsWith('aws:')) {
      throw new ServiceError('InvalidInputException', "A tag key must not start with 'aws:': that prefix is reserved.")
    }
  }
  return [...byKey.values()]
}

/** A resource as Describe and List show it: the body's members, the ARN, the status and the dates; what is absent is left out. */
export function shown<B extends object, H>(
  type: ResourceType<B, H>,
  resource: Resource<B, H>,
): Record<string, unknown> {
  return {
    ...resource.body,
    [type.arnMember]: resource.arn,
    status: resource.status,
    failureReason: resource.failureReason,
    creationDateTime: resource.createdMs / 1000,
    lastUpdatedDateTime: resource.updatedMs / 1000,
  }
}
