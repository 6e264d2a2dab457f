/**
 * Items without interactions by the items that are like them. The ridge from metadata to the columns of any linear model B,
 *
 *   B_cold = B_warm · P,   P = A_warm (A_warmᵀ A_warm + l·I)⁻¹ A_coldᵀ          (design/recommenders.md §5.6)
 *
 * A the feature rows of features.ts, does not depend on B: column c of P says how much of each warm item stands in for the cold item c. So one
 * P serves every form of a model, sources as well as targets (newItems.ts), and it is all that is kept: of each column the entries of
 * greatest size.
 *
 * The regression is over the warm items with the most events, as many as the work allows: their columns are the best known.
 */
import { ARENA_START_BYTES } from '../kernels/arena.ts'
import { factor, type LinearSystem, reserveSystem, solve, stripCount, systemBytes } from '../kernels/linearSystem.ts'
import { TILE_COLUMNS } from '../kernels/parameters.ts'
import { startTeam } from '../kernels/team.ts'
import { assert } from '../lib/assert.ts'
import type { WorkControl } from '../lib/work.ts'
import type { Features } from './features.ts'
import { inTurns } from './pairCounts.ts'
import { greatest } from './sparseEntries.ts'

/** Cold item c is made of items[offsets[c] … offsets[c + 1]), ascending, each with its weight. */
export interface StandIns {
  readonly offsets: Uint32Array
  readonly items: Int32Array
  readonly weights: Float32Array
}

/** l, in squared feature lengths: 1 to 10 measured alike (§3.11). */
const REGULARIZATION = 1
/**
 * l is at least this times the greatest element of the diagonal: f32 then factors matrices of FEATURE_COUNT_MAX features (Higham 2002, theorem 10.7: the order times
 * 2⁻²³), and their inverses have some digits. Without it, features that say the same of a million items made the matrix indefinite. Below
 * 4096 items it has no effect.
 */
const REGULARIZATION_SHARE = 2 ** -12
/** Stand-ins a cold item: HR@10 on ML-1M with 50, 200, 500 and all of 3075 warm items was .231, .260, .268 and .262 (bench/cold). */
const STAND_INS_MAX = 500
/** Of all cold items together, since a model's entries are added up over them; each has at least STAND_INS_MIN. */
const STAND_INS_TOTAL_MAX = 4_000_000
const STAND_INS_MIN = 10
/** Feature values read to weigh all stand-ins: some minutes. Beyond it fewer warm items are in the regression. */
const WORK_MAX = 5e10
/** Cold items between two turns of the event loop. */
const ITEMS_PER_TURN = 16

/** `warm` has the items by descending number of events; both have the same features. The same bytes for any number of threads. */
export async function standIns(
  warm: Features,
  cold: Features,
  control: WorkControl & { readonly threads: number },
): Promise<StandIns> {
  const { featureCount, offsets } = warm
  const coldCount = cold.rowCount
  assert(featureCount === cold.featureCount, 'new items have the features of the others')
  const made = { offsets: new Uint32Array(coldCount + 1), items: [] as number[], weights: [] as number[] }
  if (featureCount > 0 && coldCount > 0 && warm.rowCount > 0) {
    const valuesAffordable = WORK_MAX / coldCount
    let regressed = warm.rowCount
    while (regressed > 1 && offsets[regressed] > valuesAffordable) regressed = Math.floor(regressed / 2)
    const kept = Math.min(STAND_INS_MAX, Math.max(STAND_INS_MIN, Math.floor(STAND_INS_TOTAL_MAX / coldCount)))
    const inverse = await gramInverse(warm, regressed, control)
    const weigh = weigher(warm, regressed, inverse, kept)
    await inTurns(coldCount, ITEMS_PER_TURN, control.signal, (from, to) => {
      control.progress({ stage: 'placing new items', done: from, total: coldCount, unit: 'items' })
      for (let c = from; c < to; c++) {
        for (const { item, weight } of weigh(cold, c)) {
          made.items.push(item)
          made.weights.push(weight)
        }
        made.offsets[c + 1] = made.items.length
      }
    })
  }
  return { offsets: made.offsets, items: Int32Array.from(made.items), weights: Float32Array.from(made.weights) }
}

