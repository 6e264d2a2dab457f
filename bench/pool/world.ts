/** The two worlds of the bench: models and histories, as files that TypeScript and Python read alike. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { exponentialKernel, fitDirectionalRidge } from '../../src/models/directionalRidge.ts'
import { fitEase } from '../../src/models/ease.ts'
import type { PoolModel, SparseExpert } from '../../src/models/historyModel.ts'
import { readDataFolder } from '../lib/csv.ts'

/** recommenders.md §5.4 and §3.1: kernels, their lengths, regularization, weights of the pool. The last is EASE. */
const EXPERTS = [
  { tau: 0.7, length: 12, regularization: 200, diagonal: 0.3, weight: 0.42 },
  { tau: 6, length: 60, regularization: 300, diagonal: 0.3, weight: 0.4 },
  { tau: 80, length: 250, regularization: 2000, diagonal: 0.3, weight: 0.48 },
  { tau: 30, length: 240, regularization: 500, diagonal: 0.2, weight: 0.63 },
] as const
const EASE_TAU = 30
const ENTRIES_A_ROW = 200
const MADE_UP_ITEMS = 20_000
const MADE_UP_USERS = 500
/** As many events as ml-1m has a user. */
const MADE_UP_EVENTS = 165
/** Histories of which the mean total gives an expert's scale. */
const SCALE_HISTORIES = 100

/** scipy knows no other. */
interface SparsePool extends PoolModel {
  readonly experts: readonly SparseExpert[]
}

export interface World {
  readonly name: string
  readonly model: SparsePool
  readonly histories: readonly Int32Array[]
}

/** Everybody in a data folder, with experts trained on all of it and cut to their largest entries. */
export async function realWorld(folder: string): Promise<World> {
  const { interactions } = readDataFolder(folder)
  const { itemCount, offsets, items, userCount } = interactions
  const histories = Array.from({ length: userCount }, (_, user) => items.slice(offsets[user], offsets[user + 1]))
  const rows = []
  for (const { tau, length, ...ridge } of EXPERTS) {
    const options = { ...ridge, kernel: exponentialKernel(tau, length), rowLength: ENTRIES_A_ROW }
    const fit = tau === EASE_TAU ? fitEase : fitDirectionalRidge
    rows.push(await fit(interactions, options, { ...quietControl, threads: 1 }))
  }
  return worldOf(`ml-1m, ${itemCount} items`, itemCount, histories, rows)
}

/** Items of falling popularity, in histories and in rows; a third of the values takes away, as in trained experts. */
export function madeUpWorld(): World {
  const random = seededRandom(1)
  const popular = () => Math.floor(MADE_UP_ITEMS ** random.uniform()) - 1
  const anyItem = () => (random.below(2) === 0 ? popular() : random.below(MADE_UP_ITEMS))
  const histories = Array.from({ length: MADE_UP_USERS }, () => Int32Array.from({ length: MADE_UP_EVENTS }, popular))
  const rows = EXPERTS.map(() => {
    const offsets = Uint32Array.from({ length: MADE_UP_ITEMS + 1 }, (_, row) => row * ENTRIES_A_ROW)
    const items = new Int32Array(MADE_UP_ITEMS * ENTRIES_A_ROW)
    for (let row = 0; row < MADE_UP_ITEMS; row++) {
      const targets = new Set<number>()
      while (targets.size < ENTRIES_A_ROW) targets.add(anyItem())
      items.set(
        [...targets].sort((a, b) => a - b),
        offsets[row],
      )
    }
    const values = Float32Array.from(items, () => (random.below(3) === 0 ? -0.3 : 1) * random.uniform() ** 3)
    return { offsets, items, values }
  })
  return worldOf(`made up, ${MADE_UP_ITEMS} items`, MADE_UP_ITEMS, histories, rows)
}

type Rows = Pick<SparseExpert, 'offsets' | 'items' | 'values'>

