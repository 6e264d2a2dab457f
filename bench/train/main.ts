/**
 * How long training takes: `npm run bench:train -- [--write] [--small] [FOLDER]`.
 *
 *   limits         what the machine can do at most, right before
 *   inner loops    on one thread, beside numpy and scipy in the same run
 *   ridge          the directly solved model, beside the same computation said plainly
 *   end to end     a solution version of aws-user-personalization on real data: evaluation and refit, on all threads
 *   growth         the same on made-up data, up to 20 million interactions
 *
 * CPU time beside the wall clock, since machines are shared. Numbers with a target are compared with it; exit code 1 when one is missed.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { readArguments } from '../../scripts/arguments.ts'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { quietControl } from '../../src/lib/work.ts'
import { trainSolution } from '../../src/recipes/train.ts'
import { userPersonalization } from '../../src/recipes/userPersonalization.ts'
import { type DataFolder, readDataFolder } from '../lib/csv.ts'
import { limitLines, measureLimits } from '../lib/limits.ts'
import { machine } from '../lib/machine.ts'
import { growthLines } from './growth.ts'
import { measureLoops, PEER_LIMIT } from './loops.ts'
import { measureRidge } from './ridge.ts'

const RESULTS = fileURLToPath(new URL('../results/train.md', import.meta.url))
const DATA = fileURLToPath(new URL('../../../shared/data/ml-1m/', import.meta.url))
/** Of ML-1M on two quiet cores; measured as CPU time, which on quiet cores the clock does not exceed, and which other people's work hardly changes. */
const END_TO_END_SECONDS_MAX = 10
const FACTORISATION_RATIO_MIN = 0.9

const USAGE = `usage: npm run bench:train -- [--write] [--small] [FOLDER]

How long training takes: inner loops beside numpy and scipy, the ridge beside the plain computation, and whole solution versions.

  FOLDER     holds interactions.csv with USER_ID,ITEM_ID,TIMESTAMP (default ../shared/data/ml-1m)
  --small    leaves growing data out, which takes minutes
  --write    keeps the report in bench/results/train.md
`
const { values, positionals } = readArguments(USAGE, {
  options: { write: { type: 'boolean', default: false }, small: { type: 'boolean', default: false } },
  allowPositionals: true,
})
setFlagsFromString('--experimental-wasm-revectorize') // before any kernel is compiled; all threads have it
setFlagsFromString('--no-wasm-dynamic-tiering')

const lines: string[] = []
let missed = 0
const say = (...more: string[]) => {
  lines.push(...more)
  console.log(more.join('\n'))
}
const target = (what: string, reached: number, bound: number, sense: 'at least' | 'at most') => {
  const met = sense === 'at least' ? reached >= bound : reached <= bound
  if (!met) missed++
  say(`- ${met ? 'met' : '**missed**'}: ${what} ${reached.toFixed(2)}, ${sense} ${bound}`)
}

say('# Training', '', `\`npm run bench:train\` on ${machine()}`, '', '## What the machine can do', '')
const limits = await measureLimits()
const { versions, loops, sgemm } = await measureLoops()
say(...limitLines(limits), `| ${PEER_LIMIT} | ${(sgemm / 1e9).toFixed(1)} | | |`)
say('', '## Inner loops, one thread', '')
say(
  `| what | ours, GFLOP/s | ${versions}, GFLOP/s | ratio | share of the limit |`,
  '| --- | ---: | ---: | ---: | ---: |',
)
for (const { name, flops, ours, theirs, fewer } of loops) {
  const rates = [ours, theirs].map(seconds => (flops / seconds / 1e9).toFixed(1))
  const share = fewer ? '' : `${((100 * flops) / ours / limits.f32.one).toFixed(0)} %`
  say(`| ${name} | ${rates.join(' | ')} | ${(theirs / ours).toFixed(2)} | ${share} |`)
}
say('')
target('factorisation against OpenBLAS', loops[0].theirs / loops[0].ours, FACTORISATION_RATIO_MIN, 'at least')

const folder = positionals[0] ?? DATA
const data = existsSync(folder) ? readDataFolder(folder) : undefined
if (!data) console.log(`No data at ${folder}: only made-up data is measured.`)
say('', '## Directional ridge', '')
say(...(await measureRidge(data && { name: basename(folder), interactions: data.interactions })))
if (data) await endToEnd(data)
if (!values.small) {
  say('', '## aws-user-personalization as data grows, evaluation and refit', '')
  for (const line of growthLines()) say(line)
}

if (values.write) {
  mkdirSync(dirname(RESULTS), { recursive: true })
  writeFileSync(RESULTS, `${lines.join('\n')}\n`)
}
process.exitCode = missed > 0 ? 1 : 0

async function endToEnd({ interactions, catalogueItemCount }: DataFolder): Promise<void> {
  const threads = availableParallelism()
  const start = stopwatchSeconds()
  const cpu = process.cpuUsage()
  await trainSolution(
    userPersonalization,
    { interactions, catalogueItemCount },
    { seed: 1 },
    { ...quietControl, threads, openRanker: model => openRanker(placeModel(model, { threads: 1 }), 0) },
  )
  const seconds = stopwatchSeconds() - start
  const { user, system } = process.cpuUsage(cpu)
  const cpuSeconds = (user + system) / 1e6
  const { itemCount, items } = interactions
  const of = `${basename(folder)}, ${itemCount} items, ${items.length} events`
  say('', '## A solution version of aws-user-personalization, evaluation and refit', '')
  say(`${of}, rank 149, threads: ${threads}: ${seconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} CPU s`, '')
  if (folder === DATA) target(`CPU seconds of ${of}`, cpuSeconds, END_TO_END_SECONDS_MAX, 'at most')
}
