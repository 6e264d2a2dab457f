/**
 * Serialization and validation of every declared operation, one group each, driven by the declarations: each place of each request takes
 * wrong JSON types, null, too little, too much and what its pattern or set does not know, one at a time. The whole answer is compared with
 * that of a twin (test/support/constraints.ts). No request here reaches a resource, so it may run against any endpoint.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { services } from '../../src/api/index.ts'
import type { Shape } from '../../src/protocol/shape.ts'
import { expectedRefusal } from '../support/constraints.ts'
import { type Input, type Place, placesIn, sample, smallest, stringOf } from '../support/samples.ts'
import { post, type TestServer, testServer } from '../support/server.ts'

type AnyShape = Shape<unknown>
interface Declared {
  readonly name: string
  readonly input: AnyShape
}

/** One value of every JSON type, and numbers that are not of every numeric type. */
const SPECIMENS: readonly unknown[] = ['text', 7, 1.5, 2 ** 31, -(2 ** 31) - 1, true, false, [], ['x'], {}, { x: 1 }]

/** Longer than every echo, in characters that take two code units each. */
const LONG = '😀'.repeat(400)

/** Values that break one rule of the shape each, or several where one cannot be broken alone. */
function violating({ type, facts }: AnyShape): unknown[] {
  const { min, max, pattern } = facts
  const values: unknown[] = []
  if (type === 'string') {
    if (max !== undefined) values.push(stringOf(facts, max + 1) ?? 'a'.repeat(max + 1), '😀'.repeat(max + 1))
    if (min !== undefined && min > 0) values.push('a'.repeat(min - 1))
    if (pattern !== undefined) values.push('\u0000', 'ö\n', LONG)
    if (facts.enum) values.push('', facts.enum[0].toLowerCase(), `${facts.enum[0]} `, '__proto__', LONG)
  } else if (type === 'list') {
    if (max !== undefined) values.push(Array.from({ length: max + 1 }, () => sample(facts.member!)))
    if (min !== undefined && min > 0) values.push([])
  } else if (type === 'map') {
    const keys = Array.from({ length: (max ?? 0) + 1 }, (_, i) => `k${i}`)
    if (max !== undefined) values.push(Object.fromEntries(keys.map(key => [key, sample(facts.member!)])))
  } else {
    if (max !== undefined) values.push(max + 1)
    if (min !== undefined) values.push(min - 1)
  }
  return values
}

/** Values on the right side of every bound. */
function bordering({ type, facts }: AnyShape): unknown[] {
  const { min, max } = facts
  if (type === 'string' && !facts.enum) {
    return [min, max]
      .filter(each => each !== undefined)
      .map(each => stringOf(facts, each))
      .filter(each => each !== undefined)
  }
  if (type === 'string') return [...facts.enum!]
  if (type === 'list' && max !== undefined) return [Array.from({ length: max }, () => sample(facts.member!))]
  if (type === 'integer' || type === 'double') return [min, max].filter(each => each !== undefined)
  return []
}

/** `input` with one more thing wrong, outside of `top`, so that it is refused before anything happens; undefined: there is nothing else. */
function spoiled({ input: shape }: Declared, input: Input, top: string): Input | undefined {
  for (const [name, member] of Object.entries(shape.facts.members!)) {
    if (name === top) continue
    if (member.required) return { ...input, [name]: null }
    const [value] = violating(member.shape)
    if (value !== undefined) return { ...input, [name]: value }
  }
  return undefined
}

async function refused(
  server: TestServer,
  target: string,
  input: unknown,
  expected: { name: string; message: string },
) {
  const body = JSON.stringify(input)
  const answer = await post(server, target, body)
  const wanted = [400, { __type: expected.name, message: expected.message }, expected.name]
  assert.deepEqual(
    [answer.status, JSON.parse(answer.text), answer.headers.get('x-amzn-errortype')],
    wanted,
    body.slice(0, 500),
  )
}

/** Sends what the twin refuses, and compares. What the twin lets pass is spoiled elsewhere first. */
async function compared(
  server: TestServer,
  target: string,
  operation: Declared,
  input: Input,
  top: string,
): Promise<void> {
  const expected = expectedRefusal(operation.input, input)
  if (expected) return refused(server, target, input, expected)
  const other = spoiled(operation, input, top)
  if (other) return refused(server, target, other, expectedRefusal(operation.input, other)!)
  const answer = await post(server, target, JSON.stringify(input))
  assert.ok(answer.status < 500, answer.text)
  assert.doesNotMatch(answer.text, /validation error|SerializationException/, JSON.stringify(input).slice(0, 500))
}

const wrongTypes = ({ path }: Place): readonly unknown[] => (path.endsWith('.key') ? [] : SPECIMENS)

for (const { targetPrefix, operations } of services) {
  for (const operation of operations as readonly Declared[]) {
    const target = `${targetPrefix}.${operation.name}`
    const places = placesIn(operation.input)

    test(`${operation.name}, serialization: a wrong JSON type anywhere is told, null and unknown members are not there`, async t => {
      const server = await testServer(t)
      const check = (input: Input, top: string) => compared(server, target, operation, input, top)
      for (const place of places) {
        for (const value of wrongTypes(place)) {
          const input = place.put(value)
          if (expectedRefusal(operation.input, input)?.name === 'SerializationException') await check(input, place.top)
        }
        if (!place.path.endsWith('.member') && !place.path.endsWith('.key')) await check(place.put(null), place.top)
      }
      const unknown = JSON.parse('{"__proto__": {"name": 1}, "constructor": 1, "Name": {}, "unknown": [[]], "": null}')
      await check({ ...smallest(operation.input), ...unknown }, '')
    })

    test(`${operation.name}, validation: each rule of each member, broken alone and just kept`, async t => {
      const server = await testServer(t)
      const required = Object.entries(operation.input.facts.members!).filter(([, member]) => member.required)
      const check = (input: Input, top: string) => compared(server, target, operation, input, top)
      for (const [name] of required) {
        const { [name]: _, ...others } = smallest(operation.input)
        await check(others, name)
      }
      if (required.length > 0) await check({}, '')
      for (const place of places) {
        for (const value of [...violating(place.shape), ...bordering(place.shape)])
          await check(place.put(value), place.top)
      }
    })
  }
}
