/**
 * A factor model's batch job over many users, through the API: `npm run bench:fifty-million -- [--users N] [--events N] [--jobs A,…] [--write]`.
 *
 * Makes users, items, what they did and inputs from a seed, a piece at a time. A server imports the events and trains a version on some of them; in its
 * place come the factors, users and histories of everybody, in the form in which what is trained is saved (a training would hold 36 bytes an event). Then
 * jobs run from CreateBatchInferenceJob until ACTIVE: in order on two threads and on one, in an order that has nothing to do with that of the
 * users, and with filters that exclude what each user has seen: everything, which the histories tell, or events of a type, which the first such job packs
 * for those after it. 1 000 random lines of each are checked against float64 brute force. What a
 * job cost it says itself, in the server's log; of its processor time, that from the first record to the last counts. Everybody's query is
 * folded in from their events. Targets of issue 6: 10 µs of CPU a record; reading, parsing, lookup, formatting and writing together
 * 15 % of it; two threads 1.9 times one.
 */
import { closeSync, existsSync, openSync, readFileSync, unlinkSync, writeFileSync, writeSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { freemem, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArguments } from '../../scripts/arguments.ts'
import { WRITE_BYTES_MAX } from '../../src/jobs/batchInference/limits.ts'
import { assert } from '../../src/lib/assert.ts'
import { limitLines, measureLimits } from '../lib/limits.ts'
import { machine } from '../lib/machine.ts'
import { checkLines } from './check.ts'
import { writeEvents, writeInput } from './files.ts'
import { foldInShare } from './foldIn.ts'
import { installWorld } from './install.ts'
import { type Measured, report } from './report.ts'
import { type Job, Service } from './service.ts'
import { EVENTS, makeWorld } from './world.ts'

const USERS = 10_000_000
/** What is trained on serves nobody. */
const SAMPLE_USERS = 2_000
const PROBE_BYTES = 512e6
/** Of a record's answer, with 25 results. */
const ANSWER_BYTES = 600
/** Of the memory that is free: the rest is for what else runs. */
const TOUCHED_SHARE = 0.9
/** Fewer leave some with no event. */
const EVENTS_MIN = 2

const ORDERED = 'ordered.jsonl'
/** The first is that of the targets, and always runs. */
const JOBS: readonly (Job & { threads: number; what: string })[] = [
  { name: 'two', input: ORDERED, threads: 2, what: 'in order' },
  { name: 'one', input: ORDERED, threads: 1, what: 'in order, one thread' },
  { name: 'shuffled', input: 'shuffled.jsonl', threads: 2, what: 'in any order' },
  { name: 'filtered', input: ORDERED, filter: 'met', threads: 2, what: 'in order, nothing seen' },
  { name: 'packing', input: ORDERED, filter: 'typed', threads: 2, what: 'nothing of a type, first job' },
  { name: 'typed', input: ORDERED, filter: 'typed', threads: 2, what: 'nothing of a type, later' },
]

const RESULTS = fileURLToPath(new URL('../results/fifty-million.md', import.meta.url))
const TITLE = '# 50 million users'
const USAGE = `usage: npm run bench:fifty-million -- [options]

A factor model's batch jobs over many users, through the API: processor time by stage, memory, and 1 000 lines of each checked by brute force.

  --users N    how many (default ${USERS})
  --events N   of each on average, from ${EVENTS_MIN} (default ${EVENTS})
  --jobs A,…   which (default ${JOBS.map(({ name }) => name).join()}); without the last three no events are imported but those of some users
  --write      keeps the report in bench/results/fifty-million.md, beside those of other users and events

Disk: 28 bytes an event of CSV until it is imported, 3 of Parquet (6 meanwhile, beside what DuckDB spills), 4 of histories, 8 more while events are packed;
50 bytes a user of ids and input, 21 more for a second order of it; 600 of one job's output at a time. 50 million users of 6 events: 35 GB.
`
const { values } = readArguments(USAGE, {
  options: {
    users: { type: 'string', default: String(USERS) },
    events: { type: 'string', default: String(EVENTS) },
    jobs: { type: 'string', default: JOBS.map(({ name }) => name).join() },
    write: { type: 'boolean', default: false },
  },
})
const users = Number(values.users)
assert(Number.isInteger(users) && users >= SAMPLE_USERS, `--users wants a whole number from ${SAMPLE_USERS}`)

const events = Number(values.events)
assert(Number.isInteger(events) && events >= EVENTS_MIN, `--events wants a whole number from ${EVENTS_MIN}`)
assert(users * events < 2 ** 32, 'events are numbered by 32 bits')

const wanted = values.jobs.split(',')
assert(
  wanted.every(name => JOBS.some(job => job.name === name)),
  `--jobs wants some of ${JOBS.map(({ name }) => name).join(', ')}`,
)
const jobs = JOBS.filter(({ name }, i) => i === 0 || wanted.includes(name))

const sectionName = `${users} users${events === EVENTS ? '' : `, ${events} events each`}`
const folder = await mkdtemp(join(tmpdir(), 'bench-fifty-million-'))
const service = new Service(folder)
const say = (what: string) => process.stderr.write(`${what}\n`)
try {
  say(`making ${users} users`)
  const world = makeWorld(users, events)
  writeEvents(service.file('sample.csv'), world, SAMPLE_USERS)
  await service.start(2)
  say('training')
  await service.train('sample.csv')
  const ofEvents = jobs.some(({ filter }) => filter)
  if (ofEvents) {
    writeEvents(service.file('events.csv'), world, users)
    say(`importing ${((await stat(service.file('events.csv'))).size / 1e9).toFixed(1)} GB`)
    say(`  ${(await service.importEvents('events.csv')).toFixed(0)} s`)
    await rm(service.file('events.csv'))
  }
  await service.stop()
  say('installing')
  await installWorld(folder, world, ofEvents)
  for (const input of new Set(jobs.map(({ input }) => input))) writeInput(service.file(input), users, input !== ORDERED)

  say('touching memory')
  touchMemory(users * ANSWER_BYTES)

  const measured: Measured[] = []
  for (const job of jobs) {
    say(`answering ${job.what}`)
    const cost = await service.run(job, job.threads)
    const outputBytes = (await stat(service.answered(job))).size
    say(`  ${cost.seconds.toFixed(1)} s; checking`)
    const files = { input: service.file(job.input), output: service.answered(job) }
    await checkLines(world, files, job.filter !== undefined)
    await service.removeAnswers(job)
    measured.push({ name: job.name, what: job.what, cost, outputBytes, writeSeconds: leastWriteSeconds(outputBytes) })
  }
  say('measuring the machine')
  const limits = await measureLimits()
  const { lines, missed } = report(measured, world, foldInShare(world), limits)
  const flags = [
    `--users ${users}`,
    ...(events === EVENTS ? [] : [`--events ${events}`]),
    ...(jobs.length < JOBS.length ? [`--jobs ${jobs.map(({ name }) => name).join()}`] : []),
  ]
  const command = `npm run bench:fifty-million -- ${flags.join(' ')}`
  const section = [sectionName, '', `\`${command}\` on ${machine()}`, '', ...lines, '', ...limitLines(limits), ''].join(
    '\n',
  )
  console.log(`${TITLE}\n\n## ${section}`)
  if (values.write) keep(section)
  process.exitCode = missed ? 1 : 0
} finally {
  await service.stop()
  await rm(folder, { recursive: true, force: true })
}

/**
 * Has the system use so much of its memory, or most of it, for a file and give it back. A virtual machine is given its memory when it first uses it, page by
 * page within a write, which is several times what writing itself takes (docs/decisions/0022-bytes-of-a-batch-job.md). Whoever has written as much since the
 * machine was started does not pay it.
 */
function touchMemory(bytes: number): void {
  bareWrite(Math.min(bytes, TOUCHED_SHARE * freemem()))
  unlinkSync(join(folder, 'probe'))
}

/** In place of what was kept of as many users and events. */
function keep(section: string): void {
  const [, ...kept] = existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8').split(/^## /m) : []
  const others = kept.filter(each => each.split('\n', 1)[0] !== sectionName)
  const sections = [...others, section].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
  writeFileSync(RESULTS, [`${TITLE}\n`, ...sections.map(each => `## ${each.trimEnd()}\n`)].join('\n'))
}

/** Seconds of processor time that a bare loop takes to write so many bytes to a new file. */
function bareWrite(bytes: number): number {
  const path = join(folder, 'probe')
  const file = openSync(path, 'w')
  const piece = new Uint8Array(WRITE_BYTES_MAX).fill(65)
  const before = process.cpuUsage()
  for (let at = 0; at < bytes; at += piece.length) writeSync(file, piece, 0, piece.length, at)
  const { user, system } = process.cpuUsage(before)
  closeSync(file)
  return (user + system) / 1e6
}

/** What no job can go below here and now. */
function leastWriteSeconds(bytes: number): number {
  const probed = Math.min(bytes, PROBE_BYTES)
  return bareWrite(probed) * (bytes / probed)
}