function worldOf(name: string, itemCount: number, histories: readonly Int32Array[], rows: readonly Rows[]): World {
  const counts = new Float64Array(itemCount).fill(1)
  for (const history of histories) for (const item of history) counts[item]++
  const experts = EXPERTS.map(({ tau, length, weight }, f) => {
    const kernel = exponentialKernel(tau, length)
    return {
      name: `exp(-k/${tau})`,
      kernel,
      weight,
      scale: meanTotal(rows[f], kernel, itemCount, histories),
      ...rows[f],
    }
  })
  const prior = Float32Array.from(counts, count => Math.log(count))
  const common = { itemCount, prior, sharpness: 1, combination: 'log', epsilon: 1e-4, bias: undefined } as const
  return { name, histories, model: { form: 'pool', experts, ...common } }
}

/** recommenders.md §5.4: z_f, the mean over histories of Σ_j max(0, score of j). */
function meanTotal(
  { offsets, items, values }: Rows,
  kernel: Float32Array,
  itemCount: number,
  histories: readonly Int32Array[],
) {
  let total = 0
  for (const history of histories.slice(0, SCALE_HISTORIES)) {
    const sums = new Float64Array(itemCount)
    for (const [k, item] of history.toReversed().subarray(0, kernel.length).entries())
      for (let at = offsets[item]; at < offsets[item + 1]; at++) sums[items[at]] += kernel[k] * values[at]
    for (const sum of sums) total += Math.max(0, sum)
  }
  return total / Math.min(SCALE_HISTORIES, histories.length)
}

type Saved = Omit<World, 'model' | 'histories'> & {
  itemCount: number
  sharpness: number
  epsilon: number
  experts: SavedExpert[]
}
type SavedExpert = { name: string; weight: number; scale: number; kernelLength: number }

/** world.json, and every array in a file of its own: f32, i32 and u32 as they lie in memory. */
export function saveWorld(folder: string, { name, model, histories }: World): void {
  const keep = (file: string, values: NodeJS.ArrayBufferView) => writeFileSync(join(folder, file), values)
  const ends = new Uint32Array(histories.length + 1)
  for (const [q, { length }] of histories.entries()) ends[q + 1] = ends[q] + length
  keep('offsets', ends)
  keep('events', Int32Array.from(histories.flatMap(history => [...history])))
  keep('prior', model.prior)
  for (const [f, expert] of model.experts.entries()) {
    keep(`kernel${f}`, expert.kernel)
    keep(`offsets${f}`, expert.offsets)
    keep(`items${f}`, expert.items)
    keep(`values${f}`, expert.values)
  }
  const experts = model.experts.map(({ name, weight, scale, kernel }) => ({
    name,
    weight,
    scale,
    kernelLength: kernel.length,
  }))
  const { itemCount, sharpness, epsilon } = model
  writeFileSync(
    join(folder, 'world.json'),
    JSON.stringify({ name, itemCount, sharpness, epsilon, experts } satisfies Saved),
  )
}

export function loadWorld(folder: string): World {
  const bytes = (file: string) => new Uint8Array(readFileSync(join(folder, file))).buffer
  const { name, experts, ...common }: Saved = JSON.parse(readFileSync(join(folder, 'world.json'), 'utf8'))
  const offsets = new Uint32Array(bytes('offsets'))
  const events = new Int32Array(bytes('events'))
  const histories = Array.from({ length: offsets.length - 1 }, (_, q) => events.subarray(offsets[q], offsets[q + 1]))
  const model: SparsePool = {
    form: 'pool',
    combination: 'log',
    bias: undefined,
    prior: new Float32Array(bytes('prior')),
    ...common,
    experts: experts.map((expert, f) => ({
      ...expert,
      kernel: new Float32Array(bytes(`kernel${f}`)),
      offsets: new Uint32Array(bytes(`offsets${f}`)),
      items: new Int32Array(bytes(`items${f}`)),
      values: new Float32Array(bytes(`values${f}`)),
    })),
  }
  return { name, model, histories }
}
