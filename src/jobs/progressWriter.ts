/** The progress of running work, written to its record often enough for a person who watches. */
import { stopwatchSeconds } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { ProgressReport } from '../lib/work.ts'
import type { StateStore } from '../resources/stateStore.ts'
import { progressMeter } from './progressMeter.ts'

/** Progress is durable this often; the last of it is lost with the machine, not the work. */
const PROGRESS_SECONDS = 0.5

export function progressWriter(state: StateStore, workId: number, log: Log): (report: ProgressReport) => void {
  const meter = progressMeter(stopwatchSeconds)
  let last = { seconds: Number.NEGATIVE_INFINITY, stage: '' }
  return report => {
    const progress = meter(report)
    const seconds = stopwatchSeconds()
    const isLast = report.done === report.total
    if (!isLast && report.stage === last.stage && seconds - last.seconds < PROGRESS_SECONDS) return
    last = { seconds, stage: report.stage }
    state
      .transact(transaction => transaction.changeWork(workId, { progress }))
      .catch((error: unknown) => log.warn('progress could not be written', { error: String(error) }))
  }
}
