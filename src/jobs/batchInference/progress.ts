/** The job's counts: what earlier attempts did, what is finished, what the threads are at. The total is exact, from the survey. */
import type { WorkControl } from '../../lib/work.ts'

interface Counts {
  readonly records: number
  readonly failed: number
}

export class RecordProgress {
  readonly #control: WorkControl
  readonly #total: number
  #records = 0
  #failed = 0
  /** By shard: what its present try has answered. A try that fails is forgotten, so the count may go back. */
  readonly #underWay = new Map<object, Counts>()

  constructor(control: WorkControl, total: number) {
    this.#control = control
    this.#total = total
  }

  underWay(shard: object, counts: Counts): void {
    this.#underWay.set(shard, counts)
    this.#report()
  }

  finished(shard: object, { records, failed }: Counts): void {
    this.#underWay.delete(shard)
    this.#records += records
    this.#failed += failed
    this.#report()
  }

  #report(): void {
    let done = this.#records
    let failed = this.#failed
    for (const counts of this.#underWay.values()) {
      done += counts.records
      failed += counts.failed
    }
    this.#control.progress({ stage: 'recommendations', done, total: this.#total, failed, unit: 'records' })
  }
}
