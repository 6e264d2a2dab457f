/**
 * The job's counts: what earlier attempts did, what is finished, what the threads are at. The total is exact, from the survey. Output is
 * written while other inputs are still being answered; only when every record is answered is it what there is to wait for.
 */
import type { ProgressReport, WorkControl } from '../../lib/work.ts'

interface Counts {
  readonly records: number
  readonly failed: number
}

interface Finished extends Counts {
  /** Of output. */
  readonly bytes: number
}

export class RecordProgress {
  readonly #control: WorkControl
  readonly #total: number
  #records = 0
  #failed = 0
  #bytes = 0
  #bytesWritten = 0
  #plan: string | undefined
  /** By shard: what its present try has answered. A try that fails is forgotten, so the count may go back. */
  readonly #underWay = new Map<number, Counts>()

  constructor(control: WorkControl, total: number) {
    this.#control = control
    this.#total = total
  }

  /** What earlier attempts did. Not reported by itself: a rate is measured from the first report on, and this took no time. */
  earlier({ records, failed, bytes }: Finished): void {
    this.#records += records
    this.#failed += failed
    this.#bytes += bytes
  }

  /** What the job will take; told with every report from now on. */
  planned(plan: string): void {
    this.#plan = plan
    this.report()
  }

  underWay(shard: number, counts: Counts): void {
    this.#underWay.set(shard, counts)
    this.report()
  }

  finished(shard: number, counts: Finished): void {
    this.#underWay.delete(shard)
    this.earlier(counts)
    this.report()
  }

  /** So many bytes more of the output are where they belong. */
  written(bytes: number): void {
    this.#bytesWritten += bytes
    if (this.#records < this.#total) return
    const [done, total, failed] = [this.#bytesWritten, this.#bytes, this.#failed]
    this.#tell({ stage: 'writing the output', done, total, failed, unit: 'bytes' })
  }

  /** At the start, so that a rate is measured from where this attempt began; at the end, so that records stay with the job, not bytes. */
  report(): void {
    let done = this.#records
    let failed = this.#failed
    for (const counts of this.#underWay.values()) {
      done += counts.records
      failed += counts.failed
    }
    this.#tell({ stage: 'recommendations', done, total: this.#total, failed, unit: 'records' })
  }

  #tell(report: ProgressReport): void {
    this.#control.progress(this.#plan === undefined ? report : { ...report, plan: this.#plan })
  }
}
