/** How long a fit of aws-user-personalization takes as data grows, and what it holds at its height: each size in a process of its own. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { assert } from '../../src/lib/assert.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { quietControl } from '../../src/lib/work.ts'
import { fitHistoryFactors } from '../../src/recipes/historyFactors.ts'
import { generated } from './data.ts'

export interface Size {
  readonly itemCount: number
  readonly userCount: number
  /** Of each user. */
  readonly eventCount: number
}
interface Answer {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakBytes: number
  readonly plan: string
}

/** Up to the twenty million interactions with 20 000 items. */
export const SIZES: readonly Size[] = [
  { itemCount: 20_000, userCount: 20_000, eventCount: 50 },
  { itemCount: 20_000, userCount: 100_000, eventCount: 50 },
  { itemCount: 20_000, userCount: 400_000, eventCount: 50 },
]
export const MILLION: Size = { itemCount: 1_000_000, userCount: 400_000, eventCount: 50 }

const FLAGS = ['--experimental-wasm-revectorize', '--no-wasm-dynamic-tiering']

/** Lines of a table. */
export async function measureScaling(sizes: readonly Size[]): Promise<string[]> {
  const lines = [
    '| items | interactions | s | CPU s | GB at the height | planned |',
    '| --- | --- | --- | --- | --- | --- |',
  ]
  for (const size of sizes) {
    const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(size)], { execArgv: FLAGS })
    const [{ seconds, cpuSeconds, peakBytes, plan }]: Answer[] = await once(child, 'message')
    const numbers = [seconds.toFixed(1), cpuSeconds.toFixed(1), (peakBytes / 1e9).toFixed(1)]
    lines.push(`| ${size.itemCount} | ${size.userCount * size.eventCount} | ${numbers.join(' | ')} | ${plan} |`)
    console.log(lines.at(-1))
  }
  return lines
}

/** In the process of its own. */
async function fit(size: Size): Promise<Answer> {
  const interactions = generated(size)
  const start = stopwatchSeconds()
  const cpu = process.cpuUsage()
  let plan = ''
  const progress = ({ stage }: { stage: string }) => {
    plan = stage.replace(/^.*: /, '')
  }
  const control = { ...quietControl, progress, threads: availableParallelism() }
  const model = await fitHistoryFactors(interactions, { eventCount: 32, recencyTimes: [1, 8], rank: 149 }, control)
  assert(model.form === 'factors' && model.targets.every(Number.isFinite))
  const { user, system } = process.cpuUsage(cpu)
  return {
    seconds: stopwatchSeconds() - start,
    cpuSeconds: (user + system) / 1e6,
    peakBytes: 1024 * process.resourceUsage().maxRSS,
    plan,
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.send?.(await fit(JSON.parse(process.argv[2])))
  process.disconnect?.()
}
