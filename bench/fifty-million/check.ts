/** Random lines of an output against float64 brute force: every item's score, sorted. */
import { assert } from '../../src/lib/assert.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { linesAt } from '../batch/check.ts'
import { DIMENSION, eventsMax, type FactorWorld, ITEMS, RESULTS, userOf } from './world.ts'

export const LINES_CHECKED = 1_000
/** Of a float32 sum of as many terms as an event has numbers, for each. */
const SCORE_TOLERANCE = 2e-5

/**
 * Throws at the first line that is not the best 25 in order, of those that the user has not seen where that is `filtered`, or whose scores
 * are no probabilities in that order.
 */
export async function checkLines(
  { model, users, events, draw }: FactorWorld,
  files: { readonly input: string; readonly output: string },
  filtered: boolean,
): Promise<void> {
  const random = seededRandom(2)
  const wanted = new Set(Array.from({ length: LINES_CHECKED }, () => random.below(users)))
  const inputs = await linesAt(files.input, wanted, users)
  const outputs = await linesAt(files.output, wanted, users)
  const scores = new Float64Array(ITEMS)
  const history = new Int32Array(eventsMax(events))
  for (const line of wanted) {
    const { input, output } = JSON.parse(outputs.get(line)!)
    assert(JSON.stringify(input) === inputs.get(line), `line ${line} answers another record`)
    const seen = history.subarray(0, draw(userOf(users, Number(input.userId)), history))
    const query = new Float64Array(DIMENSION)
    for (const item of seen) for (let x = 0; x < DIMENSION; x++) query[x] += model.sources[item * DIMENSION + x]
    for (let item = 0; item < ITEMS; item++) {
      let score = 0
      for (let x = 0; x < DIMENSION; x++) score += query[x] * model.targets[item * DIMENSION + x]
      scores[item] = score
    }
    if (filtered) for (const item of seen) scores[item] = Number.NEGATIVE_INFINITY
    const best = scores.toSorted((a, b) => b - a)
    const found: number[] = output.recommendedItems.map((id: string) => Number(id) - 1)
    assert(new Set(found).size === RESULTS, `line ${line} has the wrong number of items`)
    found.forEach((item, place) => {
      assert(
        Math.abs(scores[item] - best[place]) <= SCORE_TOLERANCE * (1 + Math.abs(best[place])),
        `line ${line}, place ${place}`,
      )
      assert(place === 0 || output.scores[place] <= output.scores[place - 1], `line ${line}, score ${place}`)
    })
    const sum = output.scores.reduce((a: number, b: number) => a + b, 0)
    assert(sum > 0 && sum <= 1 + 1e-6, `the scores of line ${line} add up to ${sum}`)
  }
}
