/** What a handler has: the resources of the caller's account and region, inside one transaction. */
import { operationOf } from '../protocol/operation.ts'
import type { Resources } from '../resources/resources.ts'

export interface ApiContext {
  readonly resources: Resources
}

export const operation = operationOf<ApiContext>()
