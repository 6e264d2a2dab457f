/**
 * One thread of a batch inference job: answers shard after shard, each into a part object of its own. Reads and writes the stores itself;
 * only counts go to the main thread. What is not a Refusal ends the thread, and the main thread starts another.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { Vocabulary } from '../../datasets/vocabulary.ts'
import { openRanker, type PlacedModel } from '../../inference/ranker.ts'
import { assert } from '../../lib/assert.ts'
import { Refusal } from '../../lib/refusal.ts'
import type { ItemLists } from '../../models/splits.ts'
import { formatAddress, type ObjectAddress, ObjectError, type ObjectErrorCode } from '../../objects/objectStore.ts'
import { openObjectStore } from '../../objects/open.ts'
import type { ComputeContext } from '../computeContext.ts'
import type { ItemTexts } from './answers.ts'
import type { BatchDescription, StageSeconds } from './description.ts'
import type { PlacedFilter } from './filtering.ts'
import { explained } from './inputs.ts'
import type { Shard } from './lines.ts'
import { RankingAnswerer } from './rankingShard.ts'
import { ShardAnswerer, StageClock } from './shard.ts'

/** What a thread is started with. Everything large in it is shared memory. */
export interface ThreadData {
  readonly slot: number
  readonly placed: PlacedModel
  readonly sharpness: number
  readonly subjects: Vocabulary['tensors']
  readonly histories: ItemLists | undefined
  readonly itemIds: Vocabulary['tensors']
  readonly items: ItemTexts
  readonly filter: PlacedFilter | undefined
  readonly recipe: BatchDescription['recipe']
  readonly numResults: number
  readonly stores: ComputeContext['stores']
}

export interface ShardTask {
  readonly from: ObjectAddress
  readonly shard: Shard
  readonly part: ObjectAddress
}

export type ThreadReport =
  | { readonly type: 'progress'; readonly records: number; readonly failed: number }
  | ({ readonly type: 'done' } & ShardOutcome)
  | { readonly type: 'refused'; readonly message: string; readonly code: ObjectErrorCode | undefined }

export interface ShardOutcome {
  readonly records: number
  readonly failed: number
  /** Of the part. */
  readonly bytes: number
  readonly stageSeconds: StageSeconds
}

assert(parentPort, 'this file is the body of a worker thread')
const port = parentPort
const data: ThreadData = workerData
const objects = openObjectStore(data.stores.objects)
const artifacts = openObjectStore(data.stores.artifacts)
const tools = {
  ...data,
  ranker: openRanker(data.placed, data.slot),
  subjects: Vocabulary.fromTensors(data.subjects),
  itemIds: Vocabulary.fromTensors(data.itemIds),
  itemCount: data.placed.itemCount,
  k: Math.min(data.numResults, data.placed.itemCount),
}
const answerer = data.recipe.record === 'userId and itemList' ? new RankingAnswerer(tools) : new ShardAnswerer(tools)
const report = (message: ThreadReport) => port.postMessage(message)

port.on('message', async (task: ShardTask) => {
  try {
    report({ type: 'done', ...(await answerShard(task)) })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    report({ type: 'refused', message: error.message, code: error instanceof ObjectError ? error.code : undefined })
  }
})

async function answerShard({ from, shard, part }: ShardTask): Promise<ShardOutcome> {
  const clock = new StageClock()
  let records = 0
  let failed = 0
  let bytes = 0
  const lines = answerer.answer(readShard(from, shard), shard.firstLine, clock, (recordsMore, failedMore) => {
    records += recordsMore
    failed += failedMore
    report({ type: 'progress', records, failed })
  })
  async function* counted() {
    for await (const chunk of lines) {
      bytes += chunk.length
      yield chunk
    }
  }
  await artifacts.write(part, counted())
  return { records, failed, bytes, stageSeconds: clock.stop() }
}

async function* readShard(from: ObjectAddress, range: Shard): AsyncGenerator<Buffer> {
  try {
    yield* await objects.read(from, { range })
  } catch (error) {
    throw error instanceof ObjectError ? explained(error, 'input', formatAddress(from)) : error
  }
}
