/**
 * Resources as requests and jobs see them: typed, within one account and region, changed only in ways their lifecycle allows.
 * An instance lives as long as its transaction.
 */
import { assert } from '../lib/assert.ts'
import { ServiceError } from '../protocol/errors.ts'
import { formatArn } from './arn.ts'
import { arnWord } from './arnKinds.ts'
import { type EngineArrow, isUnderWay, mayMove, type Status, type UpdateSummary } from './lifecycle.ts'
import { type Resource, ResourceReader } from './reader.ts'
import type { StoredResource, Tag } from './stateStore.ts'
import { checkedTags } from './tags.ts'
import { datasetGroup, type ResourceType, typeNamed } from './types.ts'

export { type Resource, type ResourcesOptions, randomVersionId, shown } from './reader.ts'

export class Resources extends ResourceReader {
  /**
   * The record and the work that makes it real. `path` is the ARN's part after the type's word: usually the name.
   * Throws ResourceAlreadyExistsException, LimitExceededException, TooManyTagsException.
   */
  async create<B, H>(
    type: ResourceType<B, H>,
    made: {
      path: string
      name: string
      parent?: string
      body: B
      hidden: H
      tags?: readonly Tag[] | undefined
      /** The kind of work that makes it, where that is not the type's own. */
      work?: string
    },
  ): Promise<string> {
    const arn = formatArn(this.scope, `${arnWord(type)}/${made.path}`)
    if (await this.transaction.find(arn)) {
      throw new ServiceError('ResourceAlreadyExistsException', `Another resource with Arn ${arn} already exists.`)
    }
    const parent = made.parent === undefined ? undefined : await this.transaction.find(made.parent)
    const group = parent?.type === datasetGroup.type ? parent.arn : parent?.group
    await this.#withinLimit(type, group)
    const tags = checkedTags(made.tags ?? [])
    const nowMs = this.options.clock.nowMs()
    await this.transaction.insert({
      arn,
      type: type.type,
      ...this.scope,
      name: made.name,
      parent: made.parent,
      group,
      status: type.lifecycle?.first,
      createdMs: nowMs,
      updatedMs: nowMs,
      failureReason: undefined,
      body: made.body,
      hidden: made.hidden,
    })
    await this.transaction.setTags(arn, tags)
    const kind = made.work ?? type.work?.create
    if (kind) await this.transaction.enqueue({ arn, kind, nowMs })
    return arn
  }

  /** The only writer of a status: follows an arrow of the lifecycle or fails. The reason of an earlier failure goes with the old status. */
  async move<B, H>(
    type: ResourceType<B, H>,
    arn: string,
    to: Status,
    change: { failureReason?: string; body?: B; hidden?: H } = {},
  ): Promise<void> {
    const found = await this.get(type, arn)
    assert(mayMove(type.lifecycle, found.status, to), `${arn}: ${found.status} → ${to}`)
    const updatedMs = this.options.clock.nowMs()
    await this.transaction.update(arn, { failureReason: null, ...change, status: to, updatedMs })
  }

  /**
   * What the engine did with work of the kind `work`: the resource follows that arrow of its lifecycle, and so does its latest update when
   * the work is one. A resource without such an arrow keeps its status: a campaign stays ACTIVE while it is updated.
   */
  async follow<B, H>(
    type: ResourceType<B, H>,
    arn: string,
    arrow: EngineArrow,
    work: string,
    { failureReason, ...change }: { failureReason?: string; body?: B; hidden?: H } = {},
  ): Promise<void> {
    const found = await this.get(type, arn)
    const to = found.status && type.lifecycle?.arrows[found.status]?.[arrow]
    if (type.update?.work !== work) {
      assert(to !== undefined || arrow === 'begin', `${arn}: ${arrow} from ${found.status}`)
      if (to) await this.move(type, arn, to, { ...change, ...(failureReason !== undefined && { failureReason }) })
      return
    }
    const { member, lifecycle } = type.update
    const body = (change.body ?? found.body) as Record<string, unknown>
    const update = body[member] as UpdateSummary
    const next = lifecycle.arrows[update.status]?.[arrow]
    assert(next !== undefined || arrow === 'begin', `${arn}, ${member}: ${arrow} from ${update.status}`)
    const nowMs = this.options.clock.nowMs()
    const stepped: UpdateSummary = {
      ...update,
      status: next ?? update.status,
      lastUpdatedDateTime: nowMs / 1000,
      ...(failureReason !== undefined && { failureReason }),
    }
    const changed = { ...change, body: { ...body, [member]: stepped } as B }
    if (to) await this.move(type, arn, to, changed)
    else await this.transaction.update(arn, { ...changed, updatedMs: arrow === 'done' ? nowMs : found.updatedMs })
  }

  /** What we keep for ourselves about a resource; its dates stay. */
  async keep<B, H>({ arn }: Resource<B, H>, hidden: H): Promise<void> {
    const now = await this.transaction.find(arn)
    assert(now, `${arn} is there`)
    await this.transaction.update(arn, { hidden, updatedMs: now.updatedMs })
  }

