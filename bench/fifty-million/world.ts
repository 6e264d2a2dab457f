/**
 * A factor model of users with tastes, what its users did, and inputs that ask about everybody, all from a seed: items in
 * √n clusters, five tastes a user, popularity by Zipf, and norms that grow with popularity, as trained factors have them.
 */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { VocabularyBuilder } from '../../src/datasets/vocabulary.ts'
import { type Random, seededRandom } from '../../src/lib/random.ts'
import type { FactorModel } from '../../src/models/historyModel.ts'
import type { SavedModel } from '../../src/recipes/modelFile.ts'
import { coprimeStride } from '../batch/place.ts'

export const ITEMS = 20_000
export const DIMENSION = 64
export const RESULTS = 25
/** Events of a user on average. */
export const EVENTS = 36

const SEED = 1
const TASTES = 5
const NOISE = 0.15
const FIRST_SECOND = 1_700_000_000
const WRITE_CHARACTERS = 2 ** 20

export type FactorWorld = SavedModel<FactorModel>

/** Users and items are known by number, from 1 on. */
export function makeWorld(userCount: number): FactorWorld {
  const random = seededRandom(SEED)
  const clusterCount = Math.round(Math.sqrt(ITEMS))
  const model = makeModel(random, clusterCount)
  const histories = makeHistories(random, userCount, clusterCount)
  const [users, items] = [userCount, ITEMS].map(count => {
    const builder = new VocabularyBuilder()
    for (let i = 0; i < count; i++) builder.add(String(i + 1))
    return builder.finish()
  })
  return { model, users, items, histories }
}

/** What the first `userCount` users did, as a CSV of INTERACTIONS; some 27 bytes an event. */
export async function writeEvents(
  file: string,
  { histories }: Pick<FactorWorld, 'histories'>,
  userCount: number,
): Promise<void> {
  const { offsets, items } = histories
  await writeText(file, userCount, 'USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n', user => {
    let text = ''
    for (let at = offsets[user], second = FIRST_SECOND; at < offsets[user + 1]; at++, second += 60)
      text += `${user + 1},${items[at] + 1},${second},v\n`
    return text
  })
}

/** A record a user: in order, or in one that has nothing to do with it. */
export async function writeInput(file: string, userCount: number, shuffled: boolean): Promise<void> {
  const stride = shuffled ? coprimeStride(userCount) : 1
  await writeText(file, userCount, '', i => `{"userId":"${((i * stride) % userCount) + 1}"}\n`)
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

async function writeText(file: string, count: number, head: string, textOf: (i: number) => string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const stream = createWriteStream(file)
  stream.write(head)
  let text = ''
  for (let i = 0; i < count; i++) {
    text += textOf(i)
    if (text.length < WRITE_CHARACTERS) continue
    if (!stream.write(text)) await once(stream, 'drain')
    text = ''
  }
  stream.end(text)
  await once(stream, 'close')
}
