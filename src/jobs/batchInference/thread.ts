/**
 * One thread of a batch inference job: answers shard after shard, each into a part object of its own. Reads and writes the stores itself;
 * only counts go to the main thread. What is not a Refusal ends the thread, and the main thread starts another.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { Vocabulary, type VocabularyTensors } from '../../datasets/vocabulary.ts'
import { openRanker, type PlacedModel } from '../../inference/ranker.ts'
import { assert } from '../../lib/assert.ts'
import { stopwatchSeconds } from '../../lib/clock.ts'
import { Refusal } from '../../lib/refusal.ts'
import type { ItemLists } from '../../models/splits.ts'
import { formatAddress, type ObjectAddress, ObjectError, type ObjectErrorCode } from '../../objects/objectStore.ts'
import { openObjectStore } from '../../objects/open.ts'
import type { ComputeContext } from '../computeContext.ts'
import { StageClock } from './answerLines.ts'
import { ByteBlocks, type Fill } from './byteBlocks.ts'
import type { BatchDescription, StageSeconds } from './description.ts'
import type { PlacedFilter } from './filtering.ts'
import { explained } from './inputs.ts'
import { REPORT_SECONDS } from './limits.ts'
import type { Shard } from './lines.ts'
import type { PlacedBytes } from './placeBytes.ts'
import { RankingAnswerer } from './rankingShard.ts'
import { ShardAnswerer } from './shard.ts'

/** What a thread is started with. Everything large in it is shared memory. */
export interface ThreadData {
  readonly slot: number
  readonly placed: PlacedModel
  readonly sharpness: number
  readonly bytes: PlacedBytes
  readonly subjectTable: number | undefined
  readonly askerTable: number | undefined
  readonly histories: ItemLists | undefined
  readonly itemIds: VocabularyTensors
  readonly filter: PlacedFilter | undefined
  readonly recipe: BatchDescription['recipe']
  readonly k: number
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
  bytes: new ByteBlocks(data.bytes, data.slot),
  itemIds: Vocabulary.fromTensors(data.itemIds),
  itemCount: data.placed.itemCount,
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
  let reported = stopwatchSeconds()
  const answered = (recordsMore: number, failedMore: number) => {
    records += recordsMore
    failed += failedMore
    const now = stopwatchSeconds()
    if (now - reported < REPORT_SECONDS) return
    reported = now
    report({ type: 'progress', records, failed })
  }
  const fill = filledFrom(from, shard)
  const pieces = answerer.answer({ fill, firstLine: shard.firstLine, clock, answered })
  async function* copies() {
    for await (const piece of pieces) {
      bytes += piece.length
      yield Buffer.from(piece)
    }
  }
  await artifacts.write(part, copies())
  return { records, failed, bytes, stageSeconds: clock.stop() }
}

/** Reads the shard chunk by chunk. */
function filledFrom(from: ObjectAddress, range: Shard): Fill {
  const chunks = readShard(from, range)
  let chunk: Buffer = Buffer.alloc(0)
  return async target => {
    while (chunk.length === 0) {
      const { done, value } = await chunks.next()
      if (done) return 0
      chunk = value
    }
    const count = chunk.copy(target)
    chunk = chunk.subarray(count)
    return count
  }
}

async function* readShard(from: ObjectAddress, range: Shard): AsyncGenerator<Buffer> {
  try {
    yield* await objects.read(from, { range })
  } catch (error) {
    throw error instanceof ObjectError ? explained(error, 'input', formatAddress(from)) : error
  }
}
