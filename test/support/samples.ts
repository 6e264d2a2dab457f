/**
 * Values for shapes, made from their facts alone, and every place in a request where one can stand. A new operation is covered as soon as
 * it is declared; a pattern that none of the frames fits fails with a sentence that says so.
 */
import assert from 'node:assert/strict'
import type { Shape, ShapeFacts } from '../../src/protocol/shape.ts'

export type Input = Record<string, unknown>
type AnyShape = Shape<unknown>

/** One place of a request, and the smallest request that has `value` there. */
export interface Place {
  /** As error sentences name it. */
  readonly path: string
  readonly shape: AnyShape
  /** The member of the request it lies in. */
  readonly top: string
  put(value: unknown): Input
}

/** Strings of any length that the patterns of the interface model accept: prefix, filler, suffix. */
const FRAMES: readonly (readonly [prefix: string, filler: string, suffix: string])[] = [
  ['', 'a', ''],
  ['arn:aws:personalize:us-east-1:000000000000:x/', 'a', ''],
  ['arn:aws:iam::000000000000:role/', 'a', ''],
  ['arn:aws:kms:us-east-1:000000000000:key/', 'a', ''],
  ['s3://b/', 'a', ''],
  ['rate(', '1', ' days)'],
]

const framed = ([prefix, filler, suffix]: (typeof FRAMES)[number], length: number): string =>
  prefix + filler.repeat(Math.max(0, length - prefix.length - suffix.length)) + suffix

/** A string of this length that the pattern accepts; undefined: there is none. */
export function stringOf({ pattern }: ShapeFacts, length: number): string | undefined {
  const whole = new RegExp(`^(?:${pattern ?? '[^]*'})$`, 'u')
  return FRAMES.map(frame => framed(frame, length)).find(text => text.length === length && whole.test(text))
}

/** The shortest string the shape accepts, and not an empty one where that can be helped. */
function shortest(facts: ShapeFacts): string {
  const { min = 0, max = 2048 } = facts
  for (let length = Math.max(1, min); length <= max; length++) {
    const text = stringOf(facts, length)
    if (text !== undefined) return text
  }
  return assert.fail(`test/support/samples.ts has no frame for the pattern ${facts.pattern}: add one`)
}

/** The smallest value that satisfies the shape; it names nothing that exists. */
export function sample(shape: AnyShape): unknown {
  const { facts } = shape
  switch (shape.type) {
    case 'string':
      return facts.enum?.[0] ?? shortest(facts)
    case 'boolean':
      return false
    case 'list':
      return Array.from({ length: facts.min ?? 0 }, () => sample(facts.member!))
    case 'map':
      return {}
    case 'structure':
      return smallest(shape)
    default:
      return facts.min ?? Math.min(1, facts.max ?? 1)
  }
}

/** The required members and nothing else. */
export function smallest(shape: AnyShape): Input {
  const required = Object.entries(shape.facts.members!).filter(([, member]) => member.required)
  return Object.fromEntries(required.map(([name, member]) => [name, sample(member.shape)]))
}

/** Every place there is in a request of this shape, outside in. */
export function placesIn(shape: AnyShape): Place[] {
  return Object.entries(shape.facts.members!).flatMap(([name, member]) => {
    const place: Place = {
      path: name,
      shape: member.shape,
      top: name,
      put: value => ({ ...smallest(shape), [name]: value }),
    }
    return [place, ...inside(place)]
  })
}

function inside(place: Place): Place[] {
  const { path, shape, top } = place
  const { members, member, key, min = 0 } = shape.facts
  const within = (more: string, of: AnyShape, wrap: (value: unknown) => unknown): Place[] => {
    const found: Place = { path: `${path}.${more}`, shape: of, top, put: value => place.put(wrap(value)) }
    return [found, ...inside(found)]
  }
  if (members) {
    return Object.entries(members).flatMap(([name, each]) =>
      within(name, each.shape, value => ({ ...smallest(shape), [name]: value })),
    )
  }
  if (member && !key) {
    const others = Array.from({ length: Math.max(0, min - 1) }, () => sample(member))
    return within('1.member', member, value => [value, ...others])
  }
  if (member && key) {
    const name = sample(key) as string
    return [
      ...within(`${name}.member`, member, value => ({ [name]: value })),
      ...within('key', key, value => ({ [String(value)]: sample(member) })),
    ]
  }
  return []
}
