/**
 * User segments of a large service: `npm run bench:segments -- [--users N] [--items N] [--write]`. What scoring and ordering cost (arithmetic.ts), and a
 * whole job through the API (job.ts), on a made model.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArguments } from '../../scripts/arguments.ts'
import { assert } from '../../src/lib/assert.ts'
import { machine } from '../lib/machine.ts'
import { arithmetic } from './arithmetic.ts'
import { segmentJob } from './job.ts'
import { makeWorld } from './world.ts'

const RESULTS = fileURLToPath(new URL('../results/segments.md', import.meta.url))
const USAGE = `usage: npm run bench:segments -- [--users N] [--items N] [--write]

What the users of segments cost, on a made model: once it is loaded, and a job through the API.

  --users  5000000 by default; then 1 GB of disk is taken meanwhile
  --items  20000 by default
  --write  keeps the report in bench/results/segments.md
`
const { values } = readArguments(USAGE, {
  options: {
    users: { type: 'string', default: '5000000' },
    items: { type: 'string', default: '20000' },
    write: { type: 'boolean', default: false },
  },
})
const [userCount, itemCount] = [Number(values.users), Number(values.items)]
assert(Number.isInteger(userCount) && userCount >= 100 && Number.isInteger(itemCount) && itemCount >= 10)

const world = makeWorld(userCount, itemCount)
const computed = await arithmetic(world, availableParallelism())
const lines = ['# User segments', '', `\`npm run bench:segments\` on ${machine()}`, '', ...computed, '']
lines.push(...(await segmentJob(world)), '')
console.log(lines.join('\n'))
if (values.write) {
  mkdirSync(dirname(RESULTS), { recursive: true })
  writeFileSync(RESULTS, lines.join('\n'))
}
