import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../../src/lib/refusal.ts'
import { continuous, flag, integer, parseParameters } from '../../src/recipes/parameters.ts'

const parameters = {
  size: integer({ min: 2, max: 32, default: 16 }),
  share: continuous({ min: 0, max: 1, default: 0.99 }),
  mask: flag({ default: true }),
}
const words = { recipe: 'aws-test', kind: 'hyperparameter' } as const
const parse = (texts: Record<string, string>) => parseParameters(parameters, texts, words)

test('defaults where nothing is said, values where something is', () => {
  assert.deepEqual(parse({}), { size: 16, share: 0.99, mask: true })
  assert.deepEqual(parse({ size: '2', share: '1e-1', mask: 'False' }), { size: 2, share: 0.1, mask: false })
  assert.deepEqual(parse({ size: '32', share: '1', mask: 'true' }), { size: 32, share: 1, mask: true })
})

const wrong: [string, string, string][] = [
  ['size', '1', 'an integer from 2 to 32'],
  ['size', '33', 'an integer from 2 to 32'],
  ['size', '4.0', 'an integer from 2 to 32'],
  ['size', '', 'an integer from 2 to 32'],
  ['size', ' 4', 'an integer from 2 to 32'],
  ['size', '0x10', 'an integer from 2 to 32'],
  ['size', '9'.repeat(400), 'an integer from 2 to 32'],
  ['share', '-0.1', 'a number from 0 to 1'],
  ['share', '1.01', 'a number from 0 to 1'],
  ['share', 'NaN', 'a number from 0 to 1'],
  ['share', 'Infinity', 'a number from 0 to 1'],
  ['share', '.', 'a number from 0 to 1'],
  ['mask', '1', 'true or false'],
  ['mask', 'yes', 'true or false'],
]
for (const [name, text, expected] of wrong)
  test(`refused: ${name} = '${text.slice(0, 10)}'`, () =>
    assert.throws(
      () => parse({ [name]: text }),
      new Refusal(`The hyperparameter ${name} is '${text}', where ${expected} was expected.`),
    ))

test('an unknown name is refused, also one that every object has', () => {
  for (const name of ['sizes', 'constructor', '__proto__'])
    assert.throws(
      () => parse(JSON.parse(`{"${name}": "1"}`)),
      new Refusal(`The recipe aws-test has no hyperparameter '${name}': it takes size, share, mask.`),
    )
  assert.throws(
    () => parseParameters({}, { a: '1' }, { recipe: 'aws-test', kind: 'feature transformation parameter' }),
    new Refusal("The recipe aws-test has no feature transformation parameter 'a': it takes none."),
  )
})
