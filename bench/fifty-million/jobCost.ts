/** What a job says of itself in the server's log. */
import { assert } from '../../src/lib/assert.ts'

/** Of one job. */
export interface JobCost {
  /** From CreateBatchInferenceJob until it is ACTIVE. */
  readonly wholeSeconds: number
  /** From the first record to the last, by the clock. */
  readonly seconds: number
  /** Of processor time in them. */
  readonly userSeconds: number
  readonly systemSeconds: number
  /** Of processor time before: start, survey, model, filter. */
  readonly loadedSeconds: number
  readonly residentMegabytes: number
  readonly stages: readonly { readonly name: string; readonly share: number }[]
  /** What it said before it began. */
  readonly planned: { readonly gigabytes: number; readonly seconds: number }
}

/** The lines of the log in which the compute process tells of itself. */
export function costIn(log: string): Omit<JobCost, 'wholeSeconds'> {
  const plan = /plan="([\d.]+) GB of memory at most.*?, some (\d+) s for/.exec(log)
  const line = /a batch inference job has answered (.*)/.exec(log)?.[1]
  assert(plan && line, `the log tells of the job:\n${log}`)
  const number = (name: string) => Number(new RegExp(`${name}=([\\d.]+)`).exec(line)?.[1])
  const stages = /stages="([^"]+)"/
    .exec(line)![1]
    .split(', ')
    .map(stage => {
      const [name, share] = stage.split(' ')
      return { name, share: Number(share) / 100 }
    })
  return {
    seconds: number(' seconds'),
    userSeconds: number('userSeconds'),
    systemSeconds: number('systemSeconds'),
    loadedSeconds: number('loadedSeconds'),
    residentMegabytes: number('residentMegabytes'),
    stages,
    planned: { gigabytes: Number(plan[1]), seconds: Number(plan[2]) },
  }
}
