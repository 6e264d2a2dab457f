/**
 * One thread of a batch inference job: takes shard after shard until none is left (sharedWork.ts) and answers each. Reads and writes the
 * stores itself; only counts go to the main thread. What is not a Refusal ends the thread, and the main thread starts another.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { Vocabulary, type VocabularyTensors } from '../../datasets/vocabulary.ts'
import { ContextRanker } from '../../inference/contextRanker.ts'
import type { PlacedExploration } from '../../inference/exploration.ts'
import { NewcomerRanker, type PlacedNewcomers } from '../../inference/newcomerRanker.ts'
import { openRanker, type PlacedModel } from '../../inference/ranker.ts'
import { assert } from '../../lib/assert.ts'
import { stopwatchSeconds } from '../../lib/clock.ts'
import { Refusal } from '../../lib/refusal.ts'
import type { ContextLifts } from '../../models/contextLifts.ts'
import { ObjectError, type ObjectErrorCode } from '../../objects/objectStore.ts'
import { openObjectStore } from '../../objects/open.ts'
import type { ComputeContext } from '../computeContext.ts'
import { StageClock } from './answerLines.ts'
import { ByteBlocks } from './byteBlocks.ts'
import type { BatchDescription } from './description.ts'
import type { PlacedFilter } from './filtering.ts'
import { type KeptHistories, openSubjectHistories } from './histories.ts'
import { REPORT_SECONDS } from './limits.ts'
import type { ShardOutcome } from './outcome.ts'
import type { PlacedBytes } from './placeBytes.ts'
import { RankingAnswerer } from './rankingShard.ts'
import { ShardAnswerer } from './shard.ts'
import { fileFill, streamFill, type WorkInput, writeFileShard, writePart } from './shardOutput.ts'
import { holdShard, NOTHING, type SharedWork, shardAt, takeShard } from './sharedWork.ts'
import { partAddress, partKey } from './staging.ts'
import { type PlacedTexts, ThemeAnswerer } from './themeShard.ts'

/** What a thread is started with. Everything large in it is shared memory. */
export interface ThreadData {
  readonly slot: number
  readonly work: SharedWork
  readonly inputs: readonly WorkInput[]
  /** The shard that the thread before it died of, and what this try is the number of. */
  readonly again: { readonly shard: number; readonly tries: number } | undefined
  readonly stagingPrefix: string
  readonly attempt: number
  readonly placed: PlacedModel
  readonly sharpness: number
  readonly bytes: PlacedBytes
  readonly subjectTable: number | undefined
  readonly askerTable: number | undefined
  /** One row a subject; undefined when the model gives everybody the same. */
  readonly histories: KeptHistories | undefined
  readonly itemIds: VocabularyTensors
  readonly filter: PlacedFilter | undefined
  /** Of the items: lists get themes. */
  readonly texts: PlacedTexts | undefined
  readonly exploration: PlacedExploration | undefined
  readonly newcomers: PlacedNewcomers | undefined
  /** What contexts add to scores; undefined where no column does. */
  readonly contexts: readonly ContextLifts[] | undefined
  readonly recipe: BatchDescription['recipe']
  readonly k: number
  readonly stores: ComputeContext['stores']
}

export type ThreadReport =
  | { readonly type: 'progress'; readonly shard: number; readonly records: number; readonly failed: number }
  | ({ readonly type: 'done' } & ShardOutcome)
  | { readonly type: 'refused'; readonly message: string; readonly code: ObjectErrorCode | undefined }

assert(parentPort, 'this file is the body of a worker thread')
const port = parentPort
const data: ThreadData = workerData
const { slot, work, again } = data
const objects = openObjectStore(data.stores.objects)
const artifacts = openObjectStore(data.stores.artifacts)
const tools = {
  ...data,
  ranker: openRanker(data.placed, slot),
  bytes: new ByteBlocks(data.bytes, slot),
  itemIds: Vocabulary.fromTensors(data.itemIds),
  itemCount: data.placed.itemCount,
  histories: data.histories && openSubjectHistories(data.histories, data.placed.itemCount),
  newcomers: data.newcomers && new NewcomerRanker(data.newcomers, data.k),
  contexts: data.recipe.contexts && new ContextRanker(data.contexts ?? []),
}
const answerer = data.texts
  ? new ThemeAnswerer({ ...tools, texts: data.texts })
  : data.recipe.record === 'userId and itemList'
    ? new RankingAnswerer(tools)
    : new ShardAnswerer(tools)
const report = (message: ThreadReport) => port.postMessage(message)

try {
  if (again) {
    holdShard(work, slot, again.shard)
    report({ type: 'done', ...(await answerShard(again.shard, again.tries)) })
  }
  for (let s = takeShard(work, slot); s !== NOTHING; s = takeShard(work, slot))
    report({ type: 'done', ...(await answerShard(s, 1)) })
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  report({ type: 'refused', message: error.message, code: error instanceof ObjectError ? error.code : undefined })
}

async function answerShard(s: number, tries: number): Promise<ShardOutcome> {
  const clock = new StageClock()
  let records = 0
  let failed = 0
  let reported = stopwatchSeconds()
  const answered = (recordsMore: number, failedMore: number) => {
    records += recordsMore
    failed += failedMore
    const now = stopwatchSeconds()
    if (now - reported < REPORT_SECONDS) return
    reported = now
    report({ type: 'progress', shard: s, records, failed })
  }
  const shard = shardAt(work, s)
  const input = data.inputs[shard.input]
  const { files, index, firstShard } = input
  const fill = files ? fileFill(shard, input, files) : streamFill(shard, input, objects)
  const pieces = answerer.answer({ fill, firstLine: shard.firstLine, clock, answered })
  const key = files ? undefined : partKey(data.stagingPrefix, index, s - firstShard, data.attempt, tries)
  const bytes =
    files === undefined
      ? await writePart(pieces, partAddress(key!), artifacts)
      : await writeFileShard(pieces, work, s, input, files, clock)
  return { shard: s, key, records, failed, bytes, stageSeconds: clock.stop() }
}
