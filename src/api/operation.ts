/** What a handler has: the resources of the caller's account and region, inside one transaction. */
import { operationOf } from '../protocol/operation.ts'
import type { Resources } from '../resources/resources.ts'

export interface ApiContext {
  readonly resources: Resources
}

/** An answer that takes arithmetic: it is made after the transaction, by a kind of work, in a process of its own (jobs/computeNow.ts). */
export class Computed {
  readonly kind: string
  readonly description: unknown
  constructor(kind: string, description: unknown) {
    this.kind = kind
    this.description = description
  }
}

export const operation = operationOf<ApiContext>()
