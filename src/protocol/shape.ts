/**
 * Shapes of requests and answers, declared once: a shape is the run-time check, the TypeScript type, the sentence of a violated constraint
 * and the row of the reference table. Names and limits are Smithy's (https://smithy.io/2.0/spec/constraint-traits.html).
 *
 * `read` copies a JSON value member by member: members nobody declared are left behind, null counts as absent, and every violated
 * constraint is collected, so that a caller sees all of them at once.
 */
import { assert } from '../lib/assert.ts'
import { ServiceError } from './errors.ts'

export interface Shape<T> {
  readonly type: 'string' | 'integer' | 'double' | 'boolean' | 'timestamp' | 'list' | 'map' | 'structure'
  readonly facts: ShapeFacts
  read(value: unknown, at: Position): T
}

/** What a test compares with the interface model, and the reference table prints. */
export interface ShapeFacts {
  readonly min?: number
  readonly max?: number
  readonly pattern?: string
  readonly enum?: readonly string[]
  readonly sensitive?: boolean
  readonly member?: Shape<unknown>
  readonly key?: Shape<unknown>
  readonly members?: Readonly<Record<string, Member<unknown>>>
}

export interface Member<T> {
  readonly shape: Shape<T>
  readonly required: boolean
}

/** Where in the request we are, and what has been found wrong so far. */
export interface Position {
  readonly path: string
  readonly violations: string[]
}

export type TypeOf<S> = S extends Shape<infer T> ? T : never
type MemberType<M> = M extends Optional<infer T> ? T | undefined : M extends Shape<infer T> ? T : never
type OptionalKeys<M> = { [K in keyof M]: M[K] extends Optional<unknown> ? K : never }[keyof M]
export type StructureType<M> = { [K in Exclude<keyof M, OptionalKeys<M>>]: MemberType<M[K]> } & {
  [K in OptionalKeys<M>]?: MemberType<M[K]>
}
export interface Optional<T> {
  readonly optional: Shape<T>
}

export const optional = <T>(shape: Shape<T>): Optional<T> => ({ optional: shape })

/** A value of the wrong JSON type is not a violated constraint: nothing after it can be understood. Wording as the AWS JSON parsers give it. */
function unexpected(value: unknown, expected: string, at: Position): never {
  const found = Array.isArray(value)
    ? 'Start of list found where not expected'
    : typeof value === 'object' && value !== null
      ? 'Start of structure or map found where not expected'
      : `${{ string: 'STRING', number: 'NUMBER' }[typeof value as string] ?? String(value).toUpperCase()}_VALUE can not be converted to ${expected}`
  throw new ServiceError('SerializationException', `${found}: '${at.path}' takes ${expected}.`)
}

function violate(at: Position, value: string, constraint: string): void {
  at.violations.push(`Value ${value} at '${at.path}' failed to satisfy constraint: Member must ${constraint}`)
}

/** Values are echoed so that a person finds them, but no more of them than a line can hold. */
const ECHO_CHARACTERS_MAX = 300
function echo(value: unknown, facts: ShapeFacts): string {
  if (isSensitive(facts)) return "'***'"
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  if (text.length <= ECHO_CHARACTERS_MAX) return `'${text}'`
  // By code points: half a pair is not text, and clients in other languages stumble over it. Each takes two code units at most.
  const characters = [...text.slice(0, 2 * ECHO_CHARACTERS_MAX + 2)]
  if (characters.length <= ECHO_CHARACTERS_MAX) return `'${text}'`
  return `'${characters.slice(0, ECHO_CHARACTERS_MAX).join('')}…'`
}

/** A list shows what is in it when any part of that may be shown. */
function isSensitive({ sensitive, member, key, members = {} }: ShapeFacts): boolean {
  const inner = [member, key, ...Object.values(members).map(({ shape }) => shape)]
  return sensitive === true || inner.some(shape => shape !== undefined && isSensitive(shape.facts))
}

/** Patterns can take quadratic time; a value that is far too long is refused by its length alone. */
const PATTERN_CHARACTERS_MAX = 4096

/** A string; `min` and `max` count code points, `pattern` must match the whole of it. */
export function string(
  facts: { min?: number; max?: number; pattern?: string; sensitive?: boolean } = {},
): Shape<string> {
  const whole = facts.pattern === undefined ? undefined : new RegExp(`^(?:${facts.pattern})$`, 'u')
  return {
    type: 'string',
    facts,
    read(value, at) {
      if (typeof value !== 'string') unexpected(value, 'a String', at)
      const length = [...value].length
      const shown = echo(value, facts)
      if (facts.max !== undefined && length > facts.max) {
        violate(at, shown, `have length less than or equal to ${facts.max}`)
      }
      if (facts.min !== undefined && length < facts.min) {
        violate(at, shown, `have length greater than or equal to ${facts.min}`)
      }
      if (whole && (value.length > PATTERN_CHARACTERS_MAX || !whole.test(value))) {
        violate(at, shown, `satisfy regular expression pattern: ${facts.pattern}`)
      }
      return value
    },
  }
}

