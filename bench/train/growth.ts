/** How training grows with its data: aws-user-personalization, evaluation and refit, each size in a process of its own (bench/scale/trainOne.ts). */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { assert } from '../../src/lib/assert.ts'
import type { Said } from '../scale/trainOne.ts'

const RECIPE = 'aws-user-personalization'
const ITEMS = 20_000
const EVENTS = [1_000_000, 5_000_000, 20_000_000]
/** A size that takes longer is left out of the table, with a sentence: the largest takes two minutes of two quiet processors. */
const MINUTES_MAX = 10
/** As src/jobs/computeRunner.ts starts the compute process. */
const FLAGS = ['--no-wasm-dynamic-tiering', '--experimental-wasm-revectorize']
const TRAIN_ONE = fileURLToPath(new URL('../scale/trainOne.ts', import.meta.url))
/** The stage that says how the work will be done. */
const PLANNED = /: (\d[\d.]* GB, .*)$/

export const GROWTH_COLUMNS = ['items', 'interactions', 's', 's of CPU', 'GB', 'GB of data', 'planned']

/** Lines of a table, told one by one, since the last takes minutes. */
export function* growthLines(): Generator<string> {
  yield `| ${GROWTH_COLUMNS.join(' | ')} |`
  yield `| ${GROWTH_COLUMNS.map(() => '---:').join(' | ')} |`
  for (const events of EVENTS) {
    const said = train(events)
    const end = said?.at(-1)
    const cells = [String(ITEMS), String(events)]
    if (!said) cells.push(`stopped after ${MINUTES_MAX} minutes`)
    else if (end && 'trained' in end) {
      const { seconds, processorSeconds, peakBytes, dataBytes } = end.trained
      const planned = said.map(line => ('stage' in line ? PLANNED.exec(line.stage)?.[1] : undefined)).findLast(Boolean)
      cells.push(seconds.toFixed(1), processorSeconds.toFixed(1))
      cells.push((peakBytes / 1e9).toFixed(1), (dataBytes / 1e9).toFixed(1), planned ?? '')
    } else if (end && 'refused' in end) cells.push(end.refused)
    yield `| ${Object.assign(Array(GROWTH_COLUMNS.length).fill(''), cells).join(' | ')} |`
  }
}

/** What the training told, its end last; undefined when it was stopped. */
function train(events: number): Said[] | undefined {
  const { status, signal, stdout } = spawnSync(
    process.execPath,
    [...FLAGS, TRAIN_ONE, RECIPE, String(events), String(ITEMS)],
    { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', timeout: 60_000 * MINUTES_MAX },
  )
  if (signal === 'SIGTERM') return undefined
  assert(status === 0, `the training ended with status ${status}`)
  return stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
}
