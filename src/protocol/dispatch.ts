/** From a target and a body to an answer: route → parse → validate → handle → write. Knows the order of steps and nothing of their content. */
import { assert } from '../lib/assert.ts'
import { formatBody, parseBody, parseTarget } from './awsJson.ts'
import { ServiceError } from './errors.ts'
import type { AnyOperation } from './operation.ts'
import { readInput, select } from './shape.ts'

export interface Service<Context> {
  /** What stands before the dot in `X-Amz-Target`. */
  readonly targetPrefix: string
  readonly operations: readonly AnyOperation<Context>[]
}

export interface Request {
  readonly target: string | undefined
  readonly authorization: string | undefined
  readonly body: Uint8Array
}

export type Dispatch = (request: Request) => Promise<string>

/**
 * `within` gives a handler its context and keeps what it does together: a transaction. It is told which operation it is for.
 * Two operations of one name are refused here, at start-up.
 */
export function dispatcher<Context>(
  services: readonly Service<Context>[],
  within: <T>(
    request: Request,
    operation: AnyOperation<Context>,
    handle: (context: Context) => Promise<T>,
  ) => Promise<T>,
): Dispatch {
  const byTarget = new Map<string, AnyOperation<Context>>()
  for (const { targetPrefix, operations } of services) {
    for (const operation of operations) {
      const target = `${targetPrefix}.${operation.name}`
      assert(!byTarget.has(target), `${target} is declared twice`)
      byTarget.set(target, operation)
    }
  }
  return async request => {
    const { service, operation: name } = parseTarget(request.target)
    const operation = byTarget.get(`${service}.${name}`)
    if (!operation) {
      throw new ServiceError('UnknownOperationException', `'${service}.${name}' is not an operation of this service.`)
    }
    const input = readInput(operation.input, parseBody(request.body))
    const output = await within(request, operation, context => operation.handle(input, context))
    return operation.output === undefined ? '' : formatBody(select(operation.output, output))
  }
}
