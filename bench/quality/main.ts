/**
 * How good the recommendations are, on real data: every recipe and every baseline on the same splits (protocols.ts), each training in a process of its
 * own, two at once:
 *
 *   the first seed of everything ─► what has both processors to itself ─► the other seeds, as long as a whole table has time (targets.ts)
 *
 * `--write` keeps what was measured in bench/results/quality.json, each training as it ends, where a part measured again takes the place of what stood
 * there, and the whole as tables in bench/results/quality.md. A training that fails leaves the others be. It ends the run with exit code 1, as does a number
 * below its target, or a whole table that takes too long.
 */
import { type ExecFileException, execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readArguments } from '../../scripts/arguments.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import { machine } from '../lib/machine.ts'
import { type Data, freeze } from './data.ts'
import { measurePeers, PEERS } from './peers.ts'
import { progressOf } from './progress.ts'
import { PROTOCOLS } from './protocols.ts'
import { report, wholeRunLine } from './report.ts'
import {
  type Cell,
  keepCells,
  keepOnly,
  keepWholeRun,
  readWholeRun,
  type TrainingName,
  type WholeRun,
} from './results.ts'
import { subjects } from './subjects.ts'
import { isInTime, WHOLE_RUN_MINUTES_MAX } from './targets.ts'
import { isAlone, isMoreOfTheSame, SEGMENTS, shown, trainingsOf } from './trainings.ts'

const RESULTS = fileURLToPath(new URL('../results/quality.md', import.meta.url))
const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url))
const CELL = fileURLToPath(new URL('./cell.ts', import.meta.url))
/** Before the end of a whole run no training is begun: the longest takes a minute. */
const LAST_MINUTES = 2
/** Of one process: several times what the longest takes, on a machine that does nothing else. */
const TRAINING_MINUTES_MAX = 6
/** As src/jobs/computeRunner.ts starts the compute process. */
const FLAGS = ['--disable-warning=ExperimentalWarning', '--no-wasm-dynamic-tiering', '--experimental-wasm-revectorize']

const USAGE = `usage: npm run bench:quality -- [--recipe NAME] [--protocol NAME] [--peers [--minutes N]] [--write] [FOLDER …]

How good the recommendations are on real data, beside popularity, item-to-item nearest neighbours and EASE.

  FOLDER      holds interactions.csv with USER_ID,ITEM_ID,TIMESTAMP (default ../shared/data/ml-1m, …/online-retail and …/amazon-beauty)
  --recipe    of the table's subjects this one alone: ${[...subjects.map(({ name }) => name), SEGMENTS].join(', ')};
              with --peers one of ${PEERS.join(', ')}
  --protocol  of the protocols this one alone: ${PROTOCOLS.join(', ')}, segments, version
  --peers     instead: implicit's ALS and BM25 and RecTools' SASRec on the same splits, from PyPI in an environment under build/ (2 GB)
  --minutes   how long SASRec may train on each data set, by the clock (default 15)
  --write     keeps the cells in bench/results/quality.json and the tables of all that is kept in bench/results/quality.md
`
const { values, positionals } = readArguments(USAGE, {
  options: {
    recipe: { type: 'string' },
    protocol: { type: 'string' },
    peers: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '15' },
    write: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
const folders =
  positionals.length > 0 ? positionals : ['ml-1m', 'online-retail', 'amazon-beauty'].map(name => join(DATA, name))
const peerOptions = { protocol: values.protocol, peer: values.recipe, minutes: Number(values.minutes) }
const isWhole = !values.peers && !values.recipe && !values.protocol && positionals.length === 0
const scratch = mkdtempSync(join(tmpdir(), 'bench-quality-'))
const start = stopwatchSeconds()
const minutes = () => (stopwatchSeconds() - start) / 60
const measured: Cell[] = []
const failures: string[] = []
const leftOut: TrainingName[] = []
let trainingCount = 0
try {
  const frozen = new Map<string, { file: string; data: Data }>()
  for (const folder of folders) {
    const file = join(scratch, `${basename(folder)}.data`)
    frozen.set(basename(folder), { file, data: await freeze(folder, file) })
  }
  if (values.peers) for (const { data } of frozen.values()) await measurePeers(data, scratch, peerOptions, keep)
  else {
    const trainings = [...frozen.values()].flatMap(({ data }) => trainingsOf(data, values))
    if (trainings.length === 0) throw new Refusal('There is no such cell: --help names the recipes and protocols.')
    trainingCount = trainings.length
    const told = progressOf(trainings)
    const measure = async (training: TrainingName) => {
      try {
        keep(await inProcess(training, frozen.get(training.data)!.file))
      } catch (error) {
        failures.push(`${shown(training)} failed: ${sentenceOf(error)}`)
      }
      process.stderr.write(`${told(training)}\n`)
    }
    const twoAtOnce = (queue: TrainingName[], isInTime: () => boolean) => {
      const work = async () => {
        for (let training = queue.shift(); training; training = queue.shift())
          if (isInTime()) await measure(training)
          else leftOut.push(training)
      }
      return Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work))
    }
    const beside = trainings.filter(training => !isAlone(training))
    const seeds = bySeed(beside.filter(isMoreOfTheSame))
    await twoAtOnce(
      beside.filter(training => !isMoreOfTheSame(training)),
      () => true,
    )
    for (const training of trainings.filter(isAlone)) await measure(training)
    await twoAtOnce(seeds, () => !isWhole || minutes() < WHOLE_RUN_MINUTES_MAX - LAST_MINUTES)
  }
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(error.message)
  process.exit(1)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
const run: WholeRun = {
  ...{ trainingCount: trainingCount - leftOut.length, cellCount: measured.length, leftOutCount: leftOut.length },
  ...{ minutes: minutes(), machine: machine() },
}
const isKept = isWhole && failures.length === 0
const { lines, missed } = report(measured, isKept ? run : undefined)
if (isKept && values.write) {
  keepWholeRun(run)
  writeTables(keepOnly(measured, PEERS))
}
console.log([...lines, ...failures].join('\n'))
process.stderr.write(`${isKept ? wholeRunLine(run) : `${measured.length} cells in ${minutes().toFixed(1)} min`}\n`)
process.exitCode = missed + failures.length > 0 || (isKept && !isInTime(run)) ? 1 : 0

async function inProcess(training: TrainingName, file: string): Promise<Cell[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, CELL, file, JSON.stringify(training)], {
    maxBuffer: 1 << 24,
    timeout: TRAINING_MINUTES_MAX * 60_000,
    killSignal: 'SIGKILL',
  })
  return JSON.parse(stdout)
}

/** The second seed of all data before the third of any, so that all have two where there is no time for three. */
function bySeed(trainings: readonly TrainingName[]): TrainingName[] {
  return trainings.toSorted((a, b) => a.seed - b.seed)
}

/** What a process that ended badly said last, or how it was ended. */
function sentenceOf(error: unknown): string {
  const { stderr = '', signal, code, killed } = error as Partial<ExecFileException> & { stderr?: string }
  if (killed) return `it was not done after ${TRAINING_MINUTES_MAX} minutes.`
  return stderr.trim() || `it ended without a sentence (${signal ?? code}).`
}

function keep(cells: readonly Cell[]): void {
  measured.push(...cells)
  if (values.write) writeTables(keepCells(cells))
}

function writeTables(cells: readonly Cell[]): void {
  writeFileSync(RESULTS, `${report(cells, readWholeRun()).lines.join('\n')}\n`)
}
