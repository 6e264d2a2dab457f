/**
 * What a saved model has of people without a history, as named tensors, and back (models/newcomers.ts); A attributes, U users:
 *
 *   newcomers.offsets u32[A + 1], newcomers.items i32, newcomers.values f32     what each attribute adds to the scores of items
 *   newcomers.rules u8                                                          JSON: whoever comes later has the attributes by these
 *   newcomers.people u32[U + 1], newcomers.codes i32                            who has which attributes; empty for those with a history
 *
 * What everybody without a history gets is the prior of the model.
 */

import type { AttributeLifts } from '../models/attributeLifts.ts'
import { type AttributeRule, type Attributes, attributeRows } from '../models/attributes.ts'
import { type Tensors, vector } from '../models/safetensors.ts'
import type { ItemLists } from '../models/splits.ts'
import type { PartReader } from './modelPart.ts'

export interface SavedNewcomers {
  readonly lifts: AttributeLifts
  /** One an attribute. */
  readonly rules: readonly AttributeRule[]
  /** u32[users + 1], i32. */
  readonly offsets: Uint32Array
  readonly codes: Int32Array
}

/** Undefined where nothing that is told of anybody changes anything. `histories` has a row for each of the users that have done something. */
export function newcomersFor(
  lifts: AttributeLifts,
  attributes: Attributes,
  histories: Pick<ItemLists, 'offsets'>,
): SavedNewcomers | undefined {
  if (lifts.items.length === 0) return undefined
  const { rules, offsets, codes } = attributes
  const known = histories.offsets.length - 1
  const starts = new Uint32Array(offsets.length)
  const kept: number[] = []
  const hasHistory = (user: number) => user < known && histories.offsets[user] < histories.offsets[user + 1]
  for (let user = 0; user + 1 < offsets.length; user++) {
    if (!hasHistory(user)) for (let at = offsets[user]; at < offsets[user + 1]; at++) kept.push(codes[at])
    starts[user + 1] = kept.length
  }
  return { lifts, rules, offsets: starts, codes: Int32Array.from(kept) }
}

/** Of these users alone, in the order given, and of the items that stay: `newIndex` is -1 for one that goes. */
export function keptNewcomers(
  { lifts, rules, offsets, codes }: SavedNewcomers,
  users: readonly number[],
  newIndex: Int32Array,
): SavedNewcomers {
  const rows = attributeRows({ rowCount: offsets.length - 1, names: [], rules, offsets, codes }, users)
  const starts = new Uint32Array(lifts.offsets.length)
  const kept: number[] = []
  for (let row = 0; row + 1 < starts.length; row++) {
    for (let at = lifts.offsets[row]; at < lifts.offsets[row + 1]; at++)
      if (newIndex[lifts.items[at]] >= 0) kept.push(at)
    starts[row + 1] = kept.length
  }
  return {
    lifts: {
      offsets: starts,
      items: Int32Array.from(kept, at => newIndex[lifts.items[at]]),
      values: Float32Array.from(kept, at => lifts.values[at]),
    },
    rules,
    offsets: rows.offsets,
    codes: rows.codes,
  }
}

export const newcomerTensors = ({ lifts, rules, offsets, codes }: SavedNewcomers): Tensors => ({
  'newcomers.offsets': vector(lifts.offsets),
  'newcomers.items': vector(lifts.items),
  'newcomers.values': vector(lifts.values),
  'newcomers.rules': vector(new TextEncoder().encode(JSON.stringify(rules))),
  'newcomers.people': vector(offsets),
  'newcomers.codes': vector(codes),
})

export function newcomersOf(part: PartReader, userCount: number, itemCount: number): SavedNewcomers {
  const items = part.tensor('newcomers.items', Int32Array, [undefined])
  const values = part.tensor('newcomers.values', Float32Array, [items.length])
  const starts = part.tensor('newcomers.offsets', Uint32Array, [undefined])
  part.checkOffsets('newcomers.offsets', starts, items.length)
  const codes = part.tensor('newcomers.codes', Int32Array, [undefined])
  const offsets = part.tensor('newcomers.people', Uint32Array, [userCount + 1])
  part.checkOffsets('newcomers.people', offsets, codes.length)
  const stray = items.find(item => item < 0 || item >= itemCount)
  if (stray !== undefined) part.refuse(`an attribute names the item ${stray}, where there are ${itemCount}`)
  if (values.some(value => !Number.isFinite(value))) part.refuse('an attribute adds something that is no number')
  const attribute = codes.find(code => code < 0 || code >= starts.length - 1)
  if (attribute !== undefined)
    part.refuse(`somebody has the attribute ${attribute}, where there are ${starts.length - 1}`)
  const rules = rulesOf(part)
  if (rules.length !== starts.length - 1)
    part.refuse(`there are ${rules.length} rules of attributes, where there are ${starts.length - 1} attributes`)
  return { lifts: { offsets: starts, items, values }, rules, offsets, codes }
}

/** As newcomerTensors wrote them. */
function rulesOf(part: PartReader): AttributeRule[] {
  const text = Buffer.from(part.tensor('newcomers.rules', Uint8Array, [undefined])).toString()
  try {
    return JSON.parse(text)
  } catch {
    return part.refuse('its rules of attributes are not JSON')
  }
}
