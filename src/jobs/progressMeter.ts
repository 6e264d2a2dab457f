/** Turns reports of work done into a rate and a time left, per stage. */
import type { ProgressReport } from '../lib/work.ts'

export interface MeteredProgress extends ProgressReport {
  /** `unit`s per second since the stage began; absent in its first moments. */
  readonly perSecond?: number
  readonly secondsLeft?: number
}

/** A rate from less time than this is noise. */
const RATE_SECONDS_MIN = 1

/** `nowSeconds` never runs backwards. */
export function progressMeter(nowSeconds: () => number): (report: ProgressReport) => MeteredProgress {
  let stage: { name: string; startSeconds: number; startDone: number } | undefined
  return report => {
    if (stage?.name !== report.stage) {
      stage = { name: report.stage, startSeconds: nowSeconds(), startDone: report.done }
    }
    const seconds = nowSeconds() - stage.startSeconds
    const done = report.done - stage.startDone
    if (seconds < RATE_SECONDS_MIN || done <= 0) return report
    const perSecond = done / seconds
    const secondsLeft = report.total === undefined ? undefined : Math.max(0, (report.total - report.done) / perSecond)
    return { ...report, perSecond, ...(secondsLeft !== undefined && { secondsLeft }) }
  }
}
