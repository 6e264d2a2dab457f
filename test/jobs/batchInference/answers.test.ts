import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Vocabulary } from '../../../src/datasets/vocabulary.ts'
import { AnswerWriter, encodeItems } from '../../../src/jobs/batchInference/answers.ts'
import { float32Text } from '../../../src/jobs/batchInference/float32Text.ts'
import { seededRandom } from '../../../src/lib/random.ts'

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
const items = encodeItems(Vocabulary.fromIds(names))

/** What the writer should write, said plainly. */
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

for (const recipe of [
  { scores: true, reasons: false },
  { scores: false, reasons: false },
  { scores: true, reasons: true },
]) {
  test(`lines of every length are written byte for byte, with ${JSON.stringify(recipe)}`, () => {
    const writer = new AnswerWriter(items, recipe)
    for (let block = 0; block < 20; block++) {
      let expected = ''
      for (let line = 0; line < 12; line++) {
        const chosen = Array.from({ length: random.below(random.below(4) === 0 ? 300 : 6) }, () =>
          random.below(names.length),
        )
        const shares = chosen.map(() => Math.fround(random.uniform() ** 9))
        const source = Buffer.from(`xx{"n":"${'é'.repeat(random.below(2000))}"}yy`)
        const input = source.toString('utf8', 2, source.length - 2)
        const [from, to] = [2, 2 + chosen.length]
        const ranked = [Int32Array.of(0, 1, ...chosen, 2), Float32Array.of(0, 0, ...shares, 1)] as const
        const output = plainOutput(chosen, shares, recipe)
        if (line % 3 === 0) writer.answer(source, 2, source.length - 2, ...ranked, from, to)
        else if (line % 3 === 1) writer.repeat(source, 2, source.length - 2, writer.outputOf(...ranked, from, to))
        else writer.fault(source, 2, source.length - 2, line % 2 ? undefined : '"short"', input)
        if (line % 3 < 2) expected += `{"input":${input}${output}`
        else expected += `{"input":${line % 2 ? input : '"short"'},"output":null,"error":${JSON.stringify(input)}}\n`
      }
      assert.equal(Buffer.from(writer.take()).toString(), expected)
    }
    assert.equal(writer.take().length, 0)
  })
}

test('what was taken stays as it is', () => {
  const writer = new AnswerWriter(items, { scores: false, reasons: false })
  const line = Buffer.from('{}')
  writer.fault(line, 0, 2, undefined, 'one')
  const first = writer.take()
  writer.fault(line, 0, 2, undefined, 'two')
  writer.take()
  assert.equal(Buffer.from(first).toString(), '{"input":{},"output":null,"error":"one"}\n')
})
