/**
 * Random lines of the output against a second computation in float64 that shares no code with the service, but for the plain definition of the votes of
 * nearest sequences: a whole row of scores, sorted, softmax over it, JSON.stringify. It is also the baseline: what the job would cost a record if it were written that plainly.
 */
import { createReadStream } from 'node:fs'
import { nothingRemembered, shareVotes } from '../../src/kernels/plain/nearest.ts'
import { assert } from '../../src/lib/assert.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { nearestPlaces } from '../../src/models/nearestSequences.ts'
import type { SavedModel } from '../../src/recipes/modelFile.ts'
import { inputFile, NUM_RESULTS, outputFile } from './place.ts'

const LINES_CHECKED = 200
const READ_BYTES = 1024 * 1024
const LF = 0x0a
/** Of a float32 sum of 60 terms, and of the exponential of it. */
const SCORE_TOLERANCE = 2e-5
const SHARE_TOLERANCE = 1e-4
/** What all shares of a line are divided by is estimated (docs/decisions/0020): half a percent. */
const TOTAL_TOLERANCE = 5e-3

/** Throws at the first wrong line. Answers the µs that a record costs when computed plainly. */
export async function checkOutput(folder: string, saved: SavedModel, records: number): Promise<number> {
  const random = seededRandom(2)
  const wanted = new Set(Array.from({ length: LINES_CHECKED }, () => random.below(records)))
  const inputs = await linesAt(inputFile(folder), wanted, records)
  const outputs = await linesAt(outputFile(folder), wanted, records)
  let seconds = 0
  for (const line of wanted) {
    const start = stopwatchSeconds()
    const { input, scores, best, shares } = plainAnswer(inputs.get(line)!, saved)
    seconds += stopwatchSeconds() - start
    const answer = JSON.parse(outputs.get(line)!)
    const items: number[] = answer.output.recommendedItems.map((id: string) => saved.items.indexOf(id))
    assert(JSON.stringify(answer.input) === JSON.stringify(input), `line ${line} answers another record`)
    assert(new Set(items).size === Math.min(NUM_RESULTS, scores.length), `line ${line} has the wrong number of items`)
    const given: number[] = answer.output.scores
    const estimated = given[0] / shares[items[0]]
    assert(Math.abs(estimated - 1) <= TOTAL_TOLERANCE, `line ${line}, the sum over the catalogue`)
    assert(given.reduce((sum, share) => sum + share, 0) <= 1, `the scores of line ${line} add up to more than 1`)
    items.forEach((item, place) => {
      const score = scores[best[place]]
      assert(Math.abs(scores[item] - score) <= SCORE_TOLERANCE * (1 + Math.abs(score)), `line ${line}, place ${place}`)
      assert(Math.abs(given[place] / (estimated * shares[item]) - 1) <= SHARE_TOLERANCE, `line ${line}, score ${place}`)
    })
  }
  return (seconds / wanted.size) * 1e6
}

function plainAnswer(line: string, { model, users, items, histories }: SavedModel) {
  const input: { userId: string } = JSON.parse(line)
  const user = users.indexOf(input.userId)
  const history = user < 0 ? [] : [...histories.items.subarray(histories.offsets[user], histories.offsets[user + 1])]
  const scores = history.length > 0 ? poolScores(model, history.reverse()) : [...model.prior]
  const weights = scores.map(score => Math.exp(model.sharpness * score))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const shares = weights.map(weight => weight / total)
  const best = scores.map((_, item) => item).sort((a, b) => scores[b] - scores[a] || a - b)
  const top = best.slice(0, NUM_RESULTS)
  const output = { recommendedItems: top.map(item => items.idAt(item)), scores: top.map(item => shares[item]) }
  return { input, scores, best, shares, text: JSON.stringify({ input, output, error: null }) }
}

/** The definition of models/historyModel.ts in float64; the newest event first. */
function poolScores(model: SavedModel['model'], newestFirst: readonly number[]): number[] {
  assert(model.form === 'pool', 'the recipe of this bench makes pools')
  const { itemCount, bias, combination, epsilon, experts } = model
  const scores = Array.from({ length: itemCount }, (_, item) => bias?.[item] ?? 0)
  for (const expert of experts) {
    const { kernel, scale, weight } = expert
    const sums = new Float64Array(itemCount)
    if ('sequences' in expert) {
      const shares = new Float32Array(itemCount)
      shareVotes(nearestPlaces(expert), newestFirst, nothingRemembered(itemCount), shares)
      sums.set(shares)
    } else
      newestFirst.slice(0, kernel.length).forEach((event, k) => {
        const { offsets, items, values } = expert
        for (let at = offsets[event]; at < offsets[event + 1]; at++) sums[items[at]] += kernel[k] * values[at]
      })
    for (let item = 0; item < itemCount; item++) {
      const share = Math.max(0, sums[item]) / scale
      scores[item] += weight * (combination === 'log' ? Math.log(share + epsilon) : share)
    }
  }
  return scores
}

/** The wanted lines, counted from 0, of a file of exactly `count` lines. */
export async function linesAt(path: string, wanted: ReadonlySet<number>, count: number): Promise<Map<number, string>> {
  const found = new Map<number, string>()
  let line = 0
  let head = ''
  for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      if (wanted.has(line)) found.set(line, head + chunk.toString('latin1', start, end))
      head = ''
      line++
      start = end + 1
    }
    if (wanted.has(line)) head += chunk.toString('latin1', start)
  }
  assert(line === count, `${path} has ${line} lines where ${count} were expected`)
  return found
}
