/** `sommelier filter check`, which needs no server. `explain` is run against one in test/wire/filter.test.ts. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { filter } from '../../src/cli/filter.ts'
import { readWorld, schemaText } from '../filters/sample.ts'
import { temporaryFolder } from '../support/server.ts'
import { recordedIo } from './terminal.ts'

const folder = temporaryFolder()
const { schemas } = readWorld('shop')
const file = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const items = file('items.json', schemaText('ITEMS', schemas.ITEMS!))
const users = file('users.json', schemaText('USERS', schemas.USERS!))

async function run(...args: string[]) {
  const io = recordedIo()
  return { code: await filter.run(args, io), ...io.said }
}

test('what was understood is printed', async () => {
  const expression =
    'INCLUDE ItemID WHERE Items.aisle IN ($A) AND Items.PRICE < 10 OR Items.STOCK = 0 | EXCLUDE ItemID WHERE Items.BRAND IN CurrentItem.BRAND IF CurrentUser.AGE > $AGE'
  assert.deepEqual(await run('check', expression, '--schemas', items, users), {
    code: 0,
    out: [
      'INCLUDE where',
      '    ITEMS.AISLE (text) IN $A',
      '    and ITEMS.PRICE (number) < 10',
      '  or',
      '    ITEMS.STOCK (number) = 0',
      'EXCLUDE where',
      '    ITEMS.BRAND (text) IN CurrentItem.BRAND',
      '  if CurrentUser.AGE (number) > $AGE',
      'placeholders: $A (a request must give it), $AGE (a request may give it)',
      '',
    ].join('\n'),
    err: '',
  })
})

test('a mistake is shown at its character', async () => {
  assert.deepEqual(await run('check', 'INCLUDE ItemID WHERE Items.PRIZE > 3', '--schemas', items), {
    code: 1,
    out: '',
    err: 'Could not create filter. Invalid Expression: PRIZE is not a field of Items; did you mean PRICE? At character 28:\nINCLUDE ItemID WHERE Items.PRIZE > 3\n                           ^^^^^\n',
  })
  const far = `INCLUDE ItemID WHERE ${'Items.PRICE > 3 OR '.repeat(20)}Items.PRIZE > 3${' OR Items.PRICE > 3'.repeat(9)}`
  const [, line, carets] = (await run('check', far, '--schemas', items)).err.split('\n')
  assert.equal(line.slice(carets.indexOf('^'), carets.length), 'PRIZE')
  assert.ok(line.startsWith('…') && line.endsWith('…') && line.length < 130, line)
})

test('schemas that cannot be read, are none, or are two', async () => {
  const expression = 'INCLUDE ItemID WHERE Items.PRICE > 3'
  const refused = (message: string) => ({ code: 2, out: '', err: `${message}\n` })
  assert.deepEqual(
    await run('check', expression),
    refused('--schemas takes the files with the schemas of the datasets; there was none.'),
  )
  const missing = join(folder, 'missing.json')
  assert.deepEqual(
    await run('check', expression, '--schemas', missing),
    refused(`The schema ${missing} cannot be read (ENOENT).`),
  )
  assert.deepEqual(
    await run('check', expression, '--schemas', items, '--schemas', items),
    refused(`${items} is a second schema for ITEMS.`),
  )
  const broken = file('broken.json', '{}')
  assert.deepEqual(
    await run('check', expression, '--schemas', broken),
    refused(`${broken}: The schema's type must be 'record', not absent.`),
  )
})

test('without a word it tells how it is used', async () => {
  const usage =
    'usage: sommelier filter check EXPRESSION --schemas FILE…\n       sommelier filter explain EXPRESSION --dataset-group ARN\n'
  assert.deepEqual(await run(), { code: 2, out: '', err: usage })
  assert.deepEqual(await run('--help'), {
    code: 0,
    out: `${usage}\nChecks a filter expression, or explains what it does with your data.\n\n'sommelier filter check --help' and '… explain --help' say more.\n`,
    err: '',
  })
  assert.deepEqual(await run('explain', 'x'), {
    code: 2,
    out: '',
    err: '--dataset-group takes the ARN of a dataset group; it was not given.\n',
  })
})
