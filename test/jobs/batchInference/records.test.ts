import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LINE_BYTES_MAX } from '../../../src/jobs/batchInference/limits.ts'
import { afterByteOrderMark, parseRecord, type RecordKind } from '../../../src/jobs/batchInference/records.ts'
import { seededRandom } from '../../../src/lib/random.ts'

const NUMBER = 7
/** The line stands between others' bytes, which nothing may look at. */
function parse(line: string | Buffer, kind: RecordKind = 'userId') {
  const bytes = Buffer.concat([Buffer.from('"}'), Buffer.from(line), Buffer.from('"}')])
  return parseRecord(bytes, 2, bytes.length - 2, NUMBER, kind)
}
const idOf = (line: string | Buffer) => {
  const record = parse(line)
  assert.equal(record.fault, undefined)
  return record.userId
}

test('ids of all kinds', () => {
  const long = 'x'.repeat(256)
  const astral = '🍷'.repeat(256)
  const cases: [string, string][] = [
    ['{"userId":"u-17"}', 'u-17'],
    ['{ "userId" : "u-17" }', 'u-17'],
    ['{"userId":" "}', ' '],
    ['{"userId":"a{b}:,[c]"}', 'a{b}:,[c]'],
    ['{"userId":"a\\"b\\\\c\\n"}', 'a"b\\c\n'],
    ['{"userId":"Zo\\u00eb"}', 'Zoë'],
    ['{"userId":"Zoë 🍷"}', 'Zoë 🍷'],
    ['{"userId":"\u007f"}', '\u007f'],
    [`{"userId":"${long}"}`, long],
    [`{"userId":"${astral}"}`, astral],
    ['{"userId":1}', '1'],
    ['{"userId":-0.50}', '-0.50'],
    ['{"userId":1E3}', '1E3'],
    ['{"userId":12345678901234567890}', '12345678901234567890'],
    ['{"userId":"first","userId":2}', '2'],
    ['{"userId":1,"userId":"second"}', 'second'],
    ['{"context":{"userId":5},"userId":6,"more":[{"userId":7}]}', '6'],
    ['{"userId":"u","itemList":["a","b"],"filterValues":{"X":"\\"y\\""},"context":{"DEVICE":"tv"}}', 'u'],
    ['{"__proto__":{"userId":"no"},"userId":"yes"}', 'yes'],
  ]
  for (const [line, id] of cases) assert.equal(idOf(line), id)
})

const EXPECTED = 'an object such as {"userId":"105"} was expected'

test('bad records say what is wrong', () => {
  const cases: [string, string, string | undefined][] = [
    ['hello', `Line 7 is not JSON (Unexpected token 'h', "hello" is not valid JSON); ${EXPECTED}.`, '"hello"'],
    [
      '{"userId":"a"',
      `Line 7 is not JSON (Expected ',' or '}' after property value in JSON at position 13 (line 1 column 14)); ${EXPECTED}.`,
      '"{\\"userId\\":\\"a\\""',
    ],
    [
      '{"userId":"a"} {"userId":"b"}',
      `Line 7 is not JSON (Unexpected non-whitespace character after JSON at position 15 (line 1 column 16)); ${EXPECTED}.`,
      '"{\\"userId\\":\\"a\\"} {\\"userId\\":\\"b\\"}"',
    ],
    [
      '{"userId":"a\tb"}',
      `Line 7 is not JSON (Bad control character in string literal in JSON at position 12 (line 1 column 13)); ${EXPECTED}.`,
      '"{\\"userId\\":\\"a\\tb\\"}"',
    ],
    [
      '\ufeff{"userId":"a"}',
      `Line 7 is not JSON (Unexpected token '\ufeff', "\ufeff{"userId":"a"}" is not valid JSON); ${EXPECTED}.`,
      JSON.stringify('\ufeff{"userId":"a"}'),
    ],
    ['42', `Line 7: a number is not a record; ${EXPECTED}.`, undefined],
    ['"u-17"', `Line 7: a string is not a record; ${EXPECTED}.`, undefined],
    ['null', `Line 7: null is not a record; ${EXPECTED}.`, undefined],
    ['[{"userId":"a"}]', `Line 7: a list is not a record; ${EXPECTED}.`, undefined],
    ['{}', `Line 7: userId is missing; ${EXPECTED}.`, undefined],
    ['{"userid":"a"}', `Line 7: userId is missing; ${EXPECTED}.`, undefined],
    ['{"itemId":"a"}', `Line 7: userId is missing; ${EXPECTED}.`, undefined],
    ['{"__proto__":{"userId":"no"}}', `Line 7: userId is missing; ${EXPECTED}.`, undefined],
    ['{"userId":null}', 'Line 7: userId is null; a string or a number was expected.', undefined],
    ['{"userId":true}', 'Line 7: userId is a boolean; a string or a number was expected.', undefined],
    ['{"userId":["a"]}', 'Line 7: userId is a list; a string or a number was expected.', undefined],
    ['{"userId":{}}', 'Line 7: userId is an object; a string or a number was expected.', undefined],
    ['{"userId":""}', 'Line 7: userId is empty; 1 to 256 characters were expected.', undefined],
    [`{"userId":"${'x'.repeat(257)}"}`, 'Line 7: userId has 257 characters; at most 256 were expected.', undefined],
    [`{"userId":"${'🍷'.repeat(257)}"}`, 'Line 7: userId has 257 characters; at most 256 were expected.', undefined],
    [`{"userId":1${'0'.repeat(256)}}`, 'Line 7: userId has 257 characters; at most 256 were expected.', undefined],
    [
      '{"userId":"\\ud800"}',
      'Line 7: userId contains half of a character, an unpaired surrogate; Unicode text was expected.',
      undefined,
    ],
  ]
  for (const [line, fault, echo] of cases) assert.deepEqual(parse(line), { fault, echo })
})

