/**
 * User segments of a large service: `npm run bench:segments -- [--users N] [--items N] [--write]`.
 *
 * A model of factors of the recipe's size (149 numbers, one kernel of 250 events) and made histories, twenty events a person in the mean with items by
 * Zipf's law, so that neither training nor import takes part: what a batch segment job does with a model once it is loaded. Beside it, the same scores as they
 * were made before, each history folded in and multiplied with every target, on a hundredth of the people.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArguments } from '../scripts/arguments.ts'
import { assert } from '../src/lib/assert.ts'
import { seededRandom } from '../src/lib/random.ts'
import { quietControl } from '../src/lib/work.ts'
import { bestRows } from '../src/models/bestRows.ts'
import type { FactorModel } from '../src/models/historyModel.ts'
import type { ItemLists } from '../src/models/splits.ts'
import { targetOf, userAffinities } from '../src/models/userAffinity.ts'
import { machine } from './lib/machine.ts'

const RESULTS = fileURLToPath(new URL('./results/segments.md', import.meta.url))
const DIMENSION = 149
const EVENT_COUNT = 250
const MEAN_EVENTS = 20
const TARGETS = [1, 10]
const FOLDED_SHARE = 0.01

const USAGE = `usage: npm run bench:segments -- [--users N] [--items N] [--write]

What the users of segments cost once a model is loaded, on a made model.

  --users  5000000 by default
  --items  20000 by default
  --write  keeps the report in bench/results/segments.md
`
const { values } = readArguments(USAGE, {
  options: {
    users: { type: 'string', default: '5000000' },
    items: { type: 'string', default: '20000' },
    write: { type: 'boolean', default: false },
  },
})
const [userCount, itemCount] = [Number(values.users), Number(values.items)]
assert(Number.isInteger(userCount) && userCount >= 100 && Number.isInteger(itemCount) && itemCount >= 10)

const random = seededRandom(1)
const normal = (length: number) => Float32Array.from({ length }, () => random.uniform() - 0.5)
const kernel = Float32Array.from({ length: EVENT_COUNT }, (_, k) => Math.exp(-k / 100))
const model: FactorModel = {
  form: 'factors',
  itemCount,
  prior: new Float32Array(itemCount),
  sharpness: 1,
  dimension: DIMENSION,
  kernels: [kernel],
  sources: normal(itemCount * DIMENSION),
  targets: normal(itemCount * DIMENSION),
  bias: undefined,
}
const histories = made()

function made(): ItemLists {
  const offsets = new Uint32Array(userCount + 1)
  // Geometric: many have few events.
  for (let user = 0; user < userCount; user++)
    offsets[user + 1] = offsets[user] + 1 + Math.floor(-Math.log(1 - random.uniform()) * (MEAN_EVENTS - 1))
  const items = new Int32Array(offsets[userCount])
  for (let at = 0; at < items.length; at++) items[at] = Math.floor(itemCount ** random.uniform()) - 1
  return { offsets, items }
}

/** As it was before: f32 sums, newest event first. */
function folded(users: number, targets: readonly Float32Array[]): number {
  const query = new Float32Array(DIMENSION)
  let greatest = 0
  for (let user = 0; user < users; user++) {
    query.fill(0)
    const [start, end] = [histories.offsets[user], histories.offsets[user + 1]]
    for (let k = 0; k < Math.min(EVENT_COUNT, end - start); k++) {
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

const lines = [
  '# User segments',
  '',
  `\`npm run bench:segments\` on ${machine()}`,
  '',
  `${userCount} people with ${histories.items.length} events, ${itemCount} items, ${DIMENSION} factors; seconds of CPU of one thread.`,
  '',
  '| segments at once | scores | the best of each, all people in order | µs a person and segment | folded in first, as before |',
  '| ---: | ---: | ---: | ---: | ---: |',
]
for (const count of TARGETS) {
  const targets = Array.from({ length: count }, (_, t) => targetOf(model, Math.floor((t * itemCount) / count)))
  let affinities: Float32Array[] = []
  const scoring = await cpuSeconds(async () => {
    affinities = await userAffinities(model, histories, targets, quietControl)
  })
  const choosing = await cpuSeconds(() => {
    for (const affinity of affinities) assert(bestRows(affinity, userCount).length === userCount)
  })
  const some = Math.ceil(userCount * FOLDED_SHARE)
  const before = (await cpuSeconds(() => folded(some, targets))) * (userCount / some)
  const micros = ((scoring + choosing) / userCount / count) * 1e6
  lines.push(
    `| ${count} | ${scoring.toFixed(1)} | ${choosing.toFixed(1)} | ${micros.toFixed(2)} | ${before.toFixed(0)} |`,
  )
}
const megabytes = Math.round(process.resourceUsage().maxRSS / 1024)
lines.push(
  '',
  `Memory at the peak: ${megabytes} MB, of which the made histories are ${Math.round((histories.items.length * 4) / 1e6)} MB.`,
  '',
)
console.log(lines.join('\n'))
if (values.write) {
  mkdirSync(dirname(RESULTS), { recursive: true })
  writeFileSync(RESULTS, lines.join('\n'))
}
