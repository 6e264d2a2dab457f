/**
 * What a batch segment job does with a model once it is loaded: scores, and everybody in order. Beside it, the same scores as they were made before,
 * each history folded in and multiplied with every target, on a hundredth of the people.
 */
import { assert } from '../../src/lib/assert.ts'
import { quietControl } from '../../src/lib/work.ts'
import { bestRows } from '../../src/models/bestRows.ts'
import type { FactorModel } from '../../src/models/historyModel.ts'
import { targetOf, userAffinities } from '../../src/models/userAffinity.ts'
import type { SavedModel } from '../../src/recipes/modelFile.ts'
import { DIMENSION } from './world.ts'

const TARGETS = [1, 10]
const FOLDED_SHARE = 0.01

/** A table, and what it took. */
export async function arithmetic(world: SavedModel<FactorModel>): Promise<string[]> {
  const { model, histories } = world
  const userCount = histories.offsets.length - 1
  const lines = [
    `${userCount} people with ${histories.items.length} events, ${model.itemCount} items, ${DIMENSION} factors; seconds of CPU of one thread.`,
    '',
    '| segments at once | scores | the best of each, all people in order | µs a person and segment | folded in first, as before |',
    '| ---: | ---: | ---: | ---: | ---: |',
  ]
  for (const count of TARGETS) {
    const targets = Array.from({ length: count }, (_, t) => targetOf(model, Math.floor((t * model.itemCount) / count)))
    let affinities: Float32Array[] = []
    const scoring = await cpuSeconds(async () => {
      affinities = await userAffinities(model, histories, targets, quietControl)
    })
    const choosing = await cpuSeconds(() => {
      for (const affinity of affinities) assert(bestRows(affinity, userCount).length === userCount)
    })
    const some = Math.ceil(userCount * FOLDED_SHARE)
    const before = (await cpuSeconds(() => folded(world, some, targets))) * (userCount / some)
    const micros = ((scoring + choosing) / userCount / count) * 1e6
    lines.push(
      `| ${count} | ${scoring.toFixed(1)} | ${choosing.toFixed(1)} | ${micros.toFixed(2)} | ${before.toFixed(0)} |`,
    )
  }
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024)
  const made = Math.round((histories.items.length * 4) / 1e6)
  return [...lines, '', `Memory at the peak: ${megabytes} MB, of which the made histories are ${made} MB.`]
}

/** As it was before: f32 sums, newest event first. */
function folded(
  { model, histories }: SavedModel<FactorModel>,
  users: number,
  targets: readonly Float32Array[],
): number {
  const [kernel] = model.kernels
  const query = new Float32Array(DIMENSION)
  let greatest = 0
  for (let user = 0; user < users; user++) {
    query.fill(0)
    const [start, end] = [histories.offsets[user], histories.offsets[user + 1]]
    for (let k = 0; k < Math.min(kernel.length, end - start); k++) {
      const row = histories.items[end - 1 - k] * DIMENSION
      for (let x = 0; x < DIMENSION; x++) query[x] += kernel[k] * model.sources[row + x]
    }
    for (const target of targets) {
      let sum = 0
      for (let x = 0; x < DIMENSION; x++) sum += query[x] * target[x]
      greatest = Math.max(greatest, sum)
    }
  }
  return greatest
}

async function cpuSeconds(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
