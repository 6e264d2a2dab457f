/**
 * The same queries by the factor ranker, in a process of its own since V8's flags are its command line's: `ours.ts FOLDER ITEMS DIMENSION QUERIES K`.
 * CPU microseconds a query, the best of the repeats, with and without the stop by norm, and the share of items in groups that the stop leaves, as JSON.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openFactorRanker } from '../../src/inference/factorRanker.ts'
import { placeFactors } from '../../src/inference/placeFactors.ts'
import { FACTOR_GROUP_COUNT, FACTOR_GROUPS, FACTOR_SCORES, FACTOR_WORDS } from '../../src/kernels/factorParameters.ts'
import { fastestTiles } from '../../src/kernels/tileShape.ts'

const REPEATS = 5
/** Queries of one block of any k here: their scores are still there when it is done. */
const SAMPLE = 100

const [folder, ...numbers] = process.argv.slice(2)
const [itemCount, dimension, count, k] = numbers.map(Number)
const floats = (name: string) => new Float32Array(new Uint8Array(readFileSync(join(folder, name))).buffer)
const targets = floats('items.f32')
// A query is a history of one event: row q of the sources is query q.
const sources = new Float32Array(itemCount * dimension)
sources.set(floats('queries.f32').subarray(0, count * dimension))
const tiles = fastestTiles()
const placed = placeFactors(
  {
    form: 'factors',
    itemCount,
    dimension,
    kernels: [Float32Array.of(1)],
    sources,
    targets,
    bias: undefined,
    prior: new Float32Array(itemCount),
    sharpness: 1,
  },
  { threads: 1, tiles },
)
const ranker = openFactorRanker(placed, 0)
const words = new Uint32Array(placed.memory.buffer, placed.slots[0].params, FACTOR_WORDS)
const groups = new Float64Array(placed.memory.buffer, words[FACTOR_GROUPS], 4 * words[FACTOR_GROUP_COUNT])
const norms = Array.from({ length: groups.length / 4 }, (_, group) => groups[4 * group + 3])
const block = {
  count,
  k,
  offsets: Uint32Array.from({ length: count + 1 }, (_, q) => q),
  items: Int32Array.from({ length: count }, (_, q) => q),
}

/** With every group's norm as great as can be nobody ever stops. In turns: what comes first would pay for what everybody needs. */
function micros(): { pruned: number; whole: number } {
  const best = { pruned: Number.POSITIVE_INFINITY, whole: Number.POSITIVE_INFINITY }
  for (let repeat = 0; repeat < REPEATS; repeat++)
    for (const way of ['pruned', 'whole'] as const) {
      for (const [group, norm] of norms.entries()) groups[4 * group + 3] = way === 'pruned' ? norm : Number.MAX_VALUE
      const { user, system } = process.cpuUsage()
      ranker.rank(block)
      const { user: userAfter, system: systemAfter } = process.cpuUsage()
      best[way] = Math.min(best[way], (userAfter - user + systemAfter - system) / count)
    }
  return best
}

/** Mean share of the groups that can hold an item with a query's k-th best score, by their norms: what a stop can leave at best. */
function scannedShare(): number {
  const sample = Math.min(SAMPLE, count)
  for (const [group, norm] of norms.entries()) groups[4 * group + 3] = norm
  ranker.rank({ ...block, count: sample })
  const scores = new Float32Array(placed.memory.buffer, words[FACTOR_SCORES], sample * k)
  let scanned = 0
  for (let query = 0; query < sample; query++) {
    let squares = 0
    for (let x = 0; x < dimension; x++) squares += sources[query * dimension + x] ** 2
    const threshold = scores[(query + 1) * k - 1]
    scanned += norms.filter(norm => Math.sqrt(squares) * norm >= threshold).length / norms.length
  }
  return scanned / sample
}

console.log(JSON.stringify({ ...tiles, ...micros(), scanned: scannedShare() }))
