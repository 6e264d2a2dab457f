/**
 * A factor model's batch job over many users, through the API: `npm run bench:fifty-million -- [--users N] [--jobs A,…] [--write]`.
 *
 * Makes users, items, what they did and inputs from a seed. A server imports the events and trains a version on some of them; in its place come
 * the factors, users and histories of everybody, saved by the code that saves what is trained (a training would hold 36 bytes an event). Then
 * jobs run from CreateBatchInferenceJob until ACTIVE: in order on two threads and on one, in an order that has nothing to do with that of the
 * users, and with a filter that excludes what each user has seen. 1 000 random lines of each are checked against float64 brute force. What a
 * job cost it says itself, in the server's log; of its processor time, that from the first record to the last counts. Everybody's query is
 * folded in from 36 events on average. Targets of issue 6: 10 µs of CPU a record; reading, parsing, lookup, formatting and writing together
 * 15 % of it; two threads 1.9 times one.
 */
import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArguments } from '../../scripts/arguments.ts'
import { assert } from '../../src/lib/assert.ts'
import { limitLines, measureLimits } from '../lib/limits.ts'
import { machine } from '../lib/machine.ts'
import { checkLines } from './check.ts'
import { foldInShare } from './foldIn.ts'
import { type Measured, report } from './report.ts'
import { type Job, Service } from './service.ts'
import { makeWorld, writeEvents, writeInput } from './world.ts'

const USERS = 10_000_000
/** What is trained on serves nobody. */
const SAMPLE_USERS = 2_000
const PROBE_BYTES = 512e6

/** The first is that of the targets, and always runs. */
const JOBS: readonly (Job & { threads: number; what: string })[] = [
  { name: 'two', input: 'ordered.jsonl', filtered: false, threads: 2, what: 'in order' },
  { name: 'one', input: 'ordered.jsonl', filtered: false, threads: 1, what: 'in order, one thread' },
  { name: 'shuffled', input: 'shuffled.jsonl', filtered: false, threads: 2, what: 'in any order' },
  { name: 'filtered', input: 'ordered.jsonl', filtered: true, threads: 2, what: 'in order, nothing seen' },
]

const RESULTS = fileURLToPath(new URL('../results/fifty-million.md', import.meta.url))
const TITLE = '# 50 million users'
const USAGE = `usage: npm run bench:fifty-million -- [options]

A factor model's batch jobs over many users, through the API: processor time by stage, memory, and 1 000 lines of each checked by brute force.

  --users N    how many (default ${USERS}; 10 million take 10 GB of disk for the events and as much for the output)
  --jobs A,…   which (default two,one,shuffled,filtered); without the last one no events are imported but those of some users
  --write      keeps the report in bench/results/fifty-million.md, beside those of other numbers of users
`
const { values } = readArguments(USAGE, {
  options: {
    users: { type: 'string', default: String(USERS) },
    jobs: { type: 'string', default: JOBS.map(({ name }) => name).join() },
    write: { type: 'boolean', default: false },
  },
})
const users = Number(values.users)
assert(Number.isInteger(users) && users >= SAMPLE_USERS, `--users wants a whole number from ${SAMPLE_USERS}`)

const wanted = values.jobs.split(',')
assert(
  wanted.every(name => JOBS.some(job => job.name === name)),
  '--jobs wants some of two, one, shuffled, filtered',
)
const jobs = JOBS.filter(({ name }, i) => i === 0 || wanted.includes(name))

const folder = await mkdtemp(join(tmpdir(), 'bench-fifty-million-'))
const service = new Service(folder)
const say = (what: string) => process.stderr.write(`${what}\n`)
try {
  say(`making ${users} users`)
  const world = makeWorld(users)
  await writeEvents(service.file('sample.csv'), world, SAMPLE_USERS)
  await service.start(2)
  say('training')
  await service.train('sample.csv')
  if (jobs.some(({ filtered }) => filtered)) {
    await writeEvents(service.file('events.csv'), world, users)
    say('importing')
    say(`  ${(await service.importEvents('events.csv')).toFixed(0)} s`)
    await rm(service.file('events.csv'))
  }
  await service.stop()
  await service.install(world)
  await writeInput(service.file('ordered.jsonl'), users, false)
  await writeInput(service.file('shuffled.jsonl'), users, true)

  const measured: Measured[] = []
  for (const job of jobs) {
    say(`answering ${job.what}`)
    const cost = await service.run(job, job.threads)
    const outputBytes = (await stat(service.answered(job))).size
    say(`  ${cost.seconds.toFixed(1)} s; checking`)
    await checkLines(world, users, { input: service.file(job.input), output: service.answered(job) }, job.filtered)
    await service.removeAnswers(job)
    measured.push({ name: job.name, what: job.what, cost, outputBytes, writeSeconds: bareWrite(outputBytes) })
  }
  say('measuring the machine')
  const limits = await measureLimits()
  const { lines, missed } = report(measured, users, foldInShare(world), limits)
  const command = `npm run bench:fifty-million -- --users ${users}${jobs.length < JOBS.length ? ` --jobs ${jobs.map(({ name }) => name).join()}` : ''}`
  const section = [
    `${users} users`,
    '',
    `\`${command}\` on ${machine()}`,
    '',
    ...lines,
    '',
    ...limitLines(limits),
    '',
  ].join('\n')
  console.log(`${TITLE}\n\n## ${section}`)
  if (values.write) keep(section)
  process.exitCode = missed ? 1 : 0
} finally {
  await service.stop()
  await rm(folder, { recursive: true, force: true })
}

/** In place of what was kept of as many users. */
function keep(section: string): void {
  const [, ...kept] = existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8').split(/^## /m) : []
  const others = kept.filter(each => Number.parseInt(each, 10) !== users)
  const sections = [...others, section].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
  writeFileSync(RESULTS, [`${TITLE}\n`, ...sections.map(each => `## ${each.trimEnd()}\n`)].join('\n'))
}

/** Seconds of processor time that a bare loop takes to write so many bytes to a new file: what no job can go below here and now. */
function bareWrite(bytes: number): number {
  const path = join(folder, 'probe')
  const file = openSync(path, 'w')
  const piece = new Uint8Array(2 ** 20).fill(65)
  const before = process.cpuUsage()
  const probed = Math.min(bytes, PROBE_BYTES)
  for (let at = 0; at < probed; at += piece.length) writeSync(file, piece, 0, piece.length, at)
  const { user, system } = process.cpuUsage(before)
  closeSync(file)
  return ((user + system) / 1e6) * (bytes / probed)
}