/** f64[featureCount, featureCount], on and below the diagonal: Aᵀ A over the rows [0, count). A million rows add up to more than f32 sums tell apart. */
function gramOf({ featureCount, offsets, features, values }: Features, count: number): Float64Array {
  const gram = new Float64Array(featureCount * featureCount)
  for (let row = 0; row < count; row++)
    for (let i = offsets[row]; i < offsets[row + 1]; i++)
      for (let j = offsets[row]; j <= i; j++) gram[features[i] * featureCount + features[j]] += values[i] * values[j]
  return gram
}

/** f32[featureCount, featureCount]: (Aᵀ A + l·I)⁻¹ over the rows [0, count). */
async function gramInverse(
  warm: Features,
  count: number,
  { threads, signal, progress }: WorkControl & { readonly threads: number },
): Promise<Float32Array> {
  const { featureCount } = warm
  const gram = gramOf(warm, count)
  let greatest = 0
  for (let i = 0; i < featureCount; i++) greatest = Math.max(greatest, gram[i * featureCount + i])
  const ridge = Math.max(REGULARIZATION, REGULARIZATION_SHARE * greatest)
  const team = await startTeam({ threads, bytes: ARENA_START_BYTES + systemBytes(featureCount, threads) })
  try {
    const system = reserveSystem(team, featureCount)
    const place = lowerPlace(system)
    const { lower, right, shape } = system
    const padded = shape.block * shape.blockCount
    for (let i = 0; i < padded; i++) lower[place(i, i)] = 1
    for (let i = 0; i < featureCount; i++)
      for (let j = 0; j <= i; j++) lower[place(i, j)] = gram[i * featureCount + j] + (i === j ? ridge : 0)
    for (let i = 0; i < featureCount; i++)
      right[Math.floor(i / TILE_COLUMNS) * padded * TILE_COLUMNS + i * TILE_COLUMNS + (i % TILE_COLUMNS)] = 1
    const failed = await factor(team, system, signal, () => {})
    assert(!failed, 'a Gram matrix and a ridge are positive definite')
    const total = stripCount(system)
    const finished = (done: number) => progress({ stage: 'regressing on metadata', done, total, unit: 'steps' })
    return (await solve(team, system, { signal, finished })).slice()
  } finally {
    await team.close()
  }
}

/** Where kernels/linearSystem.ts has the element of that row and column, column ≤ row. */
const lowerPlace =
  ({ shape: { block } }: LinearSystem) =>
  (row: number, column: number): number => {
    const I = Math.floor(row / block)
    const panel = Math.floor(column / TILE_COLUMNS)
    return (
      ((I * (I + 1)) / 2) * block * block + (panel * block + row - I * block) * TILE_COLUMNS + (column % TILE_COLUMNS)
    )
  }

/** The stand-ins of a row: P's column, its entries of greatest size, by item. */
function weigher(
  { featureCount, offsets, features, values }: Features,
  count: number,
  inverse: Float32Array,
  kept: number,
) {
  const map = new Float64Array(featureCount)
  const column = new Float64Array(count)
  return (cold: Features, row: number): { item: number; weight: number }[] => {
    map.fill(0)
    for (let at = cold.offsets[row]; at < cold.offsets[row + 1]; at++) {
      const start = cold.features[at] * featureCount
      for (let f = 0; f < featureCount; f++) map[f] += cold.values[at] * inverse[start + f]
    }
    for (let item = 0; item < count; item++) {
      let sum = 0
      for (let at = offsets[item]; at < offsets[item + 1]; at++) sum += values[at] * map[features[at]]
      column[item] = sum
    }
    return greatest(column, kept).map(item => ({ item, weight: column[item] }))
  }
}
