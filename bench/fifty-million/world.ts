/**
 * A factor model of users with tastes, and what its users did, all from a seed: items in √n clusters, five tastes a user, popularity by Zipf, and
 * norms that grow with popularity, as trained factors have them. What a user did is drawn anew whenever it is wanted: 50 million histories
 * would take 7 GB.
 */
import { type Random, seededRandom } from '../../src/lib/random.ts'
import type { FactorModel } from '../../src/models/historyModel.ts'
import type { ItemLists } from '../../src/models/splits.ts'

export const ITEMS = 20_000
export const DIMENSION = 64
export const RESULTS = 25
/** Events of a user on average. */
export const EVENTS = 36

const SEED = 1
const TASTES = 5
const NOISE = 0.15
/** Places on the curve of popularity that items are drawn from. */
const ZIPF_BITS = 12

export interface FactorWorld {
  readonly model: FactorModel
  readonly users: number
  /** Of a user on average, from half to one and a half of it each. */
  readonly events: number
  /** Places of each user's first event among all; one more. */
  readonly offsets: Uint32Array<ArrayBuffer>
  /** The items of a user's events, oldest first, to the beginning of `into`; how many those are. */
  draw(user: number, into: Int32Array): number
}

export const eventsMax = (events: number): number => Math.floor(events / 2) + events

/** Users are known by number, all of as many digits, so that they stand in the order of their ids, as those of a trained model do. */
export const userId = (users: number, user: number): number => 10 ** Math.ceil(Math.log10(users)) + user
export const userOf = (users: number, id: number): number => id - userId(users, 0)

export function makeWorld(users: number, events: number): FactorWorld {
  const clusterCount = Math.round(Math.sqrt(ITEMS))
  const model = makeModel(seededRandom(SEED), clusterCount, events)
  const draw = drawer(clusterCount, events)
  const offsets = new Uint32Array(users + 1)
  for (let user = 0; user < users; user++) offsets[user + 1] = offsets[user] + draw(user, NO_ITEMS)
  return { model, users, events, offsets, draw }
}

/** The histories of the first `count` users. */
export function listsOf({ offsets, draw }: FactorWorld, count: number): ItemLists {
  const items = new Int32Array(offsets[count])
  for (let user = 0; user < count; user++) draw(user, items.subarray(offsets[user]))
  return { offsets: offsets.slice(0, count + 1), items }
}

/** Item i belongs to cluster i mod clusterCount; item 0 is the most popular one. */
function makeModel(random: Random, clusterCount: number, events: number): FactorModel {
  const centres = Float32Array.from({ length: clusterCount * DIMENSION }, () => random.normal() / Math.sqrt(DIMENSION))
  const targets = new Float32Array(ITEMS * DIMENSION)
  const sources = new Float32Array(ITEMS * DIMENSION)
  for (let item = 0; item < ITEMS; item++) {
    const centre = (item % clusterCount) * DIMENSION
    const norm = 4 * (item + 10) ** -0.35
    for (let x = 0; x < DIMENSION; x++) {
      const direction = centres[centre + x] + (0.5 * random.normal()) / Math.sqrt(DIMENSION)
      targets[item * DIMENSION + x] = norm * direction
      sources[item * DIMENSION + x] = direction / events
    }
  }
  return {
    form: 'factors',
    itemCount: ITEMS,
    dimension: DIMENSION,
    kernels: [new Float32Array(2 * events).fill(1)],
    sources,
    targets,
    bias: undefined,
    prior: Float32Array.from({ length: ITEMS }, (_, item) => -Math.log(item + 1)),
    sharpness: 4,
  }
}

/** To be told how many a user's events are, and no more. */
const NO_ITEMS = new Int32Array(0)

function drawer(clusterCount: number, events: number): FactorWorld['draw'] {
  const perCluster = Math.floor(ITEMS / clusterCount)
  // 1/x over [1, perCluster]: Zipf within the cluster.
  const places = 2 ** ZIPF_BITS
  const ranks = Int32Array.from({ length: places }, (_, at) => Math.floor(perCluster ** ((at + 0.5) / places)) - 1)
  const noise = Math.floor(NOISE * 2 ** 32)
  const tastes = new Int32Array(TASTES)
  let state = 0
  // lib/random.ts's generator without its closures: a user takes 110 numbers.
  const uint32 = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
  const below = (bound: number): number => Math.floor((uint32() / 2 ** 32) * bound)
  return (user, into) => {
    state = Math.imul(user + 1, 0x9e3779b1) ^ SEED
    const count = Math.floor(events / 2) + below(events + 1)
    if (into.length === 0) return count
    for (let t = 0; t < TASTES; t++) tastes[t] = below(clusterCount)
    for (let i = 0; i < count; i++) {
      const cluster = uint32() < noise ? below(clusterCount) : tastes[below(TASTES)]
      into[i] = ranks[uint32() >>> (32 - ZIPF_BITS)] * clusterCount + cluster
    }
    return count
  }
}
