/**
 * Takes out of the artifacts bucket what nobody refers to any more: data of deleted datasets and of imports that a FULL import replaced,
 * models of deleted versions, whatever a dead attempt left behind. Everything there is named after the work that wrote it,
 * `imports/17-1/…`, `models/18-1/…`, `staging/19/…`, so work that is still going on keeps its own.
 */
import type { Log } from '../lib/log.ts'
import { type ObjectStoreConfig, openObjectStore } from '../objects/open.ts'
import { isUnderWay } from '../resources/lifecycle.ts'
import type { StateStore, StoredResource, Transaction } from '../resources/stateStore.ts'
import {
  batchInferenceJob,
  dataset,
  type ImportedData,
  type ResourceType,
  solutionVersion,
} from '../resources/types.ts'
import { ARTIFACTS_BUCKET } from './computeContext.ts'

const LIST_PAGE = 1_000

/** `imports/17-1/part.parquet` → `imports/17-1/`, written by work 17. */
const owner = (key: string): { prefix: string; workId: number } | undefined => {
  const match = /^([a-z]+\/(\d+)(?:-\d+)?\/)/.exec(key)
  return match ? { prefix: match[1], workId: Number(match[2]) } : undefined
}

export async function sweep(state: StateStore, artifacts: ObjectStoreConfig, log: Log): Promise<void> {
  const store = openObjectStore(artifacts)
  // First what is there, then what is needed: an object made in between is not in the list and so not in danger.
  const keys: string[] = []
  for await (const { key } of store.list(ARTIFACTS_BUCKET, '')) keys.push(key)
  const { prefixes, workIds } = await state.transact(needed)
  for (const key of keys) {
    const from = owner(key)
    if (!from || workIds.has(from.workId) || prefixes.has(from.prefix)) continue
    await store.remove({ bucket: ARTIFACTS_BUCKET, key })
    log.info('swept', { key })
  }
}

async function needed(transaction: Transaction): Promise<{ prefixes: Set<string>; workIds: Set<number> }> {
  const work = await transaction.workIn(['queued', 'running', 'stopping'], { limit: Number.MAX_SAFE_INTEGER })
  const prefixes = new Set<string>()
  const need = (key: string | undefined) => {
    const from = owner(key ?? '')
    if (from) prefixes.add(from.prefix)
  }
  const needData = (imports: readonly ImportedData[]) => {
    for (const { parts } of imports) for (const part of parts) need(part)
  }
  for await (const { hidden } of all(transaction, dataset)) needData(hidden.imports)
  for await (const { hidden, status } of all(transaction, solutionVersion)) {
    need(hidden.model)
    if (isUnderWay(status)) {
      needData(hidden.data.interactions)
      needData(hidden.data.items)
    }
  }
  for await (const { hidden, status } of all(transaction, batchInferenceJob)) if (isUnderWay(status)) need(hidden.model)
  return { prefixes, workIds: new Set(work.map(({ id }) => id)) }
}

async function* all<B, H>(transaction: Transaction, { type }: ResourceType<B, H>) {
  for (let before: number | undefined; ; ) {
    const found: StoredResource[] = await transaction.list({ type }, { limit: LIST_PAGE, before })
    for (const each of found) yield each as StoredResource & { readonly hidden: H }
    if (found.length < LIST_PAGE) return
    before = found.at(-1)?.sequence
  }
}