export function enumeration<const V extends string>(values: readonly V[]): Shape<V> {
  return {
    type: 'string',
    facts: { enum: values },
    read(value, at) {
      if (typeof value !== 'string') unexpected(value, 'a String', at)
      if (!values.includes(value as V)) violate(at, echo(value, {}), `satisfy enum value set: [${values.join(', ')}]`)
      return value as V
    },
  }
}

function number(type: 'integer' | 'double', expected: string, facts: { min?: number; max?: number }): Shape<number> {
  const fits = type === 'integer' ? isInt32 : Number.isFinite
  return {
    type,
    facts,
    read(value, at) {
      if (typeof value !== 'number' || !fits(value)) unexpected(value, expected, at)
      if (facts.max !== undefined && value > facts.max) {
        violate(at, echo(value, facts), `have value less than or equal to ${facts.max}`)
      }
      if (facts.min !== undefined && value < facts.min) {
        violate(at, echo(value, facts), `have value greater than or equal to ${facts.min}`)
      }
      return value
    },
  }
}

/** Smithy's integer has 32 bits. JSON may say 1e999, which is read as Infinity: no number of its text's kind. */
const isInt32 = (value: number): boolean => value === (value | 0)

export const integer = (facts: { min?: number; max?: number } = {}): Shape<number> =>
  number('integer', 'an Integer', facts)
export const double = (facts: { min?: number; max?: number } = {}): Shape<number> => number('double', 'a Double', facts)

export const boolean: Shape<boolean> = {
  type: 'boolean',
  facts: {},
  read: (value, at) => (typeof value === 'boolean' ? value : unexpected(value, 'a Boolean', at)),
}

/** Epoch seconds, milliseconds as a fraction. */
export const timestamp: Shape<number> = {
  type: 'timestamp',
  facts: {},
  read: (value, at) => (Number.isFinite(value) ? (value as number) : unexpected(value, 'a Timestamp', at)),
}

export function list<T>(member: Shape<T>, facts: { min?: number; max?: number } = {}): Shape<T[]> {
  return {
    type: 'list',
    facts: { ...facts, member },
    read(value, at) {
      if (!Array.isArray(value)) unexpected(value, 'a List', at)
      checkLength(value.length, value, { ...facts, member }, at)
      return value
        .slice(0, facts.max)
        .map((each, i) => member.read(each, { ...at, path: `${at.path}.${i + 1}.member` }))
    },
  }
}

export function map<T>(key: Shape<string>, member: Shape<T>, facts: { max?: number } = {}): Shape<Record<string, T>> {
  return {
    type: 'map',
    facts: { ...facts, key, member },
    read(value, at) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) unexpected(value, 'a Map', at)
      const entries = Object.entries(value)
      checkLength(entries.length, value, { ...facts, key, member }, at)
      const result: Record<string, T> = Object.create(null)
      for (const [name, each] of entries.slice(0, facts.max)) {
        key.read(name, { ...at, path: `${at.path}.key` })
        result[name] = member.read(each, { ...at, path: `${at.path}.${name}.member` })
      }
      return result
    },
  }
}

function checkLength(length: number, value: unknown, facts: ShapeFacts, at: Position): void {
  if (facts.max !== undefined && length > facts.max) {
    violate(at, echo(value, facts), `have length less than or equal to ${facts.max}`)
  }
  if (facts.min !== undefined && length < facts.min) {
    violate(at, echo(value, facts), `have length greater than or equal to ${facts.min}`)
  }
}

export function structure<M extends Record<string, Shape<unknown> | Optional<unknown>>>(
  declared: M,
): Shape<StructureType<M>> {
  const members: Record<string, Member<unknown>> = {}
  for (const [name, each] of Object.entries(declared)) {
    members[name] = 'optional' in each ? { shape: each.optional, required: false } : { shape: each, required: true }
  }
  return {
    type: 'structure',
    facts: { members },
    read(value, at) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) unexpected(value, 'a Structure', at)
      const given = value as Record<string, unknown>
      const result: Record<string, unknown> = {}
      for (const [name, { shape, required }] of Object.entries(members)) {
        const path = at.path === '' ? name : `${at.path}.${name}`
        const each = Object.hasOwn(given, name) ? given[name] : undefined
        if (each !== undefined && each !== null) result[name] = shape.read(each, { ...at, path })
        else if (required) violate({ ...at, path }, 'null', 'not be null')
      }
      return result as StructureType<M>
    },
  }
}

/** The whole of a request, or every violation in one sentence, as AWS words it. */
export function readInput<T>(shape: Shape<T>, value: unknown): T {
  assert(shape.type === 'structure')
  const violations: string[] = []
  const input = shape.read(value, { path: '', violations })
  if (violations.length > 0) {
    const errors = violations.length === 1 ? '1 validation error' : `${violations.length} validation errors`
    throw new ServiceError('InvalidInputException', `${errors} detected: ${violations.join('; ')}`)
  }
  return input
}
