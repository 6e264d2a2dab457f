/**
 * How good the recommendations are, on real data: every recipe and every baseline on the same splits (protocols.ts), each cell of the table in a
 * process of its own, two at once. `--write` keeps what was measured in bench/results/quality.json, where a part measured again takes the place
 * of what stood there, and the whole as tables in bench/results/quality.md. A number below its target (targets.ts) ends the run with exit code 1.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readArguments } from '../../scripts/arguments.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import { type Data, freeze } from './data.ts'
import { measurePeers, PEERS } from './peers.ts'
import { PROTOCOLS, seedsOf } from './protocols.ts'
import { report } from './report.ts'
import { type Cell, type CellName, keepCells, keyOf } from './results.ts'
import { LOW_RANK, POOL, subjects } from './subjects.ts'

const RESULTS = fileURLToPath(new URL('../results/quality.md', import.meta.url))
const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url))
const CELL = fileURLToPath(new URL('./cell.ts', import.meta.url))
/** As src/jobs/computeRunner.ts starts the compute process. */
const FLAGS = ['--disable-warning=ExperimentalWarning', '--no-wasm-dynamic-tiering', '--experimental-wasm-revectorize']
const SEGMENTS = 'aws-item-affinity'

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
const scratch = mkdtempSync(join(tmpdir(), 'bench-quality-'))
const start = stopwatchSeconds()
const measured: Cell[] = []
try {
  const frozen = new Map<string, { file: string; data: Data }>()
  for (const folder of folders) {
    const file = join(scratch, `${basename(folder)}.data`)
    frozen.set(basename(folder), { file, data: await freeze(folder, file) })
  }
  if (values.peers)
    for (const { data } of frozen.values()) await measurePeers(data, scratch, peerOptions, cell => tell([cell]))
  else {
    const cells = [...frozen.values()].flatMap(({ data }) => cellsOf(data)).filter(wanted)
    if (cells.length === 0) throw new Refusal('There is no such cell: --help names the recipes and protocols.')
    const measure = async (cell: CellName) => tell([await inProcess(cell, frozen.get(cell.data)!.file)])
    // What has both processors runs alone, at the end; the rest two at once. Each is kept as it comes, what says most first.
    const order = (protocol: CellName['protocol']) => ['P2', 'P1', 'segments', 'ties', 'P3'].indexOf(protocol)
    cells.sort((a, b) => a.seed - b.seed || order(a.protocol) - order(b.protocol))
    const alone = cells.filter(({ protocol }) => protocol === 'version')
    const beside = cells.filter(({ protocol }) => protocol !== 'version')
    await Promise.all(
      Array.from({ length: Math.min(2, availableParallelism()) }, async () => {
        for (let cell = beside.shift(); cell; cell = beside.shift()) await measure(cell)
      }),
    )
    for (const cell of alone) await measure(cell)
  }
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(error.message)
  process.exit(1)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
const told = report(measured)
console.log(told.lines.join('\n'))
process.stderr.write(`${measured.length} cells in ${((stopwatchSeconds() - start) / 60).toFixed(1)} min\n`)
process.exitCode = told.missed > 0 ? 1 : 0

function cellsOf(data: Data): CellName[] {
  const of = { data: data.name }
  return [
    ...[POOL, LOW_RANK].map(subject => ({ ...of, protocol: 'version' as const, seed: 1, subject })),
    ...subjects
      .filter(({ fits }) => !fits || fits(data))
      .flatMap(({ name }) =>
        PROTOCOLS.flatMap(protocol => seedsOf(protocol).map(seed => ({ ...of, protocol, seed, subject: name }))),
      ),
    { ...of, protocol: 'segments', seed: 0, subject: SEGMENTS },
  ]
}

function wanted({ subject, protocol }: CellName): boolean {
  return (values.recipe ?? subject) === subject && (values.protocol ?? protocol) === protocol
}

async function inProcess(cell: CellName, file: string): Promise<Cell> {
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, CELL, file, JSON.stringify(cell)], {
    maxBuffer: 1 << 24,
  })
  return JSON.parse(stdout)
}

function tell(cells: readonly Cell[]): void {
  measured.push(...cells)
  if (values.write) writeFileSync(RESULTS, `${report(keepCells(cells)).lines.join('\n')}\n`)
  for (const cell of cells) process.stderr.write(`${keyOf(cell)}: ${cell.processorSeconds.toFixed(1)} s of CPU\n`)
}
