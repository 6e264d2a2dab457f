/** Shapes alone: what the wire tests, which go through real operations, do not reach. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseBody } from '../../src/protocol/awsJson.ts'
import { select } from '../../src/protocol/select.ts'
import {
  boolean,
  double,
  enumeration,
  integer,
  list,
  map,
  optional,
  readInput,
  type Shape,
  string,
  structure,
  timestamp,
} from '../../src/protocol/shape.ts'

/** The sentence of a member `it` of this shape, without what stands before the first violation. */
function refusal(shape: Shape<unknown>, value: unknown): string {
  try {
    readInput(structure({ it: shape }), { it: value })
  } catch (error) {
    return (error as Error).message.replace(/^\d+ validation errors? detected: /, '')
  }
  return 'accepted'
}

const violation = (value: string, at: string, constraint: string): string =>
  `Value '${value}' at '${at}' failed to satisfy constraint: Member must ${constraint}`

test('lengths count code points, not code units and not letters as seen', () => {
  const three = string({ min: 3, max: 3 })
  assert.equal(refusal(three, '😀😀😀'), 'accepted')
  assert.equal(refusal(three, 'e\u0301e'), 'accepted')
  assert.equal(refusal(three, '😀😀'), violation('😀😀', 'it', 'have length greater than or equal to 3'))
  assert.equal(refusal(three, '😀😀😀😀'), violation('😀😀😀😀', 'it', 'have length less than or equal to 3'))
  // Half a pair is a code point of its own; a lone one arrives when JSON has it as an escape.
  assert.equal(refusal(three, '\ud83d\ud83d\ud83d'), 'accepted')
})

test('a pattern holds for the whole value, with or without anchors of its own, over line breaks too', () => {
  for (const pattern of ['a|ab', '^a|ab$', '(a|ab)']) {
    const shape = string({ pattern })
    assert.equal(refusal(shape, 'ab'), 'accepted', pattern)
    for (const value of ['abc', 'xab', 'ab\n', '\nab', 'a\nb', '']) {
      assert.equal(refusal(shape, value), violation(value, 'it', `satisfy regular expression pattern: ${pattern}`))
    }
  }
  assert.equal(refusal(string({ pattern: '\\p{L}' }), '𝒜'), 'accepted')
})

test('a pattern is not tried on what is far too long for it', () => {
  const shape = string({ max: 10, pattern: '(a+)+b' })
  const value = 'a'.repeat(100_000)
  const shown = `${'a'.repeat(300)}…`
  assert.equal(
    refusal(shape, value),
    [
      violation(shown, 'it', 'have length less than or equal to 10'),
      violation(shown, 'it', 'satisfy regular expression pattern: (a+)+b'),
    ].join('; '),
  )
})

test('an echo has at most 300 characters and never half of one', () => {
  const none = string({ max: 0 })
  const too = 'have length less than or equal to 0'
  assert.equal(refusal(none, 'x'.repeat(300)), violation('x'.repeat(300), 'it', too))
  assert.equal(refusal(none, 'x'.repeat(301)), violation(`${'x'.repeat(300)}…`, 'it', too))
  assert.equal(refusal(none, '😀'.repeat(300)), violation('😀'.repeat(300), 'it', too))
  assert.equal(refusal(none, `x${'😀'.repeat(300)}`), violation(`x${'😀'.repeat(299)}…`, 'it', too))
  assert.ok(refusal(none, '😀'.repeat(5_000)).isWellFormed())
  const big = list(list(string()), { max: 0 })
  const text = JSON.stringify([['y'.repeat(400)]])
  assert.equal(refusal(big, [['y'.repeat(400)]]), violation(`${text.slice(0, 300)}…`, 'it', too))
})

test('what is sensitive is not echoed, and neither is what holds it', () => {
  const secret = string({ max: 1, sensitive: true })
  const hidden = (at: string, constraint: string) => violation('***', at, constraint)
  assert.equal(refusal(secret, 'secret'), hidden('it', 'have length less than or equal to 1'))
  const pair = structure({ key: optional(secret) })
  assert.equal(refusal(list(pair, { max: 0 }), [{ key: 's' }]), hidden('it', 'have length less than or equal to 0'))
  const one = { a: 's', b: 't' }
  assert.equal(refusal(map(string(), secret, { max: 1 }), one), hidden('it', 'have length less than or equal to 1'))
  assert.equal(refusal(map(secret, string(), { max: 1 }), one), hidden('it', 'have length less than or equal to 1'))
})

