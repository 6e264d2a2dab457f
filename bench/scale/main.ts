/**
 * What training takes as data grows: every recipe on made-up data sets (world.ts), each training in a process of its own, one after the other.
 * CPU time beside the clock, since machines are shared. `--write` keeps each run in bench/results/scale.json as soon as it ends, and all that is kept as
 * tables in bench/results/scale.md. Exit code 1 when a training ends without a model and without a sentence, or takes more memory than may be.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { readArguments } from '../../scripts/arguments.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import { recipes } from '../../src/recipes/index.ts'
import { machine } from '../lib/machine.ts'
import { isAnothers } from '../lib/sameTraining.ts'
import { report } from './report.ts'
import { keepRun, type Run } from './results.ts'
import type { Said, Trained } from './trainOne.ts'

const RESULTS = fileURLToPath(new URL('../results/scale.md', import.meta.url))
const TRAIN_ONE = fileURLToPath(new URL('./trainOne.ts', import.meta.url))
/** As src/jobs/computeRunner.ts starts the compute process. */
const FLAGS = ['--disable-warning=ExperimentalWarning', '--no-wasm-dynamic-tiering', '--experimental-wasm-revectorize']
const SIZES = ['5000000x100000', '20000000x1000000', '50000000x1000000']
/** What says how the work will be done, of the stages that are told. */
const PLAN = /\d GB\b/

const USAGE = `usage: npm run bench:scale -- [--recipe NAME] [--size EVENTSxITEMS] [--minutes N] [--write]

Time and memory of training each recipe, evaluation and refit, on made-up data.

  --recipe   this one alone; otherwise all but those whose training is another one's, which stand in its row
  --size     default ${SIZES.join(', ')}; a recipe that takes fewer items gets as many as it takes
  --minutes  a training that takes longer by the clock is stopped (default 60)
  --write    keeps the runs in bench/results/scale.json and scale.md
`
const { values } = readArguments(USAGE, {
  options: {
    recipe: { type: 'string' },
    size: { type: 'string' },
    minutes: { type: 'string', default: '60' },
    write: { type: 'boolean', default: false },
  },
})
const chosen = recipes.filter(({ name, legacy }) =>
  values.recipe ? name === values.recipe : !legacy && !isAnothers(name),
)
if (chosen.length === 0) {
  console.error(new Refusal(`There is no recipe ${values.recipe}.`).message)
  process.exit(1)
}
const runs: Run[] = []
for (const size of values.size ? [values.size] : SIZES) {
  const [eventCount, items] = size.split('x').map(Number)
  for (const recipe of chosen) {
    const run = await train(recipe.name, eventCount, Math.min(items, recipe.limits.itemCount))
    runs.push(run)
    if (values.write) writeFileSync(RESULTS, `${report(keepRun(run)).lines.join('\n')}\n`)
  }
}
const told = report(runs)
console.log(told.lines.join('\n'))
process.exitCode = told.missed > 0 ? 1 : 0

async function train(recipe: string, eventCount: number, itemCount: number): Promise<Run> {
  process.stderr.write(`${recipe}, ${eventCount} events, ${itemCount} items\n`)
  const child = spawn(process.execPath, [...FLAGS, TRAIN_ONE, recipe, String(eventCount), String(itemCount)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const minutes = Number(values.minutes)
  let late = false
  const stop = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, 60_000 * minutes)
  const stages: string[] = []
  let trained: Trained | undefined
  let failed: string | undefined
  const ended = once(child, 'close')
  for await (const line of createInterface({ input: child.stdout })) {
    const said: Said = JSON.parse(line)
    if ('stage' in said) {
      stages.push(said.stage)
      process.stderr.write(`  ${said.atSeconds.toFixed(0)} s: ${said.stage}\n`)
    } else if ('trained' in said) trained = said.trained
    else failed = said.refused
  }
  const [code, signal] = await ended
  clearTimeout(stop)
  if (late) failed = `Stopped after ${minutes} minutes, while '${stages.at(-1)}'.`
  else if (!trained && failed === undefined)
    failed = `Died without a sentence (${signal ?? code}), while '${stages.at(-1)}'.`
  const plans = [...new Set(stages.filter(stage => PLAN.test(stage)))]
  return {
    recipe,
    eventCount,
    itemCount,
    plans,
    ...(trained && { trained }),
    ...(failed !== undefined && { failed }),
    machine: machine(),
  }
}
