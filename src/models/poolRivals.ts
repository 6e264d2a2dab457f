/**
 * The NDCG at 10 of held-out next items under many weights, one after the other: who competes, in an order and with bounds that leave most
 * of them unscored. Candidates stand roughly by what all experts together say, the greatest first, in chunks of which each feature's
 * maximum is known. Weights are at least 0, and rounding keeps the order of two sums with equal places: so a chunk whose maxima
 * together stay below the next item's score has nobody above it, exactly.
 */
import type { Contest } from './pairScores.ts'
import type { PoolWeights } from './poolSearch.ts'

const CUTOFF = 10
const CHUNK = 32
const BUCKETS = 256

/** One pair as the NDCG sees it. */
export interface Rivals {
  /** i32[count], the next item first. */
  readonly items: Int32Array
  /** f32[experts, count] */
  readonly features: Float32Array
  /** f32[experts, ⌈(count - 1) / CHUNK⌉]: each chunk's greatest, the next item left out. */
  readonly tops: Float32Array
  readonly outsiderCount: number
  /** How much it counts. */
  readonly weight: number
}

/** All pairs, and what is the same for every history. */
export interface Field {
  readonly pairs: readonly Rivals[]
  /** What every expert's feature is for an outsider. */
  readonly outsider: number
  /** f32[itemCount] */
  readonly prior: Float32Array
  /** f32[chunks] of each pair. */
  readonly priorTops: readonly Float32Array[]
  /** f32[itemCount], the prior in ascending order: outsiders are taken to have what items have at large. */
  readonly ascending: Float32Array
}

/** Puts what a pool adds up to `to`, from the sums of an expert. */
export type FeaturesOf = (sums: Float32Array, expert: number, to: Float32Array) => void

/** Of every contest, in their order. Loops are plain: there are 50 million sums of ML-1M's pairs, and this was a quarter of a training. */
export function rivalsOf(contests: readonly Contest[], featuresOf: FeaturesOf, expertCount: number): Rivals[] {
  return contests.map(({ items, sums, outsiderCount, weight }) => {
    const count = items.length
    const given = new Float32Array(sums.length)
    for (let f = 0; f < expertCount; f++)
      featuresOf(sums.subarray(f * count, (f + 1) * count), f, given.subarray(f * count, (f + 1) * count))
    const order = roughOrder(given, count, expertCount)
    const features = new Float32Array(given.length)
    const chunks = chunkCount(count)
    const tops = new Float32Array(expertCount * chunks)
    for (let f = 0; f < expertCount; f++) {
      const row = features.subarray(f * count, (f + 1) * count)
      for (let j = 0, from = f * count; j < count; j++) row[j] = given[from + order[j]]
      fillTops(tops.subarray(f * chunks, (f + 1) * chunks), row)
    }
    const ordered = new Int32Array(count)
    for (let j = 0; j < count; j++) ordered[j] = items[order[j]]
    return { items: ordered, features, tops, outsiderCount, weight }
  })
}

/** `prior` is f32[itemCount]. */
export const fieldOf = (pairs: readonly Rivals[], prior: Float32Array, outsider: number): Field => ({
  pairs,
  outsider,
  prior,
  priorTops: pairs.map(({ items }) => {
    const row = new Float32Array(items.length)
    for (let j = 0; j < row.length; j++) row[j] = prior[items[j]]
    const tops = new Float32Array(chunkCount(items.length))
    fillTops(tops, row)
    return tops
  }),
  ascending: prior.toSorted(),
})

const chunkCount = (count: number): number => Math.ceil((count - 1) / CHUNK)

/** The greatest of each chunk of a row, whose first is left out. */
function fillTops(tops: Float32Array, row: Float32Array): void {
  for (let chunk = 0; chunk < tops.length; chunk++) {
    const end = Math.min(row.length, 1 + (chunk + 1) * CHUNK)
    let top = Number.NEGATIVE_INFINITY
    for (let j = 1 + chunk * CHUNK; j < end; j++) if (row[j] > top) top = row[j]
    tops[chunk] = top
  }
}

/** Places of candidates, the next item first, the others by their features' sum in equal steps from the greatest down: a counting sort. */
function roughOrder(features: Float32Array, count: number, expertCount: number): Int32Array {
  const totals = new Float32Array(count)
  for (let f = 0; f < expertCount; f++) for (let j = 0; j < count; j++) totals[j] += features[f * count + j]
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  for (let j = 0; j < count; j++) {
    if (totals[j] < least) least = totals[j]
    if (totals[j] > most) most = totals[j]
  }
  const scale = most > least ? (BUCKETS - 1) / (most - least) : 0
  const bucketOf = (j: number) => Math.floor((most - totals[j]) * scale)
  const starts = new Int32Array(BUCKETS + 1)
  for (let j = 1; j < count; j++) starts[bucketOf(j) + 1]++
  for (let bucket = 0; bucket < BUCKETS; bucket++) starts[bucket + 1] += starts[bucket]
  const order = new Int32Array(count)
  for (let j = 1; j < count; j++) order[1 + starts[bucketOf(j)]++] = j
  return order
}

/** Mean over the pairs at these places by their weights. Of equal scores half stand above. */
export function ndcgOf(field: Field, places: readonly number[], weights: PoolWeights): number {
  const base = weights.experts.reduce((sum, weight) => sum + weight, 0)
  let total = 0
  let mass = 0
  for (const place of places) {
    const pair = field.pairs[place]
    mass += pair.weight
    const score = scoreAt(pair, 0, field.prior, weights)
    let above = candidatesAbove(pair, score, field.prior, field.priorTops[place], weights)
    if (above >= CUTOFF) continue
    above += outsidersAbove(score - base * field.outsider, weights.prior, pair.outsiderCount, field.ascending)
    if (above < CUTOFF) total += pair.weight / Math.log2(above + 2)
  }
  return mass > 0 ? total / mass : 0
}

function scoreAt({ items, features }: Rivals, j: number, prior: Float32Array, weights: PoolWeights): number {
  const { experts } = weights
  const count = items.length
  let score = weights.prior * prior[items[j]]
  for (let f = 0, at = j; f < experts.length; f++, at += count) score += experts[f] * features[at]
  return score
}

/** How many candidates stand above a score; CUTOFF or more where it is known to be as many. */
function candidatesAbove(
  pair: Rivals,
  score: number,
  prior: Float32Array,
  priorTops: Float32Array,
  weights: PoolWeights,
): number {
  const { experts } = weights
  const { tops, items } = pair
  const chunks = priorTops.length
  let above = 0
  for (let chunk = 0; chunk < chunks; chunk++) {
    let most = weights.prior * priorTops[chunk]
    for (let f = 0, at = chunk; f < experts.length; f++, at += chunks) most += experts[f] * tops[at]
    if (most < score) continue
    const end = Math.min(items.length, 1 + (chunk + 1) * CHUNK)
    for (let j = 1 + chunk * CHUNK; j < end; j++) {
      const other = scoreAt(pair, j, prior, weights)
      if (other > score) above++
      else if (other === score) above += 0.5
    }
    if (above >= CUTOFF) break
  }
  return above
}

/** How many outsiders stand above a score: the prior is all they have. */
function outsidersAbove(score: number, prior: number, count: number, ascending: Float32Array): number {
  if (prior === 0) return score > 0 ? 0 : score === 0 ? count / 2 : count
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (prior * ascending[middle] > score) high = middle
    else low = middle + 1
  }
  return (count * (ascending.length - low)) / ascending.length
}