  /** Asks for deletion: DELETE PENDING and the work that does it. Throws ResourceInUseException when it is not its time. */
  async requestDelete<B, H>(type: ResourceType<B, H>, resource: Resource<B, H>): Promise<void> {
    await this.#request(type, resource, 'DELETE PENDING', 'delete', 'deleted')
  }

  /** As `requestDelete`, for what can be stopped: STOP PENDING. */
  async requestStop<B, H>(type: ResourceType<B, H>, resource: Resource<B, H>): Promise<void> {
    await this.#request(type, resource, 'STOP PENDING', 'stop', 'stopped')
  }

  /** As `requestDelete`, for what has been stopped: START PENDING. */
  async requestStart<B, H>(type: ResourceType<B, H>, resource: Resource<B, H>): Promise<void> {
    await this.#request(type, resource, 'START PENDING', 'start', 'started')
  }

  /**
   * Asks for a change that takes its time: the member that `type.update` names tells what was asked for (`asked`) and how far it is. The
   * resource goes to UPDATE PENDING where its lifecycle knows that, and stays as it is where not. The body's other members change when the
   * work settles. Throws ResourceInUseException when it is not its time.
   */
  async requestUpdate<B, H>(type: ResourceType<B, H>, resource: Resource<B, H>, asked: object): Promise<void> {
    assert(type.update)
    const { member, lifecycle, work, from } = type.update
    this.#checkNoUpdate(type, resource, 'updated')
    if (!resource.status || !from.includes(resource.status)) throw notNow(resource, 'updated')
    const nowMs = this.options.clock.nowMs()
    const dates = { creationDateTime: nowMs / 1000, lastUpdatedDateTime: nowMs / 1000 }
    const body = { ...resource.body, [member]: { ...asked, status: lifecycle.first, ...dates } }
    if (mayMove(type.lifecycle, resource.status, 'UPDATE PENDING')) {
      await this.move(type, resource.arn, 'UPDATE PENDING', { body })
    } else await this.transaction.update(resource.arn, { body, updatedMs: resource.updatedMs })
    await this.transaction.enqueue({ arn: resource.arn, kind: work, nowMs })
  }

  async #request<B, H>(
    type: ResourceType<B, H>,
    resource: Resource<B, H>,
    to: Status,
    word: 'delete' | 'stop' | 'start',
    participle: string,
  ): Promise<void> {
    const kind = type.work?.[word]
    assert(kind)
    this.#checkNoUpdate(type, resource, participle)
    if (!mayMove(type.lifecycle, resource.status, to)) throw notNow(resource, participle)
    await this.move(type, resource.arn, to)
    await this.transaction.enqueue({ arn: resource.arn, kind, nowMs: this.options.clock.nowMs() })
  }

  #checkNoUpdate<B, H>(type: ResourceType<B, H>, resource: Resource<B, H>, participle: string): void {
    if (!type.update) return
    const latest = (resource.body as Record<string, unknown>)[type.update.member] as UpdateSummary | undefined
    if (!latest || !isUnderWay(latest.status)) return
    throw new ServiceError(
      'ResourceInUseException',
      `Resource Arn ${resource.arn} has an update in status ${latest.status} and cannot be ${participle} now.`,
    )
  }

  /** Takes a resource's work back: what has not begun is over, what is running is told to stop. */
  async stopWork(arn: string): Promise<void> {
    const work = await this.transaction.workOf(arn)
    assert(work)
    const nowMs = this.options.clock.nowMs()
    if (work.state === 'queued') {
      await this.transaction.changeWork(work.id, { state: 'done', finishedMs: nowMs })
      // It had begun before and was queued again: nobody else will say that it has stopped.
      const owner = await this.transaction.find(arn)
      const type = owner && typeNamed(owner.type)
      if (owner?.status && type?.lifecycle?.arrows[owner.status]?.stopped)
        await this.follow(type, arn, 'stopped', work.kind)
    }
    if (work.state === 'running') await this.transaction.changeWork(work.id, { state: 'stopping' })
  }

  async #withinLimit<B, H>({ type, limit }: ResourceType<B, H>, group: string | undefined): Promise<void> {
    if (!limit) return
    const max = this.options.limits[limit.name]
    if (max === Number.POSITIVE_INFINITY) return
    assert(limit.within === 'region' || group !== undefined, `${type} belongs to no dataset group`)
    const counted = limit.within === 'region' ? this.scope : { ...this.scope, group }
    const count = await this.transaction.count({ type, ...counted, statuses: limit.statuses })
    if (count >= max) throw new ServiceError('LimitExceededException', limit.message(max))
  }
}

const notNow = (resource: StoredResource, participle: string): ServiceError =>
  new ServiceError(
    'ResourceInUseException',
    `Resource Arn ${resource.arn} is in status ${resource.status} and cannot be ${participle} now.`,
  )
