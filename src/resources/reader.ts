/**
 * Resources as they are read: one, a page of them, how many. Typed, within one account and region.
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { ServiceError } from '../protocol/errors.ts'
import type { Scope } from './arn.ts'
import { otherKind } from './arnKinds.ts'
import type { Status } from './lifecycle.ts'
import type { Limits } from './limits.ts'
import { PageTokens } from './pageTokens.ts'
import type { StoredResource, StoredWork, Transaction } from './stateStore.ts'
import type { ResourceType } from './types.ts'

export interface Resource<Body, Hidden> extends StoredResource {
  readonly body: Body
  readonly hidden: Hidden
}

/** The page a list operation gives when none is asked for, and the largest it gives. */
const PAGE_LENGTH_MAX = 100

export interface ResourcesOptions {
  readonly clock: Clock
  readonly limits: Limits
  readonly secret: string
}

export class ResourceReader {
  readonly scope: Scope
  readonly transaction: Transaction
  protected readonly options: ResourcesOptions
  protected readonly pages: PageTokens

  constructor(transaction: Transaction, scope: Scope, options: ResourcesOptions) {
    this.transaction = transaction
    this.scope = scope
    this.options = options
    this.pages = new PageTokens(options.secret)
  }

  get limits(): Limits {
    return this.options.limits
  }

  get nowMs(): number {
    return this.options.clock.nowMs()
  }

  async find<B, H>(type: ResourceType<B, H>, arn: string): Promise<Resource<B, H> | undefined> {
    const found = await this.transaction.find(arn)
    const mine = found?.type === type.type && found.account === this.scope.account && found.region === this.scope.region
    return mine ? (found as Resource<B, H>) : undefined
  }

  /** Whatever its type; only this account's and region's. */
  async findAny(arn: string): Promise<StoredResource | undefined> {
    const found = await this.transaction.find(arn)
    return found?.account === this.scope.account && found.region === this.scope.region ? found : undefined
  }

  /** Throws ResourceNotFoundException, and says so when the ARN is one of another kind. Wording as observed on schema operations. */
  async get<B, H>(
    type: ResourceType<B, H>,
    arn: string,
    message = `Resource Arn ${arn} does not exist.`,
  ): Promise<Resource<B, H>> {
    const found = await this.find(type, arn)
    if (found) return found
    const more = otherKind(type, arn)
    const told = more === undefined ? message : `${message.replace(/\.?$/, '.')} ${more}`
    throw new ServiceError('ResourceNotFoundException', told)
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

  /** One page, newest first. Throws InvalidNextTokenException for a token that this list did not give out. */
  async list<B, H>(
    type: ResourceType<B, H>,
    page: { parent?: string | undefined; maxResults?: number | undefined; nextToken?: string | undefined },
  ): Promise<{ resources: Resource<B, H>[]; nextToken?: string }> {
    const limit = page.maxResults ?? PAGE_LENGTH_MAX
    const list = `${type.type} ${this.scope.account} ${this.scope.region} ${page.parent ?? ''}`
    const before = this.pages.position(page.nextToken, list)
    const query = { type: type.type, ...this.scope, parent: page.parent }
    const found = await this.transaction.list(query, { limit: limit + 1, before })
    const resources = found.slice(0, limit) as Resource<B, H>[]
    const last = resources.at(-1)
    return found.length > limit && last
      ? { resources, nextToken: this.pages.token(last.sequence, list) }
      : { resources }
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
    const start = this.pages.position(page.nextToken, list) ?? 0
    const end = start + (page.maxResults ?? PAGE_LENGTH_MAX)
    const found = all.slice(start, end)
    return end < all.length ? { found, nextToken: this.pages.token(end, list) } : { found }
  }

  /** One page of something with numbers of its own, in ascending order: a page goes on there whatever comes or goes meanwhile. */
  listNumbered<T extends { readonly number: number }>(
    all: readonly T[],
    list: string,
    page: { maxResults?: number | undefined; nextToken?: string | undefined },
  ): { found: T[]; nextToken?: string } {
    const after = this.pages.position(page.nextToken, list) ?? Number.NEGATIVE_INFINITY
    const left = all.filter(each => each.number > after)
    const found = left.slice(0, page.maxResults ?? PAGE_LENGTH_MAX)
    const last = found.at(-1)
    return left.length > found.length && last ? { found, nextToken: this.pages.token(last.number, list) } : { found }
  }

  /** One page of the queue, newest first; only this account's and region's. */
  async listWork(page: {
    maxResults?: number | undefined
    nextToken?: string | undefined
  }): Promise<{ work: StoredWork[]; nextToken?: string }> {
    const limit = page.maxResults ?? PAGE_LENGTH_MAX
    const list = `work ${this.scope.account} ${this.scope.region}`
    const before = this.pages.position(page.nextToken, list)
    const found = await this.transaction.listWork(this.scope, { limit: limit + 1, before })
    const work = found.slice(0, limit)
    const last = work.at(-1)
    return found.length > limit && last ? { work, nextToken: this.pages.token(last.id, list) } : { work }
  }

  /** The newest work of a resource of this account and region. */
  async workOf(arn: string): Promise<StoredWork | undefined> {
    const owner = await this.transaction.find(arn)
    const mine = owner?.account === this.scope.account && owner.region === this.scope.region
    return mine ? this.transaction.workOf(arn) : undefined
  }
}

/** Eight lower-case hex digits, as the reference names solution versions. */
export const randomVersionId = (): string => randomBytes(4).toString('hex')

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
