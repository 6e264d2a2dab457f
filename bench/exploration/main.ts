/**
 * What exploration costs and brings: `node bench/exploration/main.ts [--write]`, on ../shared/data/ml-1m.
 *
 * A tenth of the films is new: taken out of everybody's events, known by genres and year alone. A tenth of the people is asked: from the oldest 90 %
 * of what they did, 25 films, of which the newest 10 % may hit some, old ones and new ones. For every weight the same model and the same people,
 * three draws.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArguments } from '../../scripts/arguments.ts'
import { Explorer, placeExploration } from '../../src/inference/exploration.ts'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { seededRandom, shuffle } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { sharpened } from '../../src/models/calibration.ts'
import { calibrate } from '../../src/models/evaluation.ts'
import { featureRows } from '../../src/models/features.ts'
import type { HistoryModel } from '../../src/models/historyModel.ts'
import { historyOf, type Interactions } from '../../src/models/interactions.ts'
import { withNewItems } from '../../src/models/newItems.ts'
import { itemLists, listAt, splitByUsers } from '../../src/models/splits.ts'
import { standIns } from '../../src/models/standIns.ts'
import { userPersonalization } from '../../src/recipes/userPersonalization.ts'
import { machine } from '../lib/machine.ts'
import { readMetadataFolder } from '../lib/metadata.ts'

const RESULTS = fileURLToPath(new URL('../results/exploration.md', import.meta.url))
const DATA = fileURLToPath(new URL('../../../shared/data/ml-1m', import.meta.url))
const NEW_SHARE = 0.1
const SEED = 0
const LENGTH = 25
const WEIGHTS = [0, 0.1, 0.2, 0.3, 0.5, 0.75, 1]
const DRAWS = [1, 2, 3]

const USAGE = `usage: npm run bench:exploration -- [--write]

What exploration costs and brings, on ../shared/data/ml-1m.

  --write  keeps the report in bench/results/exploration.md, from which 'npm run docs' draws
`
const { values } = readArguments(USAGE, { options: { write: { type: 'boolean', default: false } } })
const control = { ...quietControl, threads: availableParallelism() }
const open = (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0)

const { interactions, features } = await readMetadataFolder(join(DATA))
const { itemCount } = interactions
const everyItem = Array.from({ length: itemCount }, (_, item) => item)
const isNew = new Uint8Array(itemCount)
for (const item of shuffle([...everyItem], seededRandom(SEED)).slice(0, Math.floor(itemCount * NEW_SHARE)))
  isNew[item] = 1
const warm = everyItem.filter(item => isNew[item] === 0)
const fresh = everyItem.filter(item => isNew[item] === 1)
const indexOf = new Int32Array(itemCount)
for (const [index, item] of [...warm, ...fresh].entries()) indexOf[item] = index

/** The events of items that are not new, by their indexes. */
function withoutNew(whole: Interactions): Interactions {
  const rows = Array.from({ length: whole.userCount }, (_, user) =>
    historyOf(whole, user)
      .filter(item => isNew[item] === 0)
      .map(item => indexOf[item]),
  )
  const lists = itemLists(rows)
  return { userCount: rows.length, itemCount: warm.length, ...lists, times: new Float64Array(lists.items.length) }
}

const { training, test } = splitByUsers(interactions, SEED)
const learnt = { interactions: withoutNew(training), catalogueItemCount: itemCount }
const configured = userPersonalization.configure({})
const fitted = await configured.train(configured.select(learnt), control)
const { test: held } = splitByUsers(learnt.interactions, SEED)
const calibrated = sharpened(fitted, await calibrate(open(fitted), warm.length, held, control))
const rowsOf = (items: number[]) => featureRows(features, Uint32Array.from(items))
const model = withNewItems(calibrated, await standIns(rowsOf(warm), rowsOf(fresh), control))
const ranker = open(model)

const asked = Array.from({ length: test.userCount }, (_, user) => user)
const histories = itemLists(
  asked.map(user =>
    listAt(test.inputs, user)
      .filter(item => isNew[item] === 0)
      .map(item => indexOf[item]),
  ),
)
const truths = asked.map(user => new Set(Array.from(listAt(test.truths, user), item => indexOf[item])))
const block = { count: asked.length, ...histories }
const { items, probabilities } = ranker.rank({ ...block, k: LENGTH })
const pure = { items: items.slice(), scores: probabilities.slice() }
/** The old films came into being at time 0, the new ones now. */
const facts = {
  eventCounts: Uint32Array.from({ length: itemCount }, (_, index) => (index < warm.length ? 1 : 0)),
  createdSeconds: Float64Array.from({ length: itemCount }, (_, index) => (index < warm.length ? 0 : 1e9)),
  newestSeconds: 1e9,
}

function measure(weight: number) {
  const counts = { hitsOld: 0, hitsNew: 0, shown: 0 }
  const seen = new Set<number>()
  for (const seed of DRAWS) {
    const lists = pure.items.slice()
    const scores = pure.scores.slice()
    const placed = placeExploration({ weight, newDays: 30, seed }, facts)
    if (placed) {
      const explorer = new Explorer(placed, LENGTH)
      const k = explorer.drawnCount
      const allowed = asked.map(() => explorer.allowed())
      const drawn = ranker.rank({ ...block, k, allowed })
      for (const user of asked) {
        const likely = { items: drawn.items, scores: drawn.probabilities, from: user * k, count: drawn.counts[user] }
        explorer.explore(user, { items: lists, scores, from: user * LENGTH, count: LENGTH }, likely)
      }
    }
    for (const user of asked)
      for (const item of lists.subarray(user * LENGTH, (user + 1) * LENGTH)) {
        const fresh = item >= warm.length
        if (fresh) {
          counts.shown++
          if (seed === DRAWS[0]) seen.add(item)
        }
        if (truths[user].has(item)) counts[fresh ? 'hitsNew' : 'hitsOld']++
      }
  }
  const each = DRAWS.length * asked.length
  return {
    weight,
    hitsOld: counts.hitsOld / each,
    hitsNew: counts.hitsNew / each,
    shown: counts.shown / each,
    seen: seen.size / fresh.length,
  }
}

const points = WEIGHTS.map(measure)
const lines = [
  '# Exploration',
  '',
  `\`npm run bench:exploration\` on ${machine()}`,
  '',
  `ml-1m: ${warm.length} films, ${fresh.length} of them new beside; ${asked.length} people, lists of ${LENGTH}; means over ${DRAWS.length} draws, for each person.`,
  '',
  '| explorationWeight | hits on old films | hits on new films | new films in the list | new films that somebody saw |',
  '| ---: | ---: | ---: | ---: | ---: |',
  ...points.map(
    ({ weight, hitsOld, hitsNew, shown, seen }) =>
      `| ${weight} | ${hitsOld.toFixed(3)} | ${hitsNew.toFixed(3)} | ${shown.toFixed(2)} | ${(100 * seen).toFixed(0)} % |`,
  ),
]
console.log(lines.join('\n'))
if (values.write) {
  mkdirSync(dirname(RESULTS), { recursive: true })
  writeFileSync(RESULTS, `${lines.join('\n')}\n`)
}