test('invalid UTF-8 is shown with replacement characters', () => {
  const line = Buffer.concat([Buffer.from('{"userId":"'), Buffer.from([0xff, 0xc3]), Buffer.from('"}')])
  assert.deepEqual(parse(line), {
    fault: `Line 7 is not valid UTF-8; ${EXPECTED}.`,
    echo: JSON.stringify('{"userId":"\ufffd\ufffd"}'),
  })
  const overlong = Buffer.concat([Buffer.from('{"userId":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')])
  assert.equal(parse(overlong).fault, `Line 7 is not valid UTF-8; ${EXPECTED}.`)
})

test('a line of the greatest length is read, one byte more is shown cut', () => {
  const line = `{"userId":"u","context":{"X":"${'é'.repeat(LINE_BYTES_MAX / 2)}`
  const longest = `${line.slice(0, (LINE_BYTES_MAX - Buffer.byteLength('{"userId":"u","context":{"X":"')) / 2 + 20)}"}}`
  assert.ok(Buffer.byteLength(longest) <= LINE_BYTES_MAX)
  const fitting = longest + ' '.repeat(LINE_BYTES_MAX - Buffer.byteLength(longest))
  assert.equal(idOf(fitting), 'u')
  assert.deepEqual(parse(`${fitting} `), {
    fault: `Line 7 is longer than ${LINE_BYTES_MAX} bytes; a shorter record was expected. Its beginning is shown.`,
    echo: JSON.stringify(fitting.slice(0, 30 + (1024 - 30) / 2)),
  })
})

test('deep nesting is read where it can be and refused where it cannot', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  assert.equal(idOf(`{"userId":"a","x":${deep}}`), 'a')
  assert.deepEqual(parse(`{"userId":1,"x":${deep}}`), {
    fault:
      'Line 7: the record is nested too deeply beside a userId that is a number; less nesting or a string was expected.',
    echo: undefined,
  })
})

test('the quick way reads exactly what JSON.parse would', () => {
  const random = seededRandom(3)
  const alphabet = ['"', '\\', '{', '}', ':', 'a', 'é', '\u001f', ' ', '{"userId":"', '"}', 'userId', '1', ',']
  for (let i = 0; i < 50_000; i++) {
    let line = random.below(2) ? '{"userId":"' : ''
    for (let pieces = random.below(8); pieces >= 0; pieces--) line += alphabet[random.below(alphabet.length)]
    if (random.below(2)) line += '"}'
    let wanted: unknown
    try {
      wanted = JSON.parse(line).userId
    } catch {}
    const { userId } = parse(line)
    if (typeof wanted === 'string' && wanted !== '') assert.equal(userId, wanted, line)
    else if (typeof wanted !== 'number') assert.equal(userId, undefined, line)
  }
})

test('a byte order mark before the first record is skipped', () => {
  const bytes = Buffer.from('xx\ufeff{"userId":"a"}')
  assert.equal(afterByteOrderMark(bytes, 2, bytes.length), 5)
  assert.equal(afterByteOrderMark(bytes, 5, bytes.length), 5)
  assert.equal(afterByteOrderMark(bytes, 2, 4), 2)
})
