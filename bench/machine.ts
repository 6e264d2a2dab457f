/** What this machine can do at most, and OpenBLAS on it: `npm run bench:machine -- [--write]`. */
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { readArguments } from '../scripts/arguments.ts'
import { limitLines, measureLimits } from './lib/limits.ts'
import { machine } from './lib/machine.ts'

const RESULTS = fileURLToPath(new URL('./results/machine.md', import.meta.url))
const USAGE = `usage: npm run bench:machine -- [--write]

What this machine can do at most: arithmetic in registers, bandwidth of memory and disk, on one thread and on all.

  --write    keeps the report in bench/results/machine.md
`
const { values } = readArguments(USAGE, { options: { write: { type: 'boolean', default: false } } })

const lines = [
  '# The machine',
  '',
  `\`npm run bench:machine\` on ${machine()}`,
  '',
  'By the clock: the best of 25 short turns, and the median of how much all threads are over one. A multiplication and an addition count one each.',
  '',
  ...limitLines(await measureLimits(), tmpdir()),
]
console.log(lines.join('\n'))
if (values.write) writeFileSync(RESULTS, `${lines.join('\n')}\n`)
