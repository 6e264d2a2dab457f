/** A small model with difficult ids, saved where jobs find it, two folder stores, and the plain way to say what a job should answer. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { Vocabulary } from '../../../src/datasets/vocabulary.ts'
import type { BatchDescription } from '../../../src/jobs/batchInference/description.ts'
import { batchLimits } from '../../../src/jobs/batchInference/limits.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from '../../../src/jobs/computeContext.ts'
import { silentLog } from '../../../src/lib/log.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import { quietControl } from '../../../src/lib/work.ts'
import type { DenseModel } from '../../../src/models/historyModel.ts'
import { type ObjectStore, parseAddress } from '../../../src/objects/objectStore.ts'
import { openObjectStore } from '../../../src/objects/open.ts'
import { type SavedModel, saveModel } from '../../../src/recipes/modelFile.ts'
import { defaultLimits } from '../../../src/resources/limits.ts'

const ITEM_COUNT = 61
const USER_COUNT = 40
const KERNEL_LENGTH = 7

export const MODEL_PREFIX = 'models/1/'
export const STAGING_PREFIX = 'staging/9/'
export const POPULARITY_PREFIX = 'models/2/'

/** Ids that break naive quoting, encoding and number handling; users 0 to 4 are these, the rest 'u5', 'u6', … */
const STRANGE_IDS = ['a"b\\c', 'Zoë 🍷', '105', '\u0001\u2028', '0.50']
const idsOf = (count: number, letter: string) =>
  Array.from({ length: count }, (_, i) => STRANGE_IDS[i] ?? `${letter}${i}`)

export function smallModel(): SavedModel<DenseModel> {
  const random = seededRandom(1)
  const offsets = new Uint32Array(USER_COUNT + 1)
  const items: number[] = []
  for (let user = 0; user < USER_COUNT; user++) {
    // Every seventh user is known and has no history.
    const length = user % 7 === 6 ? 0 : 1 + random.below(KERNEL_LENGTH)
    for (let i = 0; i < length; i++) items.push(random.below(ITEM_COUNT))
    offsets[user + 1] = items.length
  }
  return {
    model: {
      form: 'dense',
      itemCount: ITEM_COUNT,
      kernel: Float32Array.from({ length: KERNEL_LENGTH }, (_, k) => (k + 1) ** -0.7),
      rows: Float32Array.from({ length: ITEM_COUNT ** 2 }, () => random.normal() * 0.1),
      prior: Float32Array.from({ length: ITEM_COUNT }, (_, item) => -Math.log(item + 2)),
      sharpness: 4.5,
    },
    users: Vocabulary.fromIds(idsOf(USER_COUNT, 'u')),
    items: Vocabulary.fromIds(idsOf(ITEM_COUNT, 'i')),
    histories: { offsets, items: Int32Array.from(items) },
  }
}

export interface Place {
  readonly root: string
  readonly objects: ObjectStore
  readonly artifacts: ObjectStore
  put(path: string, content: string | Uint8Array): Promise<void>
  get(path: string): Promise<string>
  list(bucket: string, prefix?: string): Promise<string[]>
  remove(): Promise<void>
}

/** Buckets `in` and `out`, and the models with rows and without. */
export async function makePlace(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'batch-'))
  const place = openPlace(root)
  for (const bucket of ['in', 'out']) await place.objects.createBucket(bucket)
  await place.artifacts.createBucket(ARTIFACTS_BUCKET)
  const saved = smallModel()
  const { rows: _, ...popularity } = saved.model
  const save = (key: string, model: SavedModel) =>
    saveModel({ artifacts: place.artifacts, prefix: { bucket: ARTIFACTS_BUCKET, key } }, model, quietControl)
  await save(MODEL_PREFIX, saved)
  await save(POPULARITY_PREFIX, { ...saved, model: { ...popularity, rows: undefined } })
  return place
}

const configsOf = (root: string) =>
  ({
    objects: { kind: 'folder', root: join(root, 'buckets') },
    artifacts: { kind: 'folder', root: join(root, 'artifacts') },
  }) as const

export function openPlace(root: string): Place {
  const stores = configsOf(root)
  const objects = openObjectStore(stores.objects)
  return {
    root,
    objects,
    artifacts: openObjectStore(stores.artifacts),
    put: (path, content) => objects.write(parseAddress(path), Buffer.from(content)),
    get: async path => (await buffer(await objects.read(parseAddress(path)))).toString(),
    async list(bucket, prefix = '') {
      const keys: string[] = []
      const store = bucket === ARTIFACTS_BUCKET ? this.artifacts : objects
      for await (const { key } of store.list(bucket, prefix)) keys.push(key)
      return keys
    },
    remove: () => rm(root, { recursive: true, force: true }),
  }
}

export const describe = (given: Partial<BatchDescription> = {}): BatchDescription => ({
  inputPath: 's3://in/users.json',
  outputPath: 's3://out/recs',
  numResults: 5,
  recipe: { record: 'userId', scores: true, reasons: false },
  modelPrefix: MODEL_PREFIX,
  stagingPrefix: STAGING_PREFIX,
  limits: batchLimits(defaultLimits),
  ...given,
})

/** Checkpoints made in it are in `finished` of a context made with that map. */
export function contextOf(
  { root, objects, artifacts }: Place,
  given: Partial<ComputeContext> = {},
  finished = new Map<string, unknown>(),
): ComputeContext {
  return {
    ...quietControl,
    objects,
    artifacts,
    stores: configsOf(root),
    scratchFolder: root,
    threads: 2,
    attempt: 1,
    finished,
    log: silentLog,
    async checkpoint(name, value) {
      finished.set(name, JSON.parse(JSON.stringify(value)))
    },
    ...given,
  }
}

/** Score and probability of every item for a user, in float64; an unknown user has index -1. */
export function plainScores(
  { model, histories }: SavedModel<DenseModel>,
  user: number,
): { scores: number[]; shares: number[] } {
  const events = user < 0 ? [] : [...histories.items.subarray(histories.offsets[user], histories.offsets[user + 1])]
  const newestFirst = events.reverse().slice(0, model.kernel.length)
  const rows = model.rows
  const scores = Array.from(model.prior, (prior, item) => {
    if (rows === undefined || newestFirst.length === 0) return prior
    return newestFirst.reduce((sum, event, k) => sum + model.kernel[k] * rows[event * model.itemCount + item], 0)
  })
  const weights = scores.map(score => Math.exp(model.sharpness * score))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return { scores, shares: weights.map(weight => weight / total) }
}

/** Float32 sums of at most KERNEL_LENGTH terms below 1 differ by less from float64 ones. */
const SCORE_TOLERANCE = 1e-6
const SHARE_TOLERANCE = 1e-5

/** That an answer's items and scores are the best there are, in order. */
export function checkBest(
  saved: SavedModel<DenseModel>,
  user: number,
  output: { recommendedItems: string[]; scores?: number[] },
  k: number,
): void {
  const { scores, shares } = plainScores(saved, user)
  const best = scores.toSorted((a, b) => b - a)
  const indexes = output.recommendedItems.map(id => saved.items.indexOf(id))
  assert.equal(indexes.length, Math.min(k, scores.length))
  assert.equal(new Set(indexes).size, indexes.length)
  indexes.forEach((item, place) => {
    assert.ok(Math.abs(scores[item] - best[place]) < SCORE_TOLERANCE, `place ${place}`)
    if (output.scores) assert.ok(Math.abs(output.scores[place] / shares[item] - 1) < SHARE_TOLERANCE, `score ${place}`)
  })
}
