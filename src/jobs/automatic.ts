/** What the service does by itself, while nobody's work waits or runs and unless the operator has switched it off. */
import type { Log } from '../lib/log.ts'
import type { ResourcesOptions } from '../resources/resources.ts'
import type { StateStore } from '../resources/stateStore.ts'
import { startAutomaticRetraining } from './autoRetraining.ts'
import { startAutomaticTraining } from './autoTraining.ts'

/** Whether something is due is asked this often at most. */
export const AUTOMATIC_LOOK_MS = 60_000

export interface AutomaticOptions extends ResourcesOptions {
  readonly state: StateStore
  readonly autoTraining: boolean
  readonly log: Log
}

/** Asked at every look of the engine that finds it idle; resolves to whether there is something to do now. */
export function automaticStarter(options: AutomaticOptions): () => Promise<boolean> {
  let lastMs = Number.NEGATIVE_INFINITY
  return async () => {
    const nowMs = options.clock.nowMs()
    if (!options.autoTraining || nowMs - lastMs < AUTOMATIC_LOOK_MS) return false
    lastMs = nowMs
    let any = false
    for (const start of [startAutomaticTraining, startAutomaticRetraining])
      if (await options.state.transact(transaction => start(transaction, options))) any = true
    return any
  }
}
