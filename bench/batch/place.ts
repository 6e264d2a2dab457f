/** Where the bench keeps things: two folder stores in one folder, a model trained here, and an input made here. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Vocabulary } from '../../src/datasets/vocabulary.ts'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { ARTIFACTS_BUCKET } from '../../src/jobs/computeContext.ts'
import { type Random, seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { openObjectStore } from '../../src/objects/open.ts'
import { type SavedModel, saveModel } from '../../src/recipes/modelFile.ts'
import { trainSolution } from '../../src/recipes/train.ts'
import { userPersonalizationV2 } from '../../src/recipes/userPersonalizationV2.ts'
import { readDataFolder } from '../lib/csv.ts'

export const NUM_RESULTS = 25
export const MODEL_PREFIX = 'models/1/'
export const INPUT_PATH = 's3://bench/users.json'
export const OUTPUT_PATH = 's3://bench/out/'

const SEED = 1
const UNKNOWN_SHARE = 0.01
/** Records between two writes to the input. */
const WRITE_RECORDS = 20_000

export const storesOf = (folder: string) =>
  ({
    objects: { kind: 'folder', root: join(folder, 'buckets') },
    artifacts: { kind: 'folder', root: join(folder, 'artifacts') },
  }) as const

export const inputFile = (folder: string) => join(folder, 'buckets/bench/users.json')
export const outputFile = (folder: string) => join(folder, 'buckets/bench/out/users.json.out')

/** Users and items are known here by number, as in the data itself. */
const numbered = (count: number) => Vocabulary.fromIds(Array.from({ length: count }, (_, i) => String(i + 1)))

/** Trains as the service does, with evaluation and refit, and saves. Answers the model and its bytes on disk. */
export async function makeModel(folder: string, dataFolder: string): Promise<{ saved: SavedModel; bytes: number }> {
  const { interactions, catalogueItemCount } = readDataFolder(dataFolder)
  const { model, histories } = await trainSolution(
    userPersonalizationV2,
    { interactions, catalogueItemCount },
    { seed: SEED },
    {
      ...quietControl,
      threads: availableParallelism(),
      openRanker: each => openRanker(placeModel(each, { threads: 1 }), 0),
    },
  )
  const saved = { model, histories, users: numbered(interactions.userCount), items: numbered(interactions.itemCount) }
  const artifacts = openObjectStore(storesOf(folder).artifacts)
  await artifacts.createBucket(ARTIFACTS_BUCKET)
  await saveModel({ artifacts, prefix: { bucket: ARTIFACTS_BUCKET, key: MODEL_PREFIX } }, saved, quietControl)
  let bytes = 0
  for await (const object of artifacts.list(ARTIFACTS_BUCKET, MODEL_PREFIX)) bytes += object.bytes
  return { saved, bytes }
}

/** `records` users with repetition: rank r of a fixed shuffle with probability ∝ 1/r (Zipf), and now and then somebody unknown. */
export async function makeInput(folder: string, users: Vocabulary, records: number): Promise<void> {
  await mkdir(join(folder, 'buckets/bench'), { recursive: true })
  const random = seededRandom(SEED)
  const draw = zipf(users.size, random)
  const file = createWriteStream(inputFile(folder))
  let text = ''
  for (let i = 0; i < records; i++) {
    const id = random.uniform() < UNKNOWN_SHARE ? `stranger-${random.below(1e6)}` : users.idAt(draw())
    text += `{"userId":"${id}"}\n`
    if (i % WRITE_RECORDS === WRITE_RECORDS - 1) {
      if (!file.write(text)) await once(file, 'drain')
      text = ''
    }
  }
  file.end(text)
  await once(file, 'close')
}

function zipf(size: number, random: Random): () => number {
  const cumulated = new Float64Array(size)
  let total = 0
  for (let rank = 0; rank < size; rank++) cumulated[rank] = total += 1 / (rank + 1)
  const stride = coprimeStride(size)
  return () => {
    const wanted = random.uniform() * total
    let low = 0
    let high = size - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (cumulated[middle] < wanted) low = middle + 1
      else high = middle
    }
    return (low * stride) % size
  }
}

/** Spreads the popular ranks over the users: a step near the golden section that meets every index once. */
export function coprimeStride(size: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))
  let stride = Math.max(1, Math.floor(size * 0.618))
  while (divisor(size, stride) !== 1) stride++
  return stride
}
