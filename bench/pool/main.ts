/**
 * How long a record takes to rank by a pool of sparse experts, and by one with nearest sequences: `node bench/pool/main.ts [--data folder] [--write]`.
 *
 * Two worlds, ml-1m and made up ones of 20 000 items, ranked by us (V8's revectorizer on and off), by the plain definition, and by scipy's
 * sparse product with numpy's argpartition, in turns. Targets of issue 6: 80 and 150 µs of CPU a record, a tenth of scipy's time; a missed
 * one ends the run with exit code 1. Every list is compared: with the definition exactly, with scipy's by scores.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArguments } from '../../scripts/arguments.ts'
import { pythonEnvironment } from '../../scripts/python.mjs'
import { assert } from '../../src/lib/assert.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { machine } from '../lib/machine.ts'
import type { Ours } from './measure.ts'
import { loadWorld, madeUpWorld, realWorld, saveWorld, type World } from './world.ts'

const K = 25
const ROUNDS = 3
const RATIO_MIN = 10
/** As src/jobs/computeRunner.ts starts the compute process. */
const PLAIN_FLAGS = ['--no-wasm-dynamic-tiering']
const FLAGS = [...PLAIN_FLAGS, '--experimental-wasm-revectorize']
const PEERS = ['numpy==2.4.6', 'scipy==1.17.1']
/** Scores of scipy's lists may differ from ours by as much as its rounding and another logarithm explain. */
const SCORE_TOLERANCE = 1e-4

const RESULTS = fileURLToPath(new URL('../results/pool.md', import.meta.url))
const USAGE = `usage: npm run bench:pool -- [options]

Ranking by a pool of sparse experts: processor time a record, beside scipy and numpy (in build/bench-pool, made on first use).

  --data FOLDER   holds interactions.csv with USER_ID,ITEM_ID,TIMESTAMP (default ../shared/data/ml-1m)
  --write         keeps the report in bench/results/pool.md
`
const { values } = readArguments(USAGE, {
  options: {
    data: { type: 'string', default: fileURLToPath(new URL('../../../shared/data/ml-1m', import.meta.url)) },
    write: { type: 'boolean', default: false },
  },
})

interface Measured {
  readonly on: Ours
  readonly off: Ours
  readonly peerMicros: number
}

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const python = join(pythonEnvironment('bench-pool', PEERS), 'python')
const run = (program: string, args: readonly string[]) =>
  JSON.parse(execFileSync(program, args, { encoding: 'utf8', env: { ...process.env, OPENBLAS_NUM_THREADS: '1' } }))

/** In turns, so that a busy moment of the machine meets everybody; the least of each. */
function measure(folder: string): Measured {
  const rounds = Array.from({ length: ROUNDS }, () => ({
    on: run(process.execPath, [...FLAGS, script('measure.ts'), folder, `${K}`]) as Ours,
    peerMicros: run(python, [script('peer.py'), folder, `${K}`]).micros as number,
    off: run(process.execPath, [...PLAIN_FLAGS, script('measure.ts'), folder, `${K}`]) as Ours,
  }))
  const least = <T>(values: readonly T[], cost: (value: T) => number) => values.toSorted((a, b) => cost(a) - cost(b))[0]
  return {
    on: least(
      rounds.map(({ on }) => on),
      ({ rankMicros }) => rankMicros,
    ),
    off: least(
      rounds.map(({ off }) => off),
      ({ rankMicros }) => rankMicros,
    ),
    peerMicros: least(rounds, ({ peerMicros }) => peerMicros).peerMicros,
  }
}

/** How many of scipy's lists are ours to the item; at each place of the others stands a score like ours. */
function compare(folder: string, { model, histories }: World): number {
  const [ours, theirs] = ['ours', 'peer'].map(
    name => new Int32Array(new Uint8Array(readFileSync(join(folder, name))).buffer),
  )
  let same = 0
  for (const [q, history] of histories.entries()) {
    const places = Array.from({ length: K }, (_, rank) => q * K + rank)
    if (places.every(at => ours[at] === theirs[at])) same++
    else {
      const scores = plainScores(model, history)
      for (const at of places)
        assert(Math.abs(scores[ours[at]] - scores[theirs[at]]) < SCORE_TOLERANCE, `scipy ranks history ${q} otherwise`)
    }
  }
  return same
}

const lines = ['# Ranking by a pool of sparse experts', '', `\`npm run bench:pool\` on ${machine()}`, '']
const say = (line: string) => {
  lines.push(line)
  console.log(line)
}
let missed = false
async function bench(world: World, microsMax: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-pool-'))
  try {
    saveWorld(folder, world)
    const { on, off, peerMicros } = measure(folder)
    const same = compare(folder, loadWorld(folder))
    const events = world.histories.reduce((sum, { length }) => sum + length, 0) / world.histories.length
    const ratio = peerMicros / on.rankMicros
    say(`## ${world.name}, ${world.histories.length} histories of ${events.toFixed(0)} events on average, k = ${K}`)
    say('')
    say('| CPU, one thread | µs a record | exact scores of all items alone | against ours |')
    say('| --- | ---: | ---: | ---: |')
    const row = (name: string, micros: number, scores: string) =>
      say(`| ${name} | ${micros.toFixed(1)} | ${scores} | ${(micros / on.rankMicros).toFixed(1)} |`)
    row('ours', on.rankMicros, on.scoreMicros.toFixed(1))
    row('ours, nearest sequences in the place of exp(-k/6)', on.nearestMicros, '')
    row('ours, exact sums for probabilities', on.exactMicros, '')
    row('ours, revectorizer off', off.rankMicros, off.scoreMicros.toFixed(1))
    row('scipy sparse product, numpy argpartition', peerMicros, '')
    row('the plain definition', on.plainMicros, '')
    say('')
    say(
      `${on.checked} lists are the definition's to the item, ${same} of ${world.histories.length} scipy's; the others differ by rounding.`,
    )
    const percent = (share: number) => `${(100 * share).toFixed(2)} %`
    say(
      `Probabilities are off by less than ${percent(on.errors[0])} for half of all histories, by ${percent(on.errors[1])} at most.`,
    )
    say('')
    for (const [passed, sentence] of [
      [
        on.rankMicros <= microsMax,
        `${on.rankMicros.toFixed(1)} µs of CPU a record; at most ${microsMax} were expected.`,
      ],
      [
        on.nearestMicros <= microsMax,
        `${on.nearestMicros.toFixed(1)} µs with nearest sequences; at most ${microsMax} were expected.`,
      ],
      [ratio >= RATIO_MIN, `${ratio.toFixed(1)} times as fast as scipy; at least ${RATIO_MIN} was expected.`],
    ] as const) {
      say(`- ${passed ? 'PASS' : 'MISSED'}: ${sentence}`)
      missed ||= !passed
    }
    say('')
  } finally {
    await rm(folder, { recursive: true })
  }
}

if (existsSync(values.data)) await bench(await realWorld(values.data), 80)
else console.log(`No data at ${values.data}: only made-up data is measured.`)
await bench(madeUpWorld(), 150)
if (values.write) {
  mkdirSync(dirname(RESULTS), { recursive: true })
  writeFileSync(RESULTS, `${lines.join('\n').trimEnd()}\n`)
}
if (missed) process.exitCode = 1
