/**
 * What a context of an event tells of it: `npm run bench:contexts -- [--write] [FOLDER…]`.
 *
 * The data sets at hand have no columns of contexts; what their times tell, hour, weekday and month in UTC, and the country that users.csv has, is taken
 * for one. Every recipe's model is fitted on nine tenths of the people and judged by the others' newer events, each with the history before it: as a
 * training does it (models/contextFit.ts). First with one split for all, then with two more, as long as there is time; `--write` keeps each as it ends.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArguments } from '../scripts/arguments.ts'
import { openRanker, placeModel } from '../src/inference/ranker.ts'
import { stopwatchSeconds } from '../src/lib/clock.ts'
import { quietControl } from '../src/lib/work.ts'
import { type ContextChoice, fitContexts } from '../src/models/contextFit.ts'
import type { ContextColumn } from '../src/models/contextLifts.ts'
import { calibrate } from '../src/models/evaluation.ts'
import type { Interactions } from '../src/models/interactions.ts'
import { splitByUsers } from '../src/models/splits.ts'
import { recipes } from '../src/recipes/index.ts'
import { readDataFolder } from './lib/csv.ts'
import { machine } from './lib/machine.ts'

const RESULTS = fileURLToPath(new URL('./results/contexts.md', import.meta.url))
const DATA = fileURLToPath(new URL('../../shared/data/', import.meta.url))
const SEEDS = [1, 2, 3]
const RECIPES = ['aws-user-personalization', 'aws-user-personalization-v2']
const THREADS = 2
/** After so many nothing is begun: of Amazon Beauty and a pool one takes up to two. */
const MINUTES_MAX = 4

const USAGE = `usage: npm run bench:contexts -- [--write] [FOLDER…]

What a context of an event tells of it, on ../shared/data/online-retail and amazon-beauty, or other folders with interactions.csv and maybe users.csv.

  --write  keeps the report in bench/results/contexts.md
`
const { values, positionals } = readArguments(USAGE, {
  options: { write: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const start = stopwatchSeconds()
const folders = positionals.length > 0 ? positionals : ['online-retail', 'amazon-beauty'].map(name => join(DATA, name))

/** Of each event, whose user and time are given, a text; codes are by its order. */
function columnOf(
  { userCount, offsets, times }: Interactions,
  name: string,
  value: (user: number, time: Date) => string,
): { column: ContextColumn; codes: Uint8Array } {
  const texts = new Array<string>(times.length)
  for (let user = 0; user < userCount; user++)
    for (let at = offsets[user]; at < offsets[user + 1]; at++) texts[at] = value(user, new Date(times[at] * 1000))
  const categories = [...new Set(texts)].sort()
  const codeOf = new Map(categories.map((category, place) => [category, place + 1]))
  return {
    column: { name, rules: categories.map(category => ({ column: name, category })) },
    codes: Uint8Array.from(texts, text => codeOf.get(text)!),
  }
}

function countries(folder: string): ReadonlyMap<string, string> {
  const path = join(folder, 'users.csv')
  const [header = '', ...lines] = existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split(/\r?\n/) : []
  const at = header.split(',').indexOf('COUNTRY')
  return new Map(at < 0 ? [] : lines.map(line => line.split(',')).map(cells => [cells[0], cells[at]]))
}

interface Asked {
  readonly folder: string
  readonly catalogueItemCount: number
  readonly interactions: Interactions
  readonly columns: readonly ContextColumn[]
  /** Of the table. */
  readonly rows: string[]
  readonly notMeasured: string[]
}

function asked(folder: string): Asked {
  const { interactions, users, catalogueItemCount } = readDataFolder(folder)
  const countryOf = countries(folder)
  const all = [
    columnOf(interactions, 'HOUR', (_, time) => String(time.getUTCHours())),
    columnOf(interactions, 'WEEKDAY', (_, time) => String(time.getUTCDay())),
    columnOf(interactions, 'MONTH', (_, time) => String(time.getUTCMonth() + 1)),
    ...(countryOf.size > 0 ? [columnOf(interactions, 'COUNTRY', user => countryOf.get(users[user]) ?? '')] : []),
  ].filter(({ column }) => column.rules.length > 1)
  const whole = { ...interactions, contexts: all.map(({ codes }) => codes) }
  const columns = all.map(({ column }) => column)
  return { folder, catalogueItemCount, interactions: whole, columns, rows: [], notMeasured: [] }
}

async function measure(
  { interactions: whole, catalogueItemCount, columns }: Asked,
  name: string,
  seed: number,
): Promise<string[]> {
  const recipe = recipes.find(each => each.name === name)!.configure({})
  const { training, test } = splitByUsers(whole, seed)
  const model = await recipe.train(
    { interactions: training, catalogueItemCount },
    { ...quietControl, threads: THREADS },
  )
  const scorer = openRanker(placeModel(model, { threads: 1 }), 0)
  const sharpness = await calibrate(scorer, model.itemCount, test, quietControl)
  const started = process.cpuUsage()
  const question = { scorer, sharpness, training, whole, users: test.users, columns, seed }
  const choices = await fitContexts(question, quietControl)
  const { user, system } = process.cpuUsage(started)
  const seconds = (user + system) / 1e6
  return Object.entries(choices).map(([whose, choice]: [string, ContextChoice]) => {
    const { heldOutEventCount, columns: kept, ndcgAt10 } = choice
    const staying = kept.map(each => `${each.column} ${each.weight} ${each.gain.toFixed(4)}`).join('; ')
    return `| ${name}, ${seed} | ${whose} | ${heldOutEventCount} | ${ndcgAt10?.without.toFixed(4) ?? ''} | ${ndcgAt10?.with.toFixed(4) ?? ''} | ${staying || 'none'} | ${seconds.toFixed(1)} |`
  })
}

const reportOf = ({ folder, interactions, columns, rows, notMeasured }: Asked): string[] => [
  `## ${folder.split('/').at(-1)}`,
  '',
  `${interactions.userCount} people, ${interactions.itemCount} items; ${columns.map(({ name, rules }) => `${name} of ${rules.length} values`).join(', ')}.`,
  '',
  '| recipe, seed | people with, or without | events | NDCG@10 without | with | columns that stay, weight, gain | CPU, s |',
  '| --- | --- | ---: | ---: | ---: | --- | ---: |',
  ...rows,
  '',
  ...(notMeasured.length > 0 ? [`No time was left for ${notMeasured.join(', ')}.`, ''] : []),
]

function keep(all: readonly Asked[]): void {
  if (!values.write) return
  const lines = ['# Contexts', '', `\`npm run bench:contexts\` on ${machine()}`, '']
  lines.push('Gains are in NDCG@10, of people without a history in nats an event.', '', ...all.flatMap(reportOf))
  mkdirSync(dirname(RESULTS), { recursive: true })
  writeFileSync(RESULTS, `${lines.join('\n')}\n`)
}

const all = folders.map(asked)
for (const seed of SEEDS)
  for (const each of all)
    for (const name of RECIPES) {
      if (seed === SEEDS[0] || stopwatchSeconds() - start < MINUTES_MAX * 60) {
        const rows = await measure(each, name, seed)
        each.rows.push(...rows)
        console.log([each.folder, ...rows].join('\n'))
      } else each.notMeasured.push(`${name}, ${seed}`)
      keep(all)
    }
for (const { folder, notMeasured } of all)
  if (notMeasured.length > 0) console.log(`${folder}: no time was left for ${notMeasured.join(', ')}.`)