test('paths name members, places of lists from one, and keys of maps', () => {
  const shape = list(map(string({ max: 1 }), structure({ deep: optional(integer({ max: 1 })), needed: string() })))
  assert.equal(
    refusal(shape, [{}, { ab: { deep: 2 } }]),
    [
      violation('ab', 'it.2.member.key', 'have length less than or equal to 1'),
      violation('2', 'it.2.member.ab.member.deep', 'have value less than or equal to 1'),
      "Value null at 'it.2.member.ab.member.needed' failed to satisfy constraint: Member must not be null",
    ].join('; '),
  )
})

test('numbers: an integer has 32 bits, a double is finite, and a border belongs to what it borders', () => {
  for (const value of [-(2 ** 31), 2 ** 31 - 1, 0, 5]) assert.equal(refusal(integer(), value), 'accepted')
  for (const value of [2 ** 31, -(2 ** 31) - 1, 0.5, 1e300, Number.POSITIVE_INFINITY]) {
    assert.equal(refusal(integer(), value), "NUMBER_VALUE can not be converted to an Integer: 'it' takes an Integer.")
  }
  const half = double({ min: -0.5, max: 0.5 })
  for (const value of [-0.5, 0.5, 0]) assert.equal(refusal(half, value), 'accepted')
  assert.equal(refusal(half, 0.75), violation('0.75', 'it', 'have value less than or equal to 0.5'))
  assert.equal(refusal(half, -0.75), violation('-0.75', 'it', 'have value greater than or equal to -0.5'))
  for (const shape of [double(), timestamp]) {
    assert.match(refusal(shape, JSON.parse('1e999')), /^NUMBER_VALUE can not be converted to a (Double|Timestamp): /)
  }
})

test('null counts as absent where a member may be, and as nothing that can be read in a list or a map', () => {
  const shape = structure({
    maybe: optional(string()),
    list: optional(list(string())),
    map: optional(map(string(), boolean)),
  })
  assert.deepEqual(readInput(shape, { maybe: null, list: [], map: {} }), { list: [], map: Object.create(null) })
  const cannot = (to: string, path: string) => ({
    message: `NULL_VALUE can not be converted to ${to}: '${path}' takes ${to}.`,
  })
  assert.throws(() => readInput(shape, { list: [null] }), cannot('a String', 'list.1.member'))
  assert.throws(() => readInput(shape, { map: { a: null } }), cannot('a Boolean', 'map.a.member'))
})

test('names that every object inherits are members of nobody', () => {
  const shape = structure({ constructor: optional(string()), values: optional(map(string(), string())) })
  assert.deepEqual(readInput(shape, {}), {})
  const given = JSON.parse('{"__proto__": {"values": {"a": "b"}}, "toString": "x"}')
  assert.deepEqual(Object.keys(readInput(shape, given)), [])
  const { values } = readInput(shape, JSON.parse('{"values": {"__proto__": "p", "constructor": "c"}}'))
  assert.deepEqual(Object.entries(values!), [
    ['__proto__', 'p'],
    ['constructor', 'c'],
  ])
  assert.equal(
    refusal(enumeration(['A']), 'constructor'),
    violation('constructor', 'it', 'satisfy enum value set: [A]'),
  )
})

test('an answer shows what is declared, and a value of the wrong type in it is our mistake', () => {
  const shape = structure({ name: optional(string()), tags: optional(list(structure({ key: string() }))) })
  const given = { name: 'n', tags: [{ key: 'k', more: 1 }], hidden: true, maybe: undefined }
  assert.deepEqual(select(shape, given), { name: 'n', tags: [{ key: 'k' }] })
  assert.throws(() => select(shape, { name: 7 }), { name: 'Error', message: 'an answer does not fit its shape' })
})

test('a body is nested a hundred levels at most, whatever stands in its strings', () => {
  const nested = (levels: number) => Buffer.from(`{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`)
  assert.ok(parseBody(nested(100)))
  const message = 'The request body is nested deeper than 100 levels.'
  for (const levels of [101, 100_000]) {
    assert.throws(() => parseBody(nested(levels)), { name: 'SerializationException', message })
  }
  const text = `${'[{'.repeat(200)}"\\${'\\"['.repeat(200)}`
  assert.deepEqual(parseBody(Buffer.from(JSON.stringify({ text }))), { text })
  assert.throws(() => parseBody(Buffer.from(`{"a${'"\\'.repeat(500_000)}`)), { name: 'SerializationException' })
})
