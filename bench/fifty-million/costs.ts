/** What a job cost, as the compute process says it in the server's log. */
import { assert } from '../../src/lib/assert.ts'

/** Of one job. */
export interface Cost {
  /** From its Create operation until it is ACTIVE. */
  readonly wholeSeconds: number
  /** From the first record to the last, by the clock. */
  readonly seconds: number
  /** Of processor time in them. */
  readonly userSeconds: number
  readonly systemSeconds: number
  /** Of processor time before: start, survey, model, filter. */
  readonly loadedSeconds: number
  readonly residentMegabytes: number
}

/** Of a batch inference job. */
export interface JobCost extends Cost {
  readonly stages: readonly { readonly name: string; readonly share: number }[]
  /** What it said before it began. */
  readonly planned: { readonly gigabytes: number; readonly seconds: number }
}

/** What the compute process told of itself in the log, at its end. */
export function answeredIn(log: string, kind: 'inference' | 'segment'): Omit<Cost, 'wholeSeconds'> {
  const line = new RegExp(`a batch ${kind} job has answered (.*)`).exec(log)?.[1]
  assert(line, `the log tells of the job:\n${log}`)
  const number = (name: string) => Number(new RegExp(`${name}=([\\d.]+)`).exec(line)?.[1])
  return {
    seconds: number(' seconds'),
    userSeconds: number('userSeconds'),
    systemSeconds: number('systemSeconds'),
    loadedSeconds: number('loadedSeconds'),
    residentMegabytes: number('residentMegabytes'),
  }
}

export function costIn(log: string): Omit<JobCost, 'wholeSeconds'> {
  const plan = /plan="([\d.]+) GB of memory at most.*?, some (\d+) s for/.exec(log)
  const stages = /stages="([^"]+)"/.exec(log)
  assert(plan && stages, `the log tells of the job:\n${log}`)
  return {
    ...answeredIn(log, 'inference'),
    stages: stages[1].split(', ').map(stage => {
      const [name, share] = stage.split(' ')
      return { name, share: Number(share) / 100 }
    }),
    planned: { gigabytes: Number(plan[1]), seconds: Number(plan[2]) },
  }
}
