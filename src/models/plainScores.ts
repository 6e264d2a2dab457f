/**
 * The scores of one history by a model of any form, straight from the definition (historyModel.ts), in f32 from the newest event on: the
 * twin that every fast scorer is compared with.
 */
import { nothingRemembered, shareVotes } from '../kernels/plain/nearest.ts'
import { plainLn } from '../kernels/plain/pool.ts'
import type { DenseModel, FactorModel, HistoryModel, PoolExpert, PoolModel } from './historyModel.ts'
import { nearestPlaces } from './nearestSequences.ts'

/** f32[itemCount]. Items of the history lie within [0, itemCount). */
export function plainScores(model: HistoryModel, history: ArrayLike<number>): Float32Array {
  if (history.length === 0) return model.prior.slice()
  if (model.form === 'dense') return denseScores(model, history)
  return model.form === 'factors' ? factorScores(model, history) : poolScores(model, history)
}

const { fround } = Math

/** What stands k places before the newest, for every k that the kernel reaches, the newest first. */
const eachEvent = (kernel: Float32Array, history: ArrayLike<number>, use: (item: number, weight: number) => void) => {
  const length = Math.min(kernel.length, history.length)
  for (let k = 0; k < length; k++) use(history[history.length - 1 - k], kernel[k])
}

function denseScores({ itemCount, kernel, rows, prior }: DenseModel, history: ArrayLike<number>): Float32Array {
  if (!rows) return prior.slice()
  const scores = new Float32Array(itemCount)
  eachEvent(kernel, history, (item, weight) => {
    for (let j = 0; j < itemCount; j++) scores[j] += fround(weight * rows[item * itemCount + j])
  })
  return scores
}

function factorScores(model: FactorModel, history: ArrayLike<number>): Float32Array {
  const { itemCount, dimension, kernels, sources, targets, bias } = model
  const query = new Float32Array(dimension)
  for (const [f, kernel] of kernels.entries()) {
    eachEvent(kernel, history, (item, weight) => {
      const row = (f * itemCount + item) * dimension
      for (let x = 0; x < dimension; x++) query[x] += fround(weight * sources[row + x])
    })
  }
  return Float32Array.from({ length: itemCount }, (_, j) => {
    let score = 0
    for (let x = 0; x < dimension; x++) score = fround(score + fround(query[x] * targets[j * dimension + x]))
    return bias ? score + bias[j] : score
  })
}

/**
 * Products and sums rounded one by one, so that no machine differs; an expert of weight 0 is not asked. An item that stands in the history more than
 * once has the sum of its places' weights, and its turn where it is newest.
 */
function poolScores({ itemCount, combination, epsilon, experts, bias }: PoolModel, history: ArrayLike<number>) {
  const scores = bias ? bias.slice() : new Float32Array(itemCount)
  for (const expert of experts.filter(({ weight }) => weight !== 0)) {
    const raw = expertScores(expert, itemCount, history)
    const [inverse, weight] = [fround(1 / expert.scale), fround(expert.weight)]
    for (let j = 0; j < itemCount; j++) {
      const share = fround(Math.max(0, raw[j]) * inverse)
      scores[j] += fround(weight * (combination === 'log' ? plainLn(fround(share + fround(epsilon))) : share))
    }
  }
  return scores
}

function expertScores(expert: PoolExpert, itemCount: number, history: ArrayLike<number>): Float32Array {
  const scores = new Float32Array(itemCount)
  if ('sequences' in expert) {
    shareVotes(nearestPlaces(expert), Array.from(history).reverse(), nothingRemembered(itemCount), scores)
    return scores
  }
  const { kernel, offsets, items, values } = expert
  const weights = new Map<number, number>()
  eachEvent(kernel, history, (item, weight) => {
    weights.set(item, fround((weights.get(item) ?? 0) + weight))
  })
  for (const [item, weight] of weights)
    for (let at = offsets[item]; at < offsets[item + 1]; at++) scores[items[at]] += fround(weight * values[at])
  return scores
}
