/**
 * Creates, describes and lists with 100 000 resources in the store: `node bench/control/main.ts [--resources N] [--seconds N] [--write]`.
 *
 * The server runs in a process of its own, the load in this one. Targets of issue 3: 5 000 describes a second on one core, 800 durable
 * creates a second, a page of 100 within 5 ms at the median; a missed one ends the run with exit code 1. Rates on one core are requests by
 * the server's processor time, so that other work on the machine does not count against it; creates also wait for the disk, and are
 * measured by the clock. The baseline of a create is what the disk takes for it: the same bytes appended and fsynced by a bare loop.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fsyncSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArguments } from '../../scripts/arguments.ts'
import { assert } from '../../src/lib/assert.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { machine } from '../lib/machine.ts'
import { type Load, type Measured, put } from './client.ts'
import { datasetArn, fillStore, schemaArn, schemaText } from './store.ts'

const DESCRIBES_MIN = 5_000
const CREATES_MIN = 800
const LIST_MS_MAX = 5
/** As many clients as a small team's pipelines keep busy. */
const CONNECTIONS = 8
/** What SQLite writes for one small commit: two pages of 4 KiB with their headers. */
const COMMIT_BYTES = 8_240

const RESULTS = fileURLToPath(new URL('../results/control.md', import.meta.url))
const USAGE = `usage: npm run bench:control -- [options]

Creates, describes and lists of the control plane, with many resources in the store.

  --resources N  how many are there (default 100000)
  --seconds N    how long each operation is put (default 5)
  --write        keeps the report in bench/results/control.md
`
const { values } = readArguments(USAGE, {
  options: {
    resources: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
  },
})
const [resources, seconds] = [Number(values.resources), Number(values.seconds)]
assert(Number.isInteger(resources) && resources >= 1_000, '--resources wants a whole number from 1000')
assert(seconds > 0, '--seconds wants a number above 0')

interface Row extends Measured {
  readonly what: string
  readonly cpuSeconds: number
}

const folder = await mkdtemp(join(tmpdir(), 'bench-control-'))
try {
  process.stderr.write(`writing ${resources} resources\n`)
  await fillStore(folder, resources)
  const { lines, missed } = report(await measured(), syncsPerSecond())
  console.log(lines.join('\n'))
  if (values.write) {
    mkdirSync(dirname(RESULTS), { recursive: true })
    writeFileSync(RESULTS, `${lines.join('\n')}\n`)
  }
  process.exitCode = missed ? 1 : 0
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function measured(): Promise<Row[]> {
  const server = fork(fileURLToPath(new URL('./server.ts', import.meta.url)), [folder], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const [port] = await once(server, 'message')
  const cpu = async (): Promise<number> => {
    server.send('cpu')
    return (await once(server, 'message'))[0]
  }
  const load = async (what: string, connections: number, request: Load['request']): Promise<Row> => {
    process.stderr.write(`${what}\n`)
    await put({ port, connections, seconds: 1, request })
    const before = await cpu()
    // Numbers the warm-up has not used.
    const found = await put({ port, connections, seconds, request: n => request(n + 1e6) })
    return { what, ...found, cpuSeconds: (await cpu()) - before }
  }
  // A prime step walks over all of them in no order that a cache could like.
  const some = (n: number) => (n * 7919) % Math.floor(resources / 2)
  const create = (name: string) => ({ operation: 'CreateSchema', input: { name, schema: schemaText } })
  const rows = [
    await load('DescribeSchema', CONNECTIONS, n => ({
      operation: 'DescribeSchema',
      input: { schemaArn: schemaArn(some(n)) },
    })),
    await load('CreateSchema', CONNECTIONS, n => create(`new-${n}`)),
    await load('CreateSchema, one client', 1, n => create(`alone-${n}`)),
    await load('ListSchemas, 100 of them', 1, () => ({ operation: 'ListSchemas', input: {} })),
    await load('ListDatasetImportJobs, 100 of one dataset', 1, () => ({
      operation: 'ListDatasetImportJobs',
      input: { datasetArn },
    })),
  ]
  server.disconnect()
  await once(server, 'exit')
  return rows
}

/** How often this disk makes a commit's bytes durable when nothing else is done. */
function syncsPerSecond(): number {
  const file = openSync(join(folder, 'syncs'), 'w')
  const bytes = Buffer.alloc(COMMIT_BYTES)
  const start = stopwatchSeconds()
  let count = 0
  for (; stopwatchSeconds() - start < 1; count++) {
    writeSync(file, bytes)
    fsyncSync(file)
  }
  closeSync(file)
  return count
}

function report(rows: readonly Row[], syncs: number): { lines: string[]; missed: boolean } {
  const at = (row: Row, share: number) => row.milliseconds[Math.floor(share * (row.count - 1))]
  const perSecond = (row: Row) => row.count / row.seconds
  const perCore = (row: Row) => row.count / row.cpuSeconds
  const [describe, create, , ...lists] = rows
  const verdicts: [boolean, string][] = [
    [
      perCore(describe) >= DESCRIBES_MIN,
      `${Math.round(perCore(describe))} describes a second on one core; at least ${DESCRIBES_MIN} were expected.`,
    ],
    [
      perSecond(create) >= CREATES_MIN,
      `${Math.round(perSecond(create))} durable creates a second; at least ${CREATES_MIN} were expected. This disk syncs ${syncs} times a second.`,
    ],
    ...lists.map((row): [boolean, string] => [
      at(row, 0.5) <= LIST_MS_MAX,
      `${row.what}: ${at(row, 0.5).toFixed(2)} ms at the median; at most ${LIST_MS_MAX} were expected.`,
    ]),
  ]
  const lines = [
    '# Control plane',
    '',
    `\`npm run bench:control -- --resources ${resources} --seconds ${seconds}\` on ${machine()}`,
    '',
    `${resources} resources in the store, signatures off, keep-alive connections; ${CONNECTIONS} clients where it does not say one.`,
    '',
    '| operation | a second | a second of one core | median ms | p99 ms | slowest ms |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...rows.map(row => {
      const times = [0.5, 0.99, 1].map(share => at(row, share).toFixed(2)).join(' | ')
      return `| ${row.what} | ${Math.round(perSecond(row))} | ${Math.round(perCore(row))} | ${times} |`
    }),
    `| baseline: the disk, ${COMMIT_BYTES} bytes and fsync | ${syncs} (ratio ${(perSecond(create) / syncs).toFixed(2)}) | | ${(1000 / syncs).toFixed(2)} | | |`,
    '',
    ...verdicts.map(([met, sentence]) => `- ${met ? 'PASS' : 'FAIL'}: ${sentence}`),
  ]
  return { lines, missed: verdicts.some(([met]) => !met) }
}
