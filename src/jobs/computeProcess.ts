/**
 * The compute process: gets one assignment, carries it out, says how it went, ends. Forked by computeRunner.ts, which puts V8's kernel
 * flags on its command line. When the service dies the channel closes, and so does this.
 */
import { fastestTiles, tilesText } from '../kernels/tileShape.ts'
import { stopwatchSeconds } from '../lib/clock.ts'
import { createLog } from '../lib/log.ts'
import { Refusal } from '../lib/refusal.ts'
import { ObjectError } from '../objects/objectStore.ts'
import { openObjectStore } from '../objects/open.ts'
import type { ComputeContext } from './computeContext.ts'
import { workKindNamed } from './index.ts'
import type { Assignment, FromCompute, ToCompute } from './messages.ts'

/** Reports travel between processes at most this often. */
const REPORT_SECONDS = 0.2

const stop = new AbortController()
const waiting = new Map<number, () => void>()
let checkpoints = 0

process.on('disconnect', () => process.exit(1))
process.on('message', (message: ToCompute) => {
  if (message.say === 'begin') void carryOut(message.assignment, message.kernelsChecked)
  else if (message.say === 'stop') stop.abort(new Error('the work was stopped'))
  else {
    waiting.get(message.checkpoint)?.()
    waiting.delete(message.checkpoint)
  }
})

async function carryOut(assignment: Assignment, kernelsChecked: boolean): Promise<void> {
  const kind = workKindNamed(assignment.kind)
  if (!kernelsChecked) {
    const { selfTest } = await import('../kernels/selfTest.ts')
    const kernels = selfTest()
    if (!kernels.identical) return leave({ say: 'kernelsDiffer', names: kernels.differing })
    const tiles = tilesText(fastestTiles())
    createLog().info('kernels agree with their twins', { kind: assignment.kind, tiles, fused: kernels.fused })
    say({ say: 'kernelsAgree' })
  }
  try {
    leave({ say: 'done', result: await kind.run!(assignment.description, contextOf(assignment)) })
  } catch (error) {
    if (error instanceof Refusal) {
      const retry = error instanceof ObjectError && error.code === 'Unavailable'
      leave({ say: 'refused', reason: error.message, retry })
    } else if (isExhausted(error)) {
      leave({ say: 'refused', reason: `The machine the work ran on has no room left (${error.code}).`, retry: true })
    } else leave({ say: 'broken', error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

/** Room on the disk or in the table of open files comes back when others end. */
const isExhausted = (error: unknown): error is NodeJS.ErrnoException =>
  ['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE'].includes((error as NodeJS.ErrnoException | undefined)?.code ?? '')

function contextOf(assignment: Assignment): ComputeContext {
  const { stores, scratchFolder, threads, filterEventsPerType, exactProbabilities, attempt, finished } = assignment
  let lastReport: { seconds: number; stage: string } | undefined
  return {
    objects: openObjectStore(stores.objects),
    artifacts: openObjectStore(stores.artifacts),
    stores,
    scratchFolder,
    threads,
    filterEventsPerType,
    exactProbabilities: exactProbabilities ?? false,
    attempt,
    finished,
    signal: stop.signal,
    log: createLog(),
    progress(report) {
      const seconds = stopwatchSeconds()
      const last = report.done === report.total || lastReport?.stage !== report.stage
      if (!last && lastReport && seconds - lastReport.seconds < REPORT_SECONDS) return
      lastReport = { seconds, stage: report.stage }
      say({ say: 'progress', report })
    },
    checkpoint: (name, value) =>
      new Promise(resolve => {
        const number = ++checkpoints
        waiting.set(number, resolve)
        say({ say: 'checkpoint', number, name, value })
      }),
  }
}

function say(message: FromCompute): void {
  process.send?.(message)
}

/** The last word, and out: nothing that still runs here matters any more. */
function leave(message: FromCompute): void {
  process.send?.(message, () => process.exit(0))
}
