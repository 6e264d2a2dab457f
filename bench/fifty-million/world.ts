/**
 * A factor model of users with tastes, its users' histories and an input that asks about everybody in order, all from a seed: items in
 * √n clusters, five tastes a user, popularity by Zipf, and norms that grow with popularity, as trained factors have them.
 */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { VocabularyBuilder } from '../../src/datasets/vocabulary.ts'
import { ARTIFACTS_BUCKET } from '../../src/jobs/computeContext.ts'
import { type Random, seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import type { FactorModel } from '../../src/models/historyModel.ts'
import { openObjectStore } from '../../src/objects/open.ts'
import { type SavedModel, saveModel } from '../../src/recipes/modelFile.ts'
import { inputFile, MODEL_PREFIX, storesOf } from '../batch/place.ts'

export const ITEMS = 20_000
export const DIMENSION = 64
/** Events of a user on average. */
export const EVENTS = 36

const SEED = 1
const TASTES = 5
const NOISE = 0.15
const WRITE_RECORDS = 50_000

export type FactorWorld = SavedModel<FactorModel>

/** Makes and saves the model and the input of `userCount` users. */
export async function makeWorld(folder: string, userCount: number): Promise<FactorWorld> {
  const random = seededRandom(SEED)
  const clusterCount = Math.round(Math.sqrt(ITEMS))
  const model = makeModel(random, clusterCount)
  const histories = makeHistories(random, userCount, clusterCount)
  const [users, items] = [userCount, ITEMS].map(count => {
    const builder = new VocabularyBuilder()
    for (let i = 0; i < count; i++) builder.add(String(i + 1))
    return builder.finish()
  })
  const world = { model, users, items, histories }
  const artifacts = openObjectStore(storesOf(folder).artifacts)
  await artifacts.createBucket(ARTIFACTS_BUCKET)
  await saveModel({ artifacts, prefix: { bucket: ARTIFACTS_BUCKET, key: MODEL_PREFIX } }, world, quietControl)
  await writeInput(folder, userCount)
  return world
}

/** Item i belongs to cluster i mod clusterCount; item 0 is the most popular one. */
function makeModel(random: Random, clusterCount: number): FactorModel {
  const centres = Float32Array.from({ length: clusterCount * DIMENSION }, () => random.normal() / Math.sqrt(DIMENSION))
  const targets = new Float32Array(ITEMS * DIMENSION)
  const sources = new Float32Array(ITEMS * DIMENSION)
  for (let item = 0; item < ITEMS; item++) {
    const centre = (item % clusterCount) * DIMENSION
    const norm = 4 * (item + 10) ** -0.35
    for (let x = 0; x < DIMENSION; x++) {
      const direction = centres[centre + x] + (0.5 * random.normal()) / Math.sqrt(DIMENSION)
      targets[item * DIMENSION + x] = norm * direction
      sources[item * DIMENSION + x] = direction / EVENTS
    }
  }
  return {
    form: 'factors',
    itemCount: ITEMS,
    dimension: DIMENSION,
    kernels: [new Float32Array(2 * EVENTS).fill(1)],
    sources,
    targets,
    bias: undefined,
    prior: Float32Array.from({ length: ITEMS }, (_, item) => -Math.log(item + 1)),
    sharpness: 4,
  }
}

/** From half to one and a half of EVENTS each. */
function makeHistories(random: Random, userCount: number, clusterCount: number): FactorWorld['histories'] {
  const offsets = new Uint32Array(new SharedArrayBuffer(4 * (userCount + 1)))
  for (let user = 0; user < userCount; user++) offsets[user + 1] = offsets[user] + EVENTS / 2 + random.below(EVENTS + 1)
  const items = new Int32Array(new SharedArrayBuffer(4 * offsets[userCount]))
  const perCluster = Math.floor(ITEMS / clusterCount)
  const tastes = new Int32Array(TASTES)
  for (let user = 0; user < userCount; user++) {
    for (let t = 0; t < TASTES; t++) tastes[t] = random.below(clusterCount)
    for (let at = offsets[user]; at < offsets[user + 1]; at++) {
      const cluster = random.uniform() < NOISE ? random.below(clusterCount) : tastes[random.below(TASTES)]
      // 1/x over [1, perCluster]: Zipf within the cluster.
      items[at] = (Math.floor(perCluster ** random.uniform()) - 1) * clusterCount + cluster
    }
  }
  return { offsets, items }
}

async function writeInput(folder: string, userCount: number): Promise<void> {
  await mkdir(join(folder, 'buckets/bench'), { recursive: true })
  const file = createWriteStream(inputFile(folder))
  for (let from = 0; from < userCount; from += WRITE_RECORDS) {
    const count = Math.min(WRITE_RECORDS, userCount - from)
    const lines = Array.from({ length: count }, (_, i) => `{"userId":"${from + i + 1}"}\n`)
    if (!file.write(lines.join(''))) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}
