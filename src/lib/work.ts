/** How a long piece of work reports and is stopped. Everything that takes more than a moment takes one of these. */
export interface WorkControl {
  /** Aborted when the work is no longer wanted; the body then throws `signal.reason` promptly. */
  readonly signal: AbortSignal
  /** What is being done and how far it is. Cheap: call it often; the receiver thins it out. */
  progress(report: ProgressReport): void
}

export interface ProgressReport {
  /** In a few words, for a person: 'evaluation: solving'. */
  readonly stage: string
  /** In `unit`s; `total` is absent while it is unknown. */
  readonly done: number
  readonly total?: number
  readonly failed?: number
  /** What all of the work will take, once that is known: in a line, for a person. */
  readonly plan?: string
  /** 'records', 'rows', 'steps'. */
  readonly unit: string
}

export const quietControl: WorkControl = { signal: new AbortController().signal, progress: () => {} }
