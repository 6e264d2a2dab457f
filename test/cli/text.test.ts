import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bar, count, duration, printable, styleOf, table } from '../../src/cli/text.ts'

test('durations have at most two units and never show a unit of zero behind the first', () => {
  const said: [number, string][] = [
    [0, '0.0 s'],
    [0.44, '0.4 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.6, '1 min'],
    [60, '1 min'],
    [185, '3 min 5 s'],
    [3600, '1 h'],
    [3659, '1 h'],
    [9600, '2 h 40 min'],
    [86_400, '1 d'],
    [273_600, '3 d 4 h'],
  ]
  for (const [seconds, text] of said) assert.equal(duration(seconds), text)
})

test('counts are whole and grouped', () => {
  assert.equal(count(0), '0')
  assert.equal(count(1_234_567.4), '1,234,567')
})

test('a bar has its width whatever the share is', () => {
  assert.equal(bar(0.5, 4), '██░░')
  assert.equal(bar(-1, 3), '░░░')
  assert.equal(bar(7, 3), '███')
  assert.equal(bar(0.999, 3), '██░')
})

test('control characters from elsewhere do not reach the terminal', () => {
  assert.equal(printable('a\x1b[31mb\r\n\x9bc\td'), 'a [31mb c d')
  assert.equal(printable('Ünïcode ☂'), 'Ünïcode ☂')
})

test('a table is as wide as its widest cells, numbers to the right, nothing behind the last', () => {
  const lines = table(
    ['NAME', 'N'],
    [
      ['a', '1'],
      ['bcdefg', '23'],
      ['', ''],
    ],
    new Set(['N']),
  )
  assert.deepEqual(lines, ['NAME     N', 'a        1', 'bcdefg  23', ''])
})

test('colours are for terminals whose owner has not said no', () => {
  const terminal = { write: () => {}, isTTY: true }
  assert.equal(styleOf(terminal, {}).red('x'), '\x1b[31mx\x1b[39m')
  assert.equal(styleOf(terminal, { NO_COLOR: '1' }).red('x'), 'x')
  assert.equal(styleOf(terminal, { TERM: 'dumb' }).red('x'), 'x')
  assert.equal(styleOf({ write: () => {} }, {}).red('x'), 'x')
})
