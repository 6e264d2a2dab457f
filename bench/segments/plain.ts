/**
 * The same segments in plain TypeScript on one thread, in f64, as the service made them before it had kernels for it: a table of what an event of each item
 * adds, a user as a sum of its rows, a sort by radix, ids through JSON.stringify.
 */
import type { FactorModel } from '../../src/models/historyModel.ts'
import type { SavedModel } from '../../src/recipes/modelFile.ts'

const CHUNK_CHARACTERS = 64 * 1024

/** f32[users] for each target. */
export function plainAffinities(
  { model, histories }: SavedModel<FactorModel>,
  targets: readonly Float32Array[],
): Float32Array[] {
  const { kernels, itemCount, sources, dimension: d } = model
  const { offsets, items } = histories
  const userCount = offsets.length - 1
  const count = targets.length
  const table = new Float32Array(kernels.length * itemCount * count)
  for (let row = 0; row < kernels.length * itemCount; row++) {
    for (let t = 0; t < count; t++) {
      const target = targets[t]
      let sum = 0
      for (let x = 0; x < d; x++) sum += sources[row * d + x] * target[x]
      table[row * count + t] = sum
    }
  }
  const affinities = targets.map(() => new Float32Array(userCount))
  const sums = new Float64Array(count)
  const longest = Math.max(...kernels.map(({ length }) => length))
  for (let user = 0; user < userCount; user++) {
    const [start, end] = [offsets[user], offsets[user + 1]]
    addEvents(model, table, items, start, end, sums)
    const activity = Math.sqrt(Math.min(end - start, longest))
    for (let t = 0; t < count; t++) affinities[t][user] = sums[t] > 0 ? sums[t] * activity : sums[t]
  }
  return affinities
}

function addEvents(
  { kernels, itemCount }: FactorModel,
  table: Float32Array,
  items: Int32Array,
  start: number,
  end: number,
  sums: Float64Array,
): void {
  const count = sums.length
  sums.fill(0)
  for (let f = 0; f < kernels.length; f++) {
    const kernel = kernels[f]
    for (let k = 0; k < Math.min(kernel.length, end - start); k++) {
      const row = (f * itemCount + items[end - 1 - k]) * count
      for (let t = 0; t < count; t++) sums[t] += kernel[k] * table[row + t]
    }
  }
}

/** The bytes of the list, which nobody keeps. */
export function plainText({ users }: SavedModel, rows: Uint32Array): number {
  let [text, bytes] = ['', 0]
  for (const row of rows) {
    text += `,${JSON.stringify(users.idAt(row))}`
    if (text.length < CHUNK_CHARACTERS) continue
    bytes += Buffer.from(text).length
    text = ''
  }
  return bytes + Buffer.from(text).length
}
