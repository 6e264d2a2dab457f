/** `sommelier jobs`: what the server works on and has worked on, newest first, as a table. */
import { command, wholeNumber } from './command.ts'
import { progressParts } from './progressLine.ts'
import { count, duration, printable, styleOf, table } from './text.ts'
import type { WorkItem } from './wire.ts'

/** A screenful. */
const LIMIT_DEFAULT = 25

/** What the server remembers. */
const LIMIT_MOST = 1000

export const jobs = command({
  usage: 'jobs [--limit N] [--all] [--json] [--endpoint URL]',
  summary: 'Lists imports, trainings and batch jobs, newest first, with how far they are.',
  details: [
    `  --limit N        how many at most (1 to ${LIMIT_MOST}; default ${LIMIT_DEFAULT})`,
    '  --all            also what was done at once: dataset groups, datasets, solutions made and deleted',
    '  --json           one JSON object a line, as the server gave it',
  ],
  flags: { limit: { type: 'string' }, all: { type: 'boolean' }, json: { type: 'boolean' } },
  words: 0,
  async run(wire, { flags }, io) {
    const limit = wholeNumber('limit', flags.limit, { least: 1, most: LIMIT_MOST, otherwise: LIMIT_DEFAULT })
    const work = await wire.listWork(limit, item => flags.all === true || isWorthShowing(item))
    if (flags.json) {
      for (const item of work) io.out.write(`${JSON.stringify(item)}\n`)
      return 0
    }
    if (work.length === 0) {
      io.out.write(`${wire.endpoint} has had no long work yet.\n`)
      return 0
    }
    const now = io.clock.nowMs() / 1000
    const [header, ...lines] = table(
      COLUMNS,
      work.map(item => row(item, now)),
      RIGHT,
    )
    const style = styleOf(io.out, io.env)
    io.out.write(`${style.bold(header)}\n`)
    lines.forEach((line, index) => {
      const paint = work[index].state === 'FAILED' ? style.red : work[index].state === 'DONE' ? style.dim : style.green
      io.out.write(`${paint(line)}\n`)
    })
    return 0
  },
})

/** Work that never reached a stage and is over took no time: a group, a dataset or a solution that became ACTIVE at once. */
const isWorthShowing = ({ state, stage }: WorkItem) => state !== 'DONE' || stage !== undefined

const COLUMNS = ['STATUS', 'PROGRESS', 'FAILED', 'AGO', 'TOOK', 'ARN']
const RIGHT = new Set(['FAILED', 'AGO', 'TOOK'])

function row(work: WorkItem, now: number): string[] {
  const { startedAt, finishedAt, failed, ...rest } = work
  const took = startedAt === undefined ? '' : duration((finishedAt ?? now) - startedAt)
  const stage = work.state === 'RUNNING' && work.stage !== undefined ? [printable(work.stage)] : []
  return [
    printable(work.resourceStatus),
    [...stage, ...progressParts(rest)].join(', '),
    failed ? count(failed) : '',
    duration(Math.max(0, now - work.queuedAt)),
    took,
    printable(work.resourceArn),
  ]
}
