/** Is this a pool that can be ranked by? What a kernel would follow blindly, out of its memory or to infinity, is looked at here. */
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { NearestExpert, PoolExpert, PoolModel, SparseExpert } from '../models/historyModel.ts'
import { checkFinite, checkSharpness, F32_MAX } from './rankSlots.ts'

/** Smallest normal f32: below it logarithms are not what assembly/pool.ts takes them for. */
const F32_NORMAL_MIN = 2 ** -126

/**
 * Bounds of what an event of the history counts to the nearest sequences, unless it is nothing: with them a vote is a normal number, be its item as rare or as
 * frequent as there are events, and so is one divided by all of them.
 */
const [NEAREST_LEAST, NEAREST_MOST] = [2 ** -4, 16]

/** No logarithm of a normal f32 is further from 0: ln(2⁻¹²⁶) is -87.3, ln(2¹²⁸) 88.7. */
const LN_MAX = 89

/**
 * Throws Refusal where a number is not finite, out of its range, or so large that scores are not finite, and where a row does not name items
 * in their order. After `checkOffsets`. Answers what no score exceeds in size.
 */
export function checkPool(model: PoolModel): number {
  const { itemCount, prior, bias, sharpness, combination, epsilon, experts } = model
  assert(itemCount >= 1)
  assert(prior.length === itemCount)
  assert(!bias || bias.length === itemCount)
  assert(experts.length >= 1)
  checkSharpness(sharpness)
  checkFinite('prior', prior)
  let greatest = bias ? checkFinite('bias', bias) : 0
  if (combination === 'log') checkNormal('epsilon', epsilon)
  for (const expert of experts) {
    const share = 'sequences' in expert ? checkNearest(expert, itemCount) : checkRowsOf(expert, itemCount)
    greatest += expert.weight * (combination === 'log' ? LN_MAX : share)
  }
  if (!(greatest <= F32_MAX / 2))
    throw new Refusal(
      `The model is damaged: its weights are so large that scores reach ${greatest} and are not finite.`,
    )
  return greatest
}

/** Answers how large a share can become. */
function checkRowsOf(expert: SparseExpert, itemCount: number): number {
  const { kernel, scale, offsets, items, values } = expert
  assert(items.length === values.length)
  const whose = checkVoice(expert)
  checkRows(whose, offsets, items, itemCount)
  const greatest = checkFinite(`values of ${whose}`, values)
  const total = kernel.reduce((sum, each) => sum + Math.abs(each), 0)
  const share = total * greatest * Math.max(1, 1 / scale)
  if (!(share <= F32_MAX / 2))
    throw new Refusal(`The model is damaged: the values of ${whose} reach ${greatest}, so that scores are not finite.`)
  return share
}

/** The same: all votes together are 1, and of a new item as much as its stand-ins weigh. What is remembered is made by keptSequences, whoever gave it, and cannot lead out of its events. */
function checkNearest(expert: NearestExpert, itemCount: number): number {
  const { kernel, scale, sequences } = expert
  assert(sequences.starts.length === itemCount + 1)
  const whose = checkVoice(expert)
  const stray = kernel.find(each => each !== 0 && !(each >= NEAREST_LEAST && each <= NEAREST_MOST))
  if (stray !== undefined)
    throw new Refusal(
      `The model is damaged: the kernel of ${whose} has ${stray}, where 0 or a number from ${NEAREST_LEAST} to ${NEAREST_MOST} was expected.`,
    )
  const { offsets, weights } = sequences.standIns
  checkFinite(`stand-ins of ${whose}`, weights)
  let most = 1
  for (let c = 0; c + 1 < offsets.length; c++)
    most = Math.max(
      most,
      weights.subarray(offsets[c], offsets[c + 1]).reduce((sum, weight) => sum + Math.abs(weight), 0),
    )
  return most * Math.max(1, 1 / scale)
}

/** What every expert has; answers how it is called. */
function checkVoice({ name, kernel, weight, scale }: PoolExpert): string {
  assert(kernel.length >= 1)
  const whose = `expert '${name}'`
  if (!(weight >= 0 && weight <= F32_MAX))
    throw new Refusal(
      `The model is damaged: the weight of ${whose} is ${weight}, where a number of at least 0 was expected.`,
    )
  checkNormal(`scale of ${whose}`, scale)
  checkFinite(`kernel of ${whose}`, kernel)
  return whose
}

/** > 0, and neither it nor its inverse less than the smallest normal number. */
function checkNormal(name: string, value: number): void {
  if (!(value >= F32_NORMAL_MIN && value <= 1 / F32_NORMAL_MIN))
    throw new Refusal(
      `The model is damaged: the ${name} is ${value}, where a number from ${F32_NORMAL_MIN} to ${1 / F32_NORMAL_MIN} was expected.`,
    )
}

/** Throws Refusal unless offsets ascend from 0 to the last entry: enough to know how much there is. */
export function checkOffsets({ name, offsets, items }: SparseExpert, itemCount: number): void {
  const whose = `expert '${name}'`
  if (offsets.length !== itemCount + 1 || offsets[0] !== 0 || offsets[itemCount] !== items.length)
    throw new Refusal(
      `The model is damaged: ${whose} has ${offsets.length} offsets from ${offsets[0]} to ${offsets[offsets.length - 1]}, where ${itemCount + 1} from 0 to ${items.length} were expected.`,
    )
  for (let row = 0; row < itemCount; row++)
    if (offsets[row + 1] < offsets[row])
      throw new Refusal(`The model is damaged: row ${row} of ${whose} ends at ${offsets[row + 1]}, before it starts.`)
}

/** Items ascend within a row and are in the catalogue. */
function checkRows(whose: string, offsets: Uint32Array, items: Int32Array, itemCount: number): void {
  for (let row = 0; row < itemCount; row++) {
    let before = -1
    for (let at = offsets[row]; at < offsets[row + 1]; at++) {
      const item = items[at]
      if (item <= before || item >= itemCount)
        throw new Refusal(
          `The model is damaged: row ${row} of ${whose} names item ${item} after ${before}; ascending items below ${itemCount} were expected.`,
        )
      before = item
    }
  }
}
