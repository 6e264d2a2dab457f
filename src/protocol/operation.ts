/** One operation of a service: what comes in, what goes out, what can go wrong, and what happens. */
import type { ErrorName } from './errors.ts'
import type { Shape } from './shape.ts'

export interface Operation<Input, Context> {
  readonly name: string
  readonly input: Shape<Input>
  /** Which members of what `handle` returns are written; undefined: the answer's body is empty. */
  readonly output: Shape<unknown> | undefined
  readonly errors: readonly ErrorName[]
  /** Where this departs from the reference service, for the reference page; absent: nowhere that is known. */
  readonly differences?: string
  handle(input: Input, context: Context): Promise<object | undefined>
}

export type AnyOperation<Context> = Operation<unknown, Context>

export const operationOf =
  <Context>() =>
  <Input>(declared: Operation<Input, Context>): Operation<Input, Context> =>
    declared
