/**
 * What people get of whom no event is known: `npm run bench:newcomers -- [--write]`.
 *
 * All events of a fifth of the people are taken out. From what USERS tells of them, which is their first event, and which are their first five?
 * Beside popularity; each of three seeds takes out others, and the gain is the mean over people of all seeds, with its standard error. Then the same
 * of people who came in each of the last five tenths of the events, from what was before it: there a season shows.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArguments } from '../scripts/arguments.ts'
import { seededRandom, shuffle } from '../src/lib/random.ts'
import { quietControl } from '../src/lib/work.ts'
import { newcomerScores } from '../src/models/attributeLifts.ts'
import { type Attributes, attributeRows, attributesOf } from '../src/models/attributes.ts'
import type { Interactions } from '../src/models/interactions.ts'
import { placeOfTarget } from '../src/models/metrics.ts'
import { beginnings, foretold, sharesOf } from '../src/models/newcomerLikelihood.ts'
import { fitNewcomers } from '../src/models/newcomers.ts'
import { eventCounts, logShares, uniqueUserCounts } from '../src/models/popularity.ts'
import { eventsUntil, listAt, ofUsers } from '../src/models/splits.ts'
import { readDataFolder } from './lib/csv.ts'
import { machine } from './lib/machine.ts'

const RESULTS = fileURLToPath(new URL('./results/newcomers.md', import.meta.url))
const DATA = fileURLToPath(new URL('../../shared/data/', import.meta.url))
const TAKEN_SHARE = 0.2
const SEEDS = [1, 2, 3]
/** Of the events, by time. */
const CUTS = [0.5, 0.6, 0.7, 0.8, 0.9]
const TENTH = 0.1
const FIRST = 5

const USAGE = `usage: npm run bench:newcomers -- [--write] [FOLDER…]

What people get of whom no event is known, on ../shared/data/ml-1m, online-retail and amazon-beauty, or other folders with interactions.csv and users.csv.

  --write  keeps the report in bench/results/newcomers.md
`
const { values, positionals } = readArguments(USAGE, {
  options: { write: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const folders =
  positionals.length > 0 ? positionals : ['ml-1m', 'online-retail', 'amazon-beauty'].map(name => join(DATA, name))

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

type Found = Record<string, { hit: number[]; ndcg: number[]; hitOfFirst: number[]; likelihood: number[] }>

interface Question {
  readonly training: Interactions
  readonly trainingAttributes: Attributes
  readonly taken: readonly number[]
  readonly seed: number
}

async function answer({ interactions, attributes }: Whole, { training, ...question }: Question, found: Found) {
  const { base, lifts, choice } = await fitNewcomers(training, question.trainingAttributes, question.seed, quietControl)
  const popular = logShares(eventCounts(training))
  const unique = logShares(uniqueUserCounts(training))
  const shares = sharesOf(eventCounts(training))
  const everybody = Array.from({ length: training.userCount }, (_, user) => user)
  const begun = choice.beginnings
    ? foretold(beginnings(training, everybody, choice.beginnings.events), shares, choice.beginnings.strength)
    : shares.map(Math.log)
  const ever = Float32Array.from(begun)
  for (const user of question.taken) {
    const codes = attributes.codes.subarray(attributes.offsets[user], attributes.offsets[user + 1])
    const first = listAt(interactions, user).subarray(0, FIRST)
    const ways: Record<string, Float32Array> = {
      'popularity, by users': unique,
      'popularity, by events': popular,
      'what people begin with, ever': ever,
      'what people begin with, as chosen': base,
      'the same, and what is told of them': newcomerScores(base, lifts, codes),
    }
    for (const [name, scores] of Object.entries(ways)) {
      const places = Array.from(first, item => placeOfTarget(scores, item, new Set()))
      const hits = places.map(place => (place < 10 ? 1 : 0))
      found[name] ??= { hit: [], ndcg: [], hitOfFirst: [], likelihood: [] }
      const total = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0))
      found[name].likelihood.push(first.reduce((sum, item) => sum + scores[item] - total, 0) / first.length)
      found[name].hit.push(hits[0])
      found[name].ndcg.push(hits[0] / Math.log2(places[0] + 2))
      found[name].hitOfFirst.push(hits.reduce<number>((sum, hit) => sum + hit, 0) / hits.length)
    }
  }
  return `seed ${question.seed}: ${JSON.stringify(choice)}`
}

interface Whole {
  readonly interactions: Interactions
  readonly attributes: Attributes
}

async function measure(folder: string): Promise<string[]> {
  const { interactions, users } = readDataFolder(folder)
  const whole = { interactions, attributes: readAttributes(folder, users) }
  const [fifths, last]: [Found, Found] = [{}, {}]
  const [choices, lateChoices]: [string[], string[]] = [[], []]
  for (const seed of SEEDS) {
    const order = shuffle([...users.keys()], seededRandom(seed))
    const taken = order.slice(0, Math.floor(users.length * TAKEN_SHARE))
    const left = Uint32Array.from(order.slice(taken.length)).sort()
    const training = ofUsers(interactions, left)
    const question = { training, trainingAttributes: attributeRows(whole.attributes, left), taken, seed }
    choices.push(await answer(whole, question, fifths))
  }
  const times = interactions.times.toSorted()
  let cameLate = 0
  for (const from of CUTS) {
    const [time, until] = [from, from + TENTH].map(share => times[Math.floor((times.length - 1) * share)])
    const cameAt = (user: number) => interactions.times[interactions.offsets[user]]
    const taken = [...users.keys()].filter(user => cameAt(user) > time && cameAt(user) <= until)
    cameLate += taken.length
    const question = {
      training: eventsUntil(interactions, time),
      trainingAttributes: whole.attributes,
      taken,
      seed: SEEDS[0],
    }
    lateChoices.push(`from ${from}: ${await answer(whole, question, last)}`)
  }
  return [
    `## ${folder.split('/').at(-1)}`,
    '',
    `${users.length} people, ${interactions.itemCount} items, ${whole.attributes.names.length} attributes. Three times a fifth of the people:`,
    '',
    ...tableOf(fifths),
    '',
    ...choices.map(choice => `- ${choice}`),
    '',
    `The ${cameLate} people who came in the second half of the events, each tenth of it from what was before:`,
    '',
    ...tableOf(last),
    '',
    ...lateChoices.map(choice => `- ${choice}`),
    '',
  ]
}

function tableOf(found: Found): string[] {
  const popularity = found['popularity, by users'].ndcg
  return [
    `| | HR@10 of the first event | NDCG@10 | gain in NDCG@10 | hits among 10 of the first ${FIRST} | their mean log-likelihood |`,
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...Object.entries(found).map(([name, { hit, ndcg, hitOfFirst, likelihood }]) => {
      const gains = ndcg.map((each, user) => each - popularity[user])
      const error = Math.sqrt(mean(gains.map(gain => (gain - mean(gains)) ** 2)) / gains.length)
      const gain = ndcg === popularity ? '' : `${mean(gains).toFixed(4)} ± ${error.toFixed(4)}`
      return `| ${name} | ${mean(hit).toFixed(4)} | ${mean(ndcg).toFixed(4)} | ${gain} | ${mean(hitOfFirst).toFixed(4)} | ${mean(likelihood).toFixed(3)} |`
    }),
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
