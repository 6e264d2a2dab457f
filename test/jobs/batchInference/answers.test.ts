import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { faultLine } from '../../../src/jobs/batchInference/answers.ts'
import { BLOCK_RECORDS } from '../../../src/jobs/batchInference/limits.ts'
import { ANSWER_COPY, ANSWER_LIST, ANSWER_PLACES } from '../../../src/kernels/byteParameters.ts'
import { float32Text } from '../../../src/kernels/plain/float32Text.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import { fillFrom, openBytes } from './bytes.ts'

const random = seededRandom(23)
/** Up to the longest id there may be, of characters that JSON writes as one to six bytes. */
const alphabet = ['a', '"', '\\', '\n', '\u0000', '\u001f', '\u007f', 'é', '語', '🍷', '\u2028', '/']
const ids = new Set<string>()
while (ids.size < 300) {
  const length = random.below(20) === 0 ? 256 : 1 + random.below(9)
  ids.add(Array.from({ length }, () => alphabet[random.below(alphabet.length)]).join(''))
}
ids.add('\u0000'.repeat(256))
const names = [...ids]
const K = 40

/** What should be written, said plainly. */
function plainOutput(
  chosen: readonly number[],
  shares: readonly number[],
  recipe: { scores: boolean; reasons: boolean },
) {
  const members = [`"recommendedItems":${JSON.stringify(chosen.map(item => names[item]))}`]
  if (recipe.scores) members.push(`"scores":[${shares.map(float32Text).join(',')}]`)
  if (recipe.reasons) members.push(`"reasons":${JSON.stringify(chosen.map(() => []))}`)
  return `,"output":{${members.join(',')}},"error":null}\n`
}

const someItems = (most: number) => Array.from({ length: random.below(most + 1) }, () => random.below(names.length))
/** Down to where only the plain text can be told: below 2^-126. */
const share = () => Math.fround(random.below(50) === 0 ? random.uniform() * 1e-39 : random.uniform() ** 9)

for (const recipe of [
  { record: 'userId', scores: true, reasons: false },
  { record: 'userId', scores: false, reasons: false },
  { record: 'userId', scores: true, reasons: true },
] as const) {
  test(`lines of every length are written byte for byte, with ${JSON.stringify(recipe)}`, async () => {
    const bytes = openBytes(['u'], names, recipe, K)
    const order = Array.from(names.keys(), item => (item * 7) % names.length)
    const orderShares = order.map(share)
    assert.equal(bytes.placeTexts(Int32Array.from(order), Float32Array.from(orderShares)), order.length)
    const inputs = Array.from({ length: 3 * BLOCK_RECORDS + 5 }, () => `{"n":"${'é'.repeat(random.below(200))}"}`)
    const input = Buffer.from(`${inputs.join('\n')}\n`)
    let line = 0
    let expected = ''
    let found = ''
    const take = () => {
      found += bytes.take().toString()
    }
    for await (const count of bytes.blocks(fillFrom(Readable.from([input])), 1)) {
      if (!bytes.roomy) take()
      const [kept, keptShares] = [someItems(K), Array.from({ length: K }, share)]
      const copied = bytes.keepOutput(Int32Array.from(kept), Float32Array.from(keptShares.slice(0, kept.length)))!
      for (let record = 0; record < count; record++, line++) {
        const chosen = someItems(K)
        const from = record * K
        expected += `{"input":${inputs[line]}`
        if (line % 3 === 0) {
          const shares = chosen.map(share)
          bytes.items.set(chosen, from)
          bytes.scores.set(shares, from)
          bytes.answer(record, ANSWER_LIST, from, chosen.length)
          expected += plainOutput(chosen, shares, recipe)
        } else if (line % 3 === 1) {
          bytes.items.set(chosen, from)
          bytes.answer(record, ANSWER_PLACES, from, chosen.length)
          const [items, shares] = [order, orderShares].map(list => chosen.map(place => list[place]))
          expected += plainOutput(items, shares, recipe)
        } else {
          bytes.answer(record, ANSWER_COPY, copied.from, copied.count)
          expected += plainOutput(kept, keptShares.slice(0, kept.length), recipe)
        }
      }
      for (let record = 0; record < count; ) {
        const next = bytes.write(record, count)
        if (next === record) take()
        record = next
      }
      bytes.forgetOutputs()
    }
    take()
    assert.equal(line, inputs.length)
    assert.equal(found, expected)
    assert.equal(bytes.take().length, 0)
  })
}

test('the room for kept outputs ends, and is there again when they are forgotten', () => {
  const bytes = openBytes(['u'], names, { record: 'userId', scores: false, reasons: false }, K)
  const [items, scores] = [new Int32Array(K).fill(names.length - 1), new Float32Array(K)]
  let kept = 0
  while (bytes.keepOutput(items, scores)) kept++
  assert.equal(kept, Math.floor((1024 * 1024) / (K * (6 * 256 + 3) - 1 + 31 + 17)))
  bytes.forgetOutputs()
  assert.ok(bytes.keepOutput(items, scores))
})

test('a bad record comes back with what was wrong', () => {
  const line = Buffer.from('{}')
  assert.equal(faultLine(line, undefined, 'a "b"').toString(), '{"input":{},"output":null,"error":"a \\"b\\""}\n')
  assert.equal(faultLine(line, '"x"', 'c').toString(), '{"input":"x","output":null,"error":"c"}\n')
})
