/** How far a run is, and how long it will still take. */
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { keyOf, readCells, type TrainingName } from './results.ts'
import { shown } from './trainings.ts'

/** To start a process, read the data and rank: in seconds. */
const AROUND_TRAINING_SECONDS = 1.5
/** Of a training that has never been measured. */
const TRAINING_SECONDS = 3

/**
 * Called with each training as it ends, gives the line to be shown. What is left is told from what the same trainings took when they were last kept,
 * at the pace of this run.
 */
export function progressOf(trainings: readonly TrainingName[]): (ended: TrainingName) => string {
  const kept = new Map(readCells().map(cell => [keyOf(cell), cell.seconds]))
  const expected = (training: TrainingName): number =>
    AROUND_TRAINING_SECONDS + (kept.get(keyOf({ ...training, protocol: training.protocols[0] })) ?? TRAINING_SECONDS)
  const all = trainings.reduce((sum, training) => sum + expected(training), 0)
  const start = stopwatchSeconds()
  let [count, done] = [0, 0]
  return ended => {
    count++
    done += expected(ended)
    const leftMinutes = ((stopwatchSeconds() - start) * (all / done - 1)) / 60
    return `${count} of ${trainings.length}, about ${leftMinutes.toFixed(1)} min left: ${shown(ended)}`
  }
}
