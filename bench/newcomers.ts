/**
 * What people get of whom no event is known: `npm run bench:newcomers -- [--write]`.
 *
 * All events of a fifth of the people are taken out. From what USERS tells of them, which is their first event, and which are their first five?
 * Beside popularity; each of three seeds takes out others, and the gain is the mean over people of all seeds, with its standard error.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArguments } from '../scripts/arguments.ts'
import { seededRandom, shuffle } from '../src/lib/random.ts'
import { quietControl } from '../src/lib/work.ts'
import { newcomerScores } from '../src/models/attributeLifts.ts'
import { type Attributes, attributeRows, attributesOf } from '../src/models/attributes.ts'
import { placeOfTarget } from '../src/models/metrics.ts'
import { fitNewcomers } from '../src/models/newcomers.ts'
import { eventCounts, logShares, uniqueUserCounts } from '../src/models/popularity.ts'
import { listAt, ofUsers } from '../src/models/splits.ts'
import { readDataFolder } from './lib/csv.ts'
import { machine } from './lib/machine.ts'

const RESULTS = fileURLToPath(new URL('./results/newcomers.md', import.meta.url))
const DATA = fileURLToPath(new URL('../../shared/data/', import.meta.url))
const TAKEN_SHARE = 0.2
const SEEDS = [1, 2, 3]
const FIRST = 5

const USAGE = `usage: npm run bench:newcomers -- [--write] [FOLDER…]

What people get of whom no event is known, on ../shared/data/ml-1m and online-retail, or other folders with interactions.csv and users.csv.

  --write  keeps the report in bench/results/newcomers.md
`
const { values, positionals } = readArguments(USAGE, {
  options: { write: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const folders = positionals.length > 0 ? positionals : ['ml-1m', 'online-retail'].map(name => join(DATA, name))

/** Every column of users.csv is categorical; plain values without quotes. */
function readAttributes(folder: string, ids: readonly string[]): Attributes {
  const path = join(folder, 'users.csv')
  const [header, ...lines] = existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split(/\r?\n/) : ['USER_ID']
  const names = header.split(',')
  const rows = new Map(lines.map(line => line.split(',')).map(cells => [cells[names.indexOf('USER_ID')], cells]))
  const columns = names.flatMap((name, c) => {
    if (name === 'USER_ID') return []
    const cells = ids.map(id => rows.get(id)?.[c] ?? '')
    const categories = [...new Set(cells)].filter(cell => cell !== '').sort()
    const offsets = new Uint32Array(ids.length + 1)
    for (const [row, cell] of cells.entries()) offsets[row + 1] = offsets[row] + (cell === '' ? 0 : 1)
    const codes = Uint32Array.from(cells.filter(cell => cell !== '').map(cell => categories.indexOf(cell)))
    return [{ kind: 'categories' as const, name, categories, offsets, codes }]
  })
  return attributesOf({ rowCount: ids.length, columns })
}

type Found = Record<string, { hit: number[]; ndcg: number[]; hitOfFirst: number[] }>

async function measure(folder: string): Promise<string[]> {
  const { interactions, users } = readDataFolder(folder)
  const attributes = readAttributes(folder, users)
  const found: Found = {}
  const choices: string[] = []
  for (const seed of SEEDS) {
    const order = shuffle([...users.keys()], seededRandom(seed))
    const taken = order.slice(0, Math.floor(users.length * TAKEN_SHARE))
    const left = Uint32Array.from(order.slice(taken.length)).sort()
    const training = ofUsers(interactions, left)
    const { base, lifts, choice } = await fitNewcomers(training, attributeRows(attributes, left), seed, quietControl)
    choices.push(`seed ${seed}: ${JSON.stringify(choice)}`)
    const popular = logShares(eventCounts(training))
    const unique = logShares(uniqueUserCounts(training))
    for (const user of taken) {
      const codes = attributes.codes.subarray(attributes.offsets[user], attributes.offsets[user + 1])
      const first = listAt(interactions, user).subarray(0, FIRST)
      const ways: Record<string, Float32Array> = {
        'popularity, by users': unique,
        'popularity, by events': popular,
        'what people begin with': base,
        'the same, and what is told of them': newcomerScores(base, lifts, codes),
      }
      for (const [name, scores] of Object.entries(ways)) {
        const places = Array.from(first, item => placeOfTarget(scores, item, new Set()))
        const hits = places.map(place => (place < 10 ? 1 : 0))
        found[name] ??= { hit: [], ndcg: [], hitOfFirst: [] }
        found[name].hit.push(hits[0])
        found[name].ndcg.push(hits[0] / Math.log2(places[0] + 2))
        found[name].hitOfFirst.push(hits.reduce<number>((sum, hit) => sum + hit, 0) / hits.length)
      }
    }
  }
  const popularity = found['popularity, by users'].ndcg
  return [
    `## ${folder.split('/').at(-1)}`,
    '',
    `${users.length} people, ${interactions.itemCount} items, ${attributes.names.length} attributes.`,
    '',
    `| | HR@10 of the first event | NDCG@10 | gain in NDCG@10 | hits among 10 of the first ${FIRST} |`,
    '| --- | ---: | ---: | ---: | ---: |',
    ...Object.entries(found).map(([name, { hit, ndcg, hitOfFirst }]) => {
      const gains = ndcg.map((each, user) => each - popularity[user])
      const error = Math.sqrt(mean(gains.map(gain => (gain - mean(gains)) ** 2)) / gains.length)
      const gain = ndcg === popularity ? '' : `${mean(gains).toFixed(4)} ± ${error.toFixed(4)}`
      return `| ${name} | ${mean(hit).toFixed(4)} | ${mean(ndcg).toFixed(4)} | ${gain} | ${mean(hitOfFirst).toFixed(4)} |`
    }),
    '',
    ...choices.map(choice => `- ${choice}`),
    '',
  ]
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

const lines = ['# People without a history', '', `\`npm run bench:newcomers\` on ${machine()}`, '']
for (const folder of folders) {
  const report = await measure(folder)
  lines.push(...report)
  console.log(report.join('\n'))
}
if (values.write) {
  mkdirSync(dirname(RESULTS), { recursive: true })
  writeFileSync(RESULTS, `${lines.join('\n')}\n`)
}
