/**
 * A model of factors of the recipe's size (149 numbers, one kernel of 250 events) and what people did, twenty events a person in the mean with items by
 * Zipf's law, all from a seed: neither training nor import takes part.
 */
import { VocabularyBuilder } from '../../src/datasets/vocabulary.ts'
import { seededRandom } from '../../src/lib/random.ts'
import type { FactorModel } from '../../src/models/historyModel.ts'
import type { SavedModel } from '../../src/recipes/modelFile.ts'

export const DIMENSION = 149
const EVENT_COUNT = 250
const MEAN_EVENTS = 20

/** Users and items are known by number, from 1 on. */
export function makeWorld(userCount: number, itemCount: number): SavedModel<FactorModel> {
  const random = seededRandom(1)
  const numbers = (length: number) => Float32Array.from({ length }, () => random.uniform() - 0.5)
  const model: FactorModel = {
    form: 'factors',
    itemCount,
    prior: new Float32Array(itemCount),
    sharpness: 1,
    dimension: DIMENSION,
    kernels: [Float32Array.from({ length: EVENT_COUNT }, (_, k) => Math.exp(-k / 100))],
    sources: numbers(itemCount * DIMENSION),
    targets: numbers(itemCount * DIMENSION),
    bias: undefined,
  }
  const offsets = new Uint32Array(userCount + 1)
  // Geometric: many have few events.
  for (let user = 0; user < userCount; user++)
    offsets[user + 1] = offsets[user] + 1 + Math.floor(-Math.log(1 - random.uniform()) * (MEAN_EVENTS - 1))
  const items = new Int32Array(offsets[userCount])
  for (let at = 0; at < items.length; at++) items[at] = Math.floor(itemCount ** random.uniform()) - 1
  const [users, catalogue] = [userCount, itemCount].map(count => {
    const builder = new VocabularyBuilder()
    for (let i = 0; i < count; i++) builder.add(String(i + 1))
    return builder.finish()
  })
  return { model, users, items: catalogue, histories: { offsets, items } }
}
