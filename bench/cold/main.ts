/**
 * How well items without interactions are placed by their metadata: `node bench/cold/main.ts [--write]`.
 *
 * A tenth of the items is taken out of everybody's events (design/recommenders.md §3.11). Who then met one of them, at their fourth event or
 * later, is asked for the last one they met, from what they did before it:
 * which of the items taken out it is, ranked among these alone. The models are those of the recipes, beside chance and what the truth would give: the
 * items taken out by how often they are met. What room they get in lists of all items is another question (exposure.ts).
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArguments } from '../../scripts/arguments.ts'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { seededRandom, shuffle } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { featureRows } from '../../src/models/features.ts'
import { historyOf, type Interactions } from '../../src/models/interactions.ts'
import { leaveOneOutMetrics, placeOfTarget } from '../../src/models/metrics.ts'
import { withNewItems } from '../../src/models/newItems.ts'
import { itemLists } from '../../src/models/splits.ts'
import { standIns } from '../../src/models/standIns.ts'
import { userPersonalization } from '../../src/recipes/userPersonalization.ts'
import { userPersonalizationV2 } from '../../src/recipes/userPersonalizationV2.ts'
import { machine } from '../lib/machine.ts'
import { type MetadataFolder, readMetadataFolder } from '../lib/metadata.ts'
import { exposure } from './exposure.ts'

const RESULTS = fileURLToPath(new URL('../results/cold.md', import.meta.url))
const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url))
const NEW_SHARE = 0.1
const SEED = 0
/** Of those that are asked. */
const HISTORY_MIN = 2
const PLACE_MIN = 3
/** HR@10 among new, ML-1M: the study's target (§8). */
const TARGET = { folder: 'ml-1m', hitRateAt10: 0.22 }

const USAGE = `usage: npm run bench:cold -- [--write]

How well items without interactions are placed by their metadata, on ../shared/data/ml-1m and online-retail.

  --write  keeps the report in bench/results/cold.md
`
const { values } = readArguments(USAGE, { options: { write: { type: 'boolean', default: false } } })
const control = { ...quietControl, threads: availableParallelism() }

interface Asked {
  readonly history: Int32Array
  /** Index among the new. */
  readonly target: number
}

/** Items with new indexes: those that stay, in their order, then those taken out. */
function takenOut({ interactions }: MetadataFolder) {
  const { itemCount, userCount } = interactions
  const order = shuffle(
    Array.from({ length: itemCount }, (_, item) => item),
    seededRandom(SEED),
  )
  const isNew = new Uint8Array(itemCount)
  for (const item of order.slice(0, Math.floor(itemCount * NEW_SHARE))) isNew[item] = 1
  const rows = Array.from({ length: itemCount }, (_, item) => item)
  const warm = rows.filter(item => isNew[item] === 0)
  const fresh = rows.filter(item => isNew[item] === 1)
  const indexOf = new Int32Array(itemCount)
  for (const [index, item] of warm.entries()) indexOf[item] = index
  for (const [index, item] of fresh.entries()) indexOf[item] = index

  const lists: Int32Array[] = []
  const asked: Asked[] = []
  for (let user = 0; user < userCount; user++) {
    const history = historyOf(interactions, user)
    const kept = (events: Int32Array) => events.filter(item => isNew[item] === 0).map(item => indexOf[item])
    if (kept(history).length > 1) lists.push(kept(history))
    let at = history.length - 1
    while (at >= PLACE_MIN && isNew[history[at]] === 0) at--
    const before = at >= PLACE_MIN ? kept(history.subarray(0, at)) : new Int32Array()
    if (before.length >= HISTORY_MIN) asked.push({ history: before, target: indexOf[history[at]] })
  }
  const joined = itemLists(lists)
  const training: Interactions = {
    userCount: lists.length,
    itemCount: warm.length,
    ...joined,
    times: new Float64Array(joined.items.length),
  }
  return { training, asked, warm: Uint32Array.from(warm), fresh: Uint32Array.from(fresh) }
}

async function measure(folder: string): Promise<{ lines: string[]; hitRateAt10: number }> {
  const data = await readMetadataFolder(join(DATA, folder))
  const { training, asked, warm, fresh } = takenOut(data)
  const itemFeatures = featureRows(data.features, warm)
  const made = await standIns(itemFeatures, featureRows(data.features, fresh), control)
  const lines = [
    `## ${folder}`,
    '',
    `${warm.length} items, ${fresh.length} taken out; ${asked.length} users asked; ${data.features.featureCount} features.`,
    '',
    '| | HR@10 among new | NDCG@10 among new |',
    '| --- | ---: | ---: |',
  ]
  const nobody = new Set<number>()
  const line = (name: string, scoresOf: (asked: Asked) => ArrayLike<number>) => {
    const places = asked.map(each => placeOfTarget(scoresOf(each), each.target, nobody))
    const { hitRateAt10, ndcgAt10 } = leaveOneOutMetrics(places)
    lines.push(`| ${name} | ${hitRateAt10.toFixed(4)} | ${ndcgAt10.toFixed(4)} |`)
    return hitRateAt10
  }
  const random = seededRandom(SEED)
  line('chance', () => Float64Array.from(fresh, () => random.uniform()))
  const met = new Float64Array(fresh.length)
  for (const { target } of asked) met[target]++
  line('how often they are met', () => met)
  let least = 1
  for (const recipe of [userPersonalization, userPersonalizationV2]) {
    const configured = recipe.configure({})
    const given = { interactions: training, catalogueItemCount: data.interactions.itemCount, itemFeatures }
    const fitted = await configured.train(configured.select(given), control)
    const ranker = openRanker(placeModel(withNewItems(fitted, made), { threads: 1 }), 0)
    const scores = ({ history }: Asked) => ranker.scoreAll(history).subarray(warm.length)
    least = Math.min(least, line(recipe.name, scores))
  }
  return { lines: [...lines, '', ...(await exposure(data, { warm, fresh, seed: SEED }))], hitRateAt10: least }
}

const lines = ['# New items', '', `\`npm run bench:cold\` on ${machine()}`, '']
for (const folder of ['ml-1m', 'online-retail']) {
  const measured = await measure(folder)
  lines.push(...measured.lines)
  console.log(measured.lines.join('\n'))
  if (folder !== TARGET.folder) continue
  const met = measured.hitRateAt10 >= TARGET.hitRateAt10
  lines.push(`HR@10 among new at least ${TARGET.hitRateAt10}: ${met ? 'PASS' : 'FAIL'}`, '')
  console.log(lines.at(-2))
  if (!met) process.exitCode = 1
}
if (values.write) {
  mkdirSync(dirname(RESULTS), { recursive: true })
  writeFileSync(RESULTS, `${lines.join('\n')}\n`)
}
