/**
 * Takes out of the artifacts bucket what nobody refers to any more: data of deleted datasets and of imports that a FULL import replaced,
 * rows of deleted users, models of deleted versions, whatever a dead attempt left behind. Everything there is named after the work that
 * wrote it, `imports/17-1/…`, `models/18-1/…`, `staging/19/…`, so work that is still going on keeps its own; what it reads it names in its
 * record, which keeps that. Events that were packed for filters, `events/v…-all/…`, are named after the data that they were made of, and stay
 * as long as a dataset holds just that or work reads it.
 */
import type { Log } from '../lib/log.ts'
import { type ObjectStoreConfig, openObjectStore } from '../objects/open.ts'
import { recipeByArn } from '../recipes/index.ts'
import type { StateStore, StoredResource, Transaction } from '../resources/stateStore.ts'
import { dataset, type ResourceType, recommender, solutionVersion } from '../resources/types.ts'
import { artifactNames, dataVersions } from './artifactNames.ts'
import { ARTIFACTS_BUCKET } from './computeContext.ts'

const LIST_PAGE = 1_000

/** `imports/17-1/part.parquet` was written by work 17. */
const ownerOf = (key: string): number | undefined => {
  const match = /^[a-z]+\/(\d+)(?:-\d+)?\//.exec(key)
  return match ? Number(match[1]) : undefined
}

/** `events/v0123-all/codes` was made of that version of a dataset. */
const versionOf = (key: string): string | undefined => /^events\/(v[0-9a-f]+)-/.exec(key)?.[1]

export async function sweep(state: StateStore, artifacts: ObjectStoreConfig, log: Log): Promise<void> {
  const store = openObjectStore(artifacts)
  // First what is there, then what is needed: an object made in between is not in the list and so not in danger.
  const keys: string[] = []
  for await (const { key } of store.list(ARTIFACTS_BUCKET, '')) keys.push(key)
  const { names, versions, workIds } = await state.transact(needed)
  const isNeeded = (key: string): boolean => {
    const version = versionOf(key)
    if (version !== undefined) return versions.has(version)
    const workId = ownerOf(key)
    const folder = key.slice(0, key.lastIndexOf('/') + 1)
    return workId === undefined || workIds.has(workId) || names.has(key) || names.has(folder)
  }
  for (const key of keys) {
    if (isNeeded(key)) continue
    await store.remove({ bucket: ARTIFACTS_BUCKET, key })
    log.info('swept', { key })
  }
}

interface Needed {
  readonly names: ReadonlySet<string>
  readonly versions: ReadonlySet<string>
  readonly workIds: ReadonlySet<number>
}

async function needed(transaction: Transaction): Promise<Needed> {
  const work = await transaction.workIn(['queued', 'running', 'stopping'], { limit: Number.MAX_SAFE_INTEGER })
  const names = new Set<string>()
  const versions = new Set<string>()
  const need = (value: unknown) => {
    for (const name of artifactNames(value)) names.add(name)
    for (const version of dataVersions(value)) versions.add(version)
  }
  for await (const { hidden } of all(transaction, dataset)) need(hidden.imports)
  for await (const { body, hidden } of all(transaction, solutionVersion)) {
    if (hidden.model === undefined) continue
    need(hidden.model)
    // Of the data it was trained on, a model needs nothing any more, unless segments are asked for by what ITEMS told then.
    const recipe = body.recipeArn === undefined ? undefined : recipeByArn(body.recipeArn)
    if (recipe?.segments === 'itemAttributes') need(hidden.data.items)
  }
  for await (const { hidden } of all(transaction, recommender)) need(hidden.model)
  for (const { arn } of work) need((await transaction.find(arn))?.hidden)
  return { names, versions, workIds: new Set(work.map(({ id }) => id)) }
}

async function* all<B, H>(transaction: Transaction, { type }: ResourceType<B, H>) {
  for (let before: number | undefined; ; ) {
    const found: StoredResource[] = await transaction.list({ type }, { limit: LIST_PAGE, before })
    for (const each of found) yield each as StoredResource & { readonly body: B; readonly hidden: H }
    if (found.length < LIST_PAGE) return
    before = found.at(-1)?.sequence
  }
}
