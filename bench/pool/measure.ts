/** Our side, in a process of its own so that V8's flags can be told: `measure.ts <folder> <k>`. Prints one line of JSON, writes `ours`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { assert } from '../../src/lib/assert.ts'
import { historyLength, type PoolModel } from '../../src/models/historyModel.ts'
import { keptSequences, NEAREST_SCALE, nearestKernel } from '../../src/models/nearestSequences.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { itemLists } from '../../src/models/splits.ts'
import { loadWorld } from './world.ts'

const ROUNDS = 3
const REPLACED = 'exp(-k/6)'
/** Every so many-th history is ranked by the definition as well. */
const CHECKED_STEP = 50

/** What the parent reads: µs of CPU a record, the least of some rounds. */
export interface Ours {
  readonly rankMicros: number
  readonly scoreMicros: number
  /** With nearest sequences in the place of one expert. */
  readonly nearestMicros: number
  /** With probabilities that are shares of the exact sum. */
  readonly exactMicros: number
  /** Relative errors of the estimated sum: of half of the histories below the first, of all below the second. */
  readonly errors: readonly [number, number]
  readonly plainMicros: number
  readonly checked: number
}

const [folder, k] = [process.argv[2], Number(process.argv[3])]
const { model, histories } = loadWorld(folder)
const ranker = openRanker(placeModel(model, { threads: 1 }), 0)
/** The trainer's pools remember what everybody did instead of looking at a history by exp(-k/6). */
const remembering: PoolModel = {
  ...model,
  experts: [
    ...model.experts.filter(({ name }) => name !== REPLACED),
    {
      name: 'nearest sequences',
      kernel: nearestKernel(historyLength(model)),
      weight: 0.45,
      scale: NEAREST_SCALE,
      steps: true,
      sequences: keptSequences(itemLists(histories), model.itemCount),
    },
  ],
}
const nearestRanker = openRanker(placeModel(remembering, { threads: 1 }), 0)
const exactRanker = openRanker(placeModel(model, { threads: 1, exactTotals: true }), 0)
const offsets = new Uint32Array(histories.length + 1)
for (const [q, history] of histories.entries()) offsets[q + 1] = offsets[q] + history.length
const items = new Int32Array(offsets[histories.length])
for (const [q, history] of histories.entries()) items.set(history, offsets[q])

function leastMicros(count: number, rounds: number, work: () => void): number {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const start = process.threadCpuUsage()
    work()
    const { user, system } = process.threadCpuUsage(start)
    least = Math.min(least, (user + system) / count)
  }
  return least
}

const scoreMicros = leastMicros(histories.length, ROUNDS, () => {
  for (const history of histories) ranker.scoreAll(history)
})
const block = { count: histories.length, k, offsets, items }
const rankMicros = leastMicros(histories.length, ROUNDS, () => ranker.rank(block))
const nearestMicros = leastMicros(histories.length, ROUNDS, () => nearestRanker.rank(block))
const exactMicros = leastMicros(histories.length, ROUNDS, () => exactRanker.rank(block))
const ranked = ranker.rank(block)
const exact = exactRanker.rank(block)
assert(
  Buffer.compare(Buffer.from(ranked.items.buffer), Buffer.from(exact.items.buffer)) === 0,
  'estimates choose otherwise',
)
const errors = histories
  .map((_, q) => Math.abs(ranked.probabilities[q * k] / exact.probabilities[q * k] - 1))
  .sort((a, b) => a - b)
writeFileSync(join(folder, 'ours'), ranked.items)

const checked = histories.filter((_, q) => q % CHECKED_STEP === 0)
const nearestLists = nearestRanker.rank(block).items.slice()
for (let q = 0; q < histories.length; q += CHECKED_STEP) {
  const scores = plainScores(remembering, histories[q])
  const best = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b)
  for (let rank = 0; rank < k; rank++)
    assert(
      nearestLists[q * k + rank] === best[rank],
      `with nearest sequences history ${q} is not ranked as it is defined`,
    )
}
const plainMicros = leastMicros(checked.length, 1, () => {
  for (const [place, history] of checked.entries()) {
    const scores = plainScores(model, history)
    const best = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b)
    const from = place * CHECKED_STEP * k
    for (let rank = 0; rank < k; rank++)
      assert(ranked.items[from + rank] === best[rank], `history ${place * CHECKED_STEP} is not ranked as it is defined`)
  }
})
const measured: Ours = {
  rankMicros,
  scoreMicros,
  nearestMicros,
  exactMicros,
  errors: [errors[errors.length >> 1], errors[errors.length - 1]],
  plainMicros,
  checked: checked.length,
}
console.log(JSON.stringify(measured))
