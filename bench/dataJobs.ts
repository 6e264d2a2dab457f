/**
 * How long an export and a data deletion take: `node bench/dataJobs.ts [--rows N] [--repeats N] [--write]`, 10 million rows, 3 times.
 *
 * Makes Parquet of skewed users and items in a folder store, in two imports that share a thousandth of their rows; then on all cores:
 * DuckDB alone from Parquet to CSV, as a baseline; our export of one import; of both, equal rows once; the deletion of one user in a hundred.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { deleteUsers } from '../src/datasets/deleteUsers.ts'
import { sqlFiles, sqlString, withDuckDb } from '../src/datasets/duckdb.ts'
import { exportCsv } from '../src/datasets/export.ts'
import { stopwatchSeconds } from '../src/lib/clock.ts'
import { quietControl } from '../src/lib/work.ts'
import { openFolderStore } from '../src/objects/folder.ts'
import { interactionsSchema } from '../test/support/interactionsSchema.ts'
import { machine } from './lib/machine.ts'

const ROWS = 10_000_000
const REPEATS = 3
const USERS = 200_000
const ITEMS = 50_000
const RESULTS = fileURLToPath(new URL('./results/dataJobs.md', import.meta.url))

const { values } = parseArgs({
  options: { rows: { type: 'string' }, repeats: { type: 'string' }, write: { type: 'boolean' } },
})
const rows = Number(values.rows ?? ROWS)
const repeats = Number(values.repeats ?? REPEATS)
const root = mkdtempSync(join(tmpdir(), 'sommelier-bench-'))
process.once('exit', () => rmSync(root, { recursive: true, force: true }))
const store = openFolderStore(root)
const threads = availableParallelism()
let scratches = 0

function context() {
  const scratchFolder = join(root, `scratch-${scratches++}`)
  mkdirSync(scratchFolder)
  return { ...quietControl, objects: store, artifacts: store, scratchFolder, threads }
}

const schema = interactionsSchema([{ name: 'EVENT_VALUE', type: ['null', 'float'] }])

const parts = ['parts/a.parquet', 'parts/b.parquet']
mkdirSync(join(root, 'bench/parts'), { recursive: true })
await withDuckDb(context(), async db => {
  for (const [i, part] of parts.entries()) {
    const start = i === 0 ? 0 : rows / 2 - rows / 1000
    await db.run(`COPY (SELECT 'user-' || (hash(n) % ${USERS}) AS USER_ID,
      'item-' || floor(${ITEMS} * pow((hash(n + 1) % 100000) / 100000, 3))::BIGINT AS ITEM_ID,
      1600000000 + n * 3 AS TIMESTAMP, (n % 50) / 10 AS EVENT_VALUE
      FROM range(${start}, ${start + rows / 2}) AS t(n))
      TO ${sqlString(join(root, 'bench', part))} (FORMAT parquet, COMPRESSION zstd)`)
  }
})
const gone = Array.from({ length: USERS / 100 }, (_, i) => `user-${i * 100}`)
writeFileSync(join(root, 'bench/gone.csv'), `USER_ID\n${gone.join('\n')}\n`)

const exported = (keys: string[]) =>
  exportCsv({ bucket: 'bench', imports: keys.map(key => ({ parts: [key] })), schema, newestOnly: true }, context())
const stages: Record<string, () => Promise<unknown>> = {
  'DuckDB alone, one import': () => {
    const to = context()
    const from = sqlFiles([join(root, 'bench', parts[0])])
    return withDuckDb(to, db =>
      db.run(
        `COPY (SELECT * FROM read_parquet(${from})) TO ${sqlString(join(to.scratchFolder, 'x.csv'))} (FORMAT csv)`,
      ),
    )
  },
  'export, one import': () => exported([parts[0]]),
  'export, two imports, equal rows once': () => exported(parts),
  'deletion of 1 % of the users, two imports': () => {
    const targetPrefix = `anew-${scratches}/`
    const source = 's3://bench/gone.csv'
    return deleteUsers(
      { source, sourceBytesMax: Infinity, bucket: 'bench', parts, interactions: parts, items: [], targetPrefix },
      context(),
    )
  },
}

const lines: string[] = []
let baseline: number | undefined
for (const [name, stage] of Object.entries(stages)) {
  const seconds: number[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    const start = stopwatchSeconds()
    await stage()
    seconds.push(stopwatchSeconds() - start)
  }
  seconds.sort((a, b) => a - b)
  const median = seconds[Math.floor(seconds.length / 2)]
  baseline ??= median
  lines.push(`| ${name} | ${seconds[0].toFixed(2)} | ${median.toFixed(2)} | ${(median / baseline).toFixed(2)} |`)
}
const megabytes = Math.round(process.resourceUsage().maxRSS / 1024)
const report = `# Exports and deletion

\`node bench/dataJobs.ts --rows ${rows} --repeats ${repeats}\`, ${rows.toLocaleString('en')} interactions in two imports, ${threads} threads; largest resident set ${megabytes} MB.
${machine()}; load ${loadavg()[0].toFixed(1)}.

| | min s | median s | to the baseline |
| --- | --- | --- | --- |
${lines.join('\n')}
`
process.stdout.write(report)
if (values.write) writeFileSync(RESULTS, report)
