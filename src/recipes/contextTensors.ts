/**
 * What a saved model has of contexts, as named tensors, and back (models/contextLifts.ts); of each column i of V values:
 *
 *   contexts.i.usual f32[m]                                        m ≤ items: those that came later have no lift
 *   contexts.i.offsets u32[V + 1], .items i32, .values f32         what each value adds to the scores of items
 *   contexts.columns u8                                            JSON: of each column its name, whom it is for, its weight, and the rules of its values
 */
import type { ContextLifts } from '../models/contextLifts.ts'
import { type Tensors, vector } from '../models/safetensors.ts'
import type { PartReader } from './modelPart.ts'

export const contextTensors = (contexts: readonly ContextLifts[]): Tensors => ({
  'contexts.columns': vector(
    new TextEncoder().encode(
      JSON.stringify(contexts.map(({ name, for: whom, weight, rules }) => ({ name, for: whom, weight, rules }))),
    ),
  ),
  ...Object.assign(
    {},
    ...contexts.map(({ usual, offsets, items, values }, i) => ({
      [`contexts.${i}.usual`]: vector(usual),
      [`contexts.${i}.offsets`]: vector(offsets),
      [`contexts.${i}.items`]: vector(items),
      [`contexts.${i}.values`]: vector(values),
    })),
  ),
})

export const hasContexts = (part: PartReader): boolean => part.has('contexts.columns')

export const contextsOf = (part: PartReader, itemCount: number): ContextLifts[] =>
  columnsOf(part).map((column, i) => {
    const usual = part.tensor(`contexts.${i}.usual`, Float32Array, [undefined])
    const items = part.tensor(`contexts.${i}.items`, Int32Array, [undefined])
    const values = part.tensor(`contexts.${i}.values`, Float32Array, [items.length])
    const offsets = part.tensor(`contexts.${i}.offsets`, Uint32Array, [column.rules.length + 1])
    part.checkOffsets(`contexts.${i}.offsets`, offsets, items.length)
    if (usual.length > itemCount)
      part.refuse(`the context ${column.name} tells of ${usual.length} items, where there are ${itemCount}`)
    const stray = items.find(item => item < 0 || item >= usual.length)
    if (stray !== undefined)
      part.refuse(`the context ${column.name} names the item ${stray}, where it tells of ${usual.length}`)
    if (!usual.every(Number.isFinite) || !values.every(Number.isFinite))
      part.refuse(`the context ${column.name} adds something that is no number`)
    return { ...column, usual, offsets, items, values }
  })

/** As contextTensors wrote them. */
function columnsOf(part: PartReader): Pick<ContextLifts, 'name' | 'for' | 'weight' | 'rules'>[] {
  const text = Buffer.from(part.tensor('contexts.columns', Uint8Array, [undefined])).toString()
  try {
    return JSON.parse(text)
  } catch {
    return part.refuse('its columns of contexts are not JSON')
  }
}

/** Of the items that stay: `kept` are their indexes, ascending, and `newIndex` is -1 for one that goes. */
export const keptContexts = (
  contexts: readonly ContextLifts[],
  kept: readonly number[],
  newIndex: Int32Array,
): ContextLifts[] =>
  contexts.map(column => {
    const { usual, offsets, items, values } = column
    const starts = new Uint32Array(offsets.length)
    const entries: number[] = []
    for (let value = 0; value + 1 < offsets.length; value++) {
      for (let at = offsets[value]; at < offsets[value + 1]; at++) if (newIndex[items[at]] >= 0) entries.push(at)
      starts[value + 1] = entries.length
    }
    return {
      ...column,
      usual: Float32Array.from(
        kept.filter(item => item < usual.length),
        item => usual[item],
      ),
      offsets: starts,
      items: Int32Array.from(entries, at => newIndex[items[at]]),
      values: Float32Array.from(entries, at => values[at]),
    }
  })
