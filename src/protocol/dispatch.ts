/**
 * From a target and a body to an answer: route → authenticate → parse → validate → authorize → handle → write. Knows the order of steps
 * and nothing of their content.
 */
import { assert } from '../lib/assert.ts'
import { formatBody, parseBody, parseTarget } from './awsJson.ts'
import { ServiceError } from './errors.ts'
import type { AnyOperation } from './operation.ts'
import { select } from './select.ts'
import { readInput } from './shape.ts'
import type { HttpMessage } from './sigv4Claims.ts'

export interface Service<Context> {
  /** What stands before the dot in `X-Amz-Target`. */
  readonly targetPrefix: string
  /** What stands before the colon where a policy names an operation: `personalize:CreateSchema`. */
  readonly actionPrefix: string
  readonly operations: readonly AnyOperation<Context>[]
}

export interface Request extends HttpMessage {
  readonly target: string | undefined
}

/** Who may call, and what happens then. */
export interface Hooks<Context, Caller> {
  /** Who asks, and the body to believe. Throws for a request that may not be believed. */
  authenticate(request: Request): { readonly caller: Caller; readonly body: Uint8Array }
  /** Throws unless the caller may do this with this input. */
  authorize(caller: Caller, action: string, operation: AnyOperation<Context>, input: unknown): void
  /** Gives a handler its context and keeps what it does together: a transaction. It is told which operation it is for. */
  within<T>(caller: Caller, operation: AnyOperation<Context>, handle: (context: Context) => Promise<T>): Promise<T>
}

export type Dispatch = (request: Request) => Promise<string>

/** Two operations of one name are refused here, at start-up. */
export function dispatcher<Context, Caller>(
  services: readonly Service<Context>[],
  { authenticate, authorize, within }: Hooks<Context, Caller>,
): Dispatch {
  const byTarget = new Map<string, { operation: AnyOperation<Context>; action: string }>()
  for (const { targetPrefix, actionPrefix, operations } of services) {
    for (const operation of operations) {
      const target = `${targetPrefix}.${operation.name}`
      assert(!byTarget.has(target), `${target} is declared twice`)
      byTarget.set(target, { operation, action: `${actionPrefix}:${operation.name}` })
    }
  }
  return async request => {
    const { service, operation: name } = parseTarget(request.target)
    const found = byTarget.get(`${service}.${name}`)
    if (!found) {
      throw new ServiceError('UnknownOperationException', `'${service}.${name}' is not an operation of this service.`)
    }
    const { operation, action } = found
    const { caller, body } = authenticate(request)
    const input = readInput(operation.input, parseBody(body))
    authorize(caller, action, operation, input)
    const output = await within(caller, operation, context => operation.handle(input, context))
    return operation.output === undefined ? '' : formatBody(select(operation.output, output))
  }
}
