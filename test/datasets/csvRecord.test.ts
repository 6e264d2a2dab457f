import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { findBadRows } from '../../src/datasets/badRows.ts'
import { type FoundQuoting, findQuoting } from '../../src/datasets/csvQuoting.ts'
import { isDataError, readCsvSql } from '../../src/datasets/csvReader.ts'
import { parseHeader, parseRecord, parseRow, type Quoting } from '../../src/datasets/csvRecord.ts'
import { type DuckDb, withDuckDb } from '../../src/datasets/duckdb.ts'
import { type DatasetSchema, parseSchema } from '../../src/datasets/schema.ts'
import { readLayout } from '../../src/datasets/source.ts'
import { type Random, seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { openFolderStore } from '../../src/objects/folder.ts'
import { avro, nullable, string } from './world.ts'

const QUOTINGS = ['backslash', 'doubled'] as const

const OPEN = 'a value whose closing quote is missing on its line'
const AFTER = 'text after a closing quote (inside quotes, a quote is written \\" or "")'
const LONE = 'a backslash inside quotes before neither a quote nor a backslash (\\\\ stands for a backslash)'

test('a line and its fields', () => {
  const same: [string, (string | null)[]][] = [
    ['', [null]],
    [',', [null, null]],
    ['a,b', ['a', 'b']],
    ['"a,b",c', ['a,b', 'c']],
    ['"",""', [null, null]],
    [' a , b ', [' a ', ' b ']],
    [' "a" ,"b"  ', ['a', 'b']],
    ['  "a","b"', ['  "a"', 'b']],
    ['5" pipe,a"b"c', ['5" pipe', 'a"b"c']],
    ['a\\,b\\"', ['a\\', 'b\\"']],
    ['a""b,C:\\dir', ['a""b', 'C:\\dir']],
    ['a,b,', ['a', 'b', null]],
    ['\t"a"', ['\t"a"']],
  ]
  for (const [line, fields] of same)
    for (const quoting of QUOTINGS) assert.deepEqual(parseRecord(line, quoting), fields, `${quoting} ${line}`)
  const fault = (field: number, fault: string) => ({ field, fault })
  const different: [string, unknown, unknown][] = [
    ['"\\"q\\" \\\\"', ['"q" \\'], fault(0, AFTER)],
    ['"a\\",b"', ['a",b'], ['a\\', 'b"']],
    ['"\\\\"', ['\\'], ['\\\\']],
    ['"C:\\dir"', fault(0, LONE), ['C:\\dir']],
    ['x,"C:\\"', fault(1, OPEN), ['x', 'C:\\']],
    ['a,b,"c""d"', fault(2, AFTER), ['a', 'b', 'c"d']],
    ['"""a"""', fault(0, AFTER), ['"a"']],
    ['""""', fault(0, AFTER), ['"']],
    ['"a"""', fault(0, AFTER), ['a"']],
    ['"a"" ,1', fault(0, AFTER), fault(0, OPEN)],
    ['a,"b', fault(1, OPEN), fault(1, OPEN)],
    ['"a\\', fault(0, OPEN), fault(0, OPEN)],
    ['"a"\t,b', fault(0, AFTER), fault(0, AFTER)],
    ['"a" "b"', fault(0, AFTER), fault(0, AFTER)],
  ]
  for (const [line, backslash, doubled] of different) {
    assert.deepEqual(parseRecord(line, 'backslash'), backslash, line)
    assert.deepEqual(parseRecord(line, 'doubled'), doubled, line)
  }
})

test('names in a header line: spaces around them count in quotes only', () => {
  const cases: [string, unknown][] = [
    ['A, B ,  C', ['A', 'B', 'C']],
    [' "A" ," B ",\tC', ['A', ' B ', '\tC']],
    [`${' '.repeat(60_000)}x,   ,`, ['x', '', '']],
    ['"say ""x""",A', ['say "x"', 'A']],
    ['"say \\"x\\"",A', ['say "x"', 'A']],
    ['A,"B', { field: 1, fault: OPEN }],
  ]
  for (const [line, names] of cases) assert.deepEqual(parseHeader(line), names, line.trim())
})

/** One file at a time, read by DuckDB and by the plain check. */
async function twins(t: TestContext, body: (both: Twins) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'sommelier-twins-'))
  t.after(() => rm(root, { recursive: true }))
  const objects = openFolderStore(root)
  await objects.createBucket('b-1')
  await withDuckDb({ scratchFolder: root, threads: 1, signal: quietControl.signal }, db =>
    body(async (content, schema) => {
      const path = join(root, 'b-1', 'in.csv')
      await writeFile(path, content)
      const address = { bucket: 'b-1', key: 'in.csv' }
      const layout = await readLayout(objects, address, schema, quietControl.signal)
      const input = { address, bytes: content.length, layout }
      const quoting = await findQuoting(objects, [input], quietControl)
      const bad = await findBadRows(objects, [input], schema, quietControl, quoting)
      const read = (as: Quoting | 'undecided') => rowsOrNone(db, readCsvSql([path], layout, schema, as))
      const undecided = layout.escapes ? undefined : await read('undecided')
      return { rows: undecided ?? (quoting.faulty ? undefined : await read(quoting.quoting)), undecided, quoting, bad }
    }),
  )
}

interface Reading {
  /** What an import reads; undefined: refused. */
  readonly rows: unknown[][] | undefined
  /** What it reads without any escape. */
  readonly undecided: unknown[][] | undefined
  readonly quoting: FoundQuoting
  readonly bad: Awaited<ReturnType<typeof findBadRows>>
}

type Twins = (content: Buffer, schema: DatasetSchema) => Promise<Reading>

async function rowsOrNone(db: DuckDb, sql: string): Promise<unknown[][] | undefined> {
  try {
    return await db.rows(sql)
  } catch (error) {
    if (isDataError(error)) return undefined
    throw error
  }
}

const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)]

const PIECES = [
  'x',
  'y',
  ' ',
  '  ',
  ' "',
  '" ',
  '"',
  '"',
  '\\',
  ',',
  ',',
  '\n',
  '\r\n',
  '\r',
  '1',
  "'",
  '\t',
  '\0',
  'é',
  '\u0301',
  '😀',
]

function oddField(random: Random): string {
  const kind = random.below(10)
  if (kind < 3) return `ab${random.below(9)}`
  if (kind === 3) return '"a,b"'
  if (kind === 4) return '"q\\"\\\\"'
  if (kind === 5) return ' "s" '
  if (kind === 6) return pick(random, ['"q""r"', '""""', '"C:\\d"', '"s\\\\"', '"a" "b"', '"x\\",'])
  return Array.from({ length: random.below(5) }, () => pick(random, PIECES)).join('')
}

function oddFile(random: Random, newline: string, further: boolean): Buffer {
  const lines = Array.from({ length: 1 + random.below(4) }, () => {
    const line = [
      oddField(random),
      oddField(random),
      String(random.below(99)),
      ...(further ? [oddField(random)] : []),
    ].join(',')
    const ending = random.below(30) === 0 ? pick(random, ['\n', '\r\n']) : newline
    return line + ending + (random.below(15) === 0 ? newline : '')
  })
  const name = random.below(3) > 0 ? 'X' : pick(random, ['"X"', '"x ""y"""', '"x \\"y"', '"\\\\"', '"C:\\"', '\\x"'])
  const header = `${random.below(5) === 0 ? '\ufeff' : ''}USER_ID,A,N${further ? `,${name}` : ''}${newline}`
  const text = header + lines.join('')
  const whole = random.below(2) === 0 ? text : text.slice(0, -newline.length)
  return random.below(20) > 0 ? Buffer.from(whole) : Buffer.concat([Buffer.from(text), Buffer.from([0xff, 0x2c, 0x2c])])
}

const linesOf = (content: Buffer): string[] =>
  content
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .slice(1)
    .filter(line => line !== '')

test('what DuckDB refuses the plain check explains, and what it takes has the values that the plain reading finds', async t => {
  const schema = parseSchema(avro('Users', [string('USER_ID'), nullable('A', 'string'), nullable('N', 'long')]))
  const count = { undecided: 0, backslash: 0, doubled: 0, refused: 0, odd: 0 }
  await twins(t, async both => {
    for (let seed = 0; seed < 450; seed++) {
      const random = seededRandom(seed)
      const newline = pick(random, ['\n', '\n', '\r\n'] as const)
      const further = random.below(3) === 0
      const content = oddFile(random, newline, further)
      const { rows, undecided, quoting, bad } = await both(content, schema)
      const told = `seed ${seed}: ${JSON.stringify(content.toString('latin1'))} ${bad.sentences.join(' ')}`
      const plainly = (as: Quoting) =>
        linesOf(content).map(line => {
          const record = parseRecord(line, as)
          return Array.isArray(record) ? [record[0], record[1], record[2] && BigInt(record[2])] : record
        })
      if (!rows) {
        assert.ok(bad.count > 0, told)
        count.refused++
      } else if (bad.count > 0) {
        // DuckDB takes a stray CR beside an empty field. Nothing is lost by that.
        assert.match(bad.sentences[0], /carriage return|ends with/, told)
        count.odd++
      } else {
        assert.deepEqual(rows, plainly(quoting.quoting), told)
        if (undecided) for (const as of QUOTINGS) assert.deepEqual(undecided, plainly(as), told)
        count[undecided ? 'undecided' : quoting.quoting]++
      }
    }
  })
  const { undecided, backslash, doubled, refused, odd } = count
  assert.ok(undecided > 20 && backslash > 20 && doubled > 10 && refused > 100 && odd < 20, JSON.stringify(count))
})

test('a file of one column: a blank line is none, an empty value in quotes is one', async t => {
  const { columns, ...users } = parseSchema(avro('Users', [string('USER_ID'), nullable('A', 'string')]))
  const schema = { ...users, columns: columns.slice(0, 1) }
  const count = { taken: 0, refused: 0, odd: 0 }
  await twins(t, async both => {
    for (let seed = 0; seed < 200; seed++) {
      const random = seededRandom(seed)
      const newline = pick(random, ['\n', '\r\n'])
      const field = () => (random.below(8) === 0 ? pick(random, ['""', '"" ', '" "', ' ']) : `u${random.below(9)}`)
      const line = () =>
        random.below(3) === 0 ? newline : `${random.below(9) === 0 ? oddField(random) : field()}${newline}`
      const text = `USER_ID${newline}${Array.from({ length: 5 }, line).join('')}`
      const content = Buffer.from(random.below(2) === 0 ? text : text.slice(0, -newline.length))
      const { rows, quoting, bad } = await both(content, schema)
      const told = `seed ${seed}: ${JSON.stringify(String(content))} ${JSON.stringify(rows)} ${bad.sentences.join(' ')}`
      if (!rows) assert.ok(bad.count > 0, told)
      else if (bad.count === 0)
        assert.deepEqual(
          rows,
          linesOf(content).map(each => (parseRow(each, 1, quoting.quoting) as string[]).slice(0, 1)),
          told,
        )
      count[!rows ? 'refused' : bad.count === 0 ? 'taken' : 'odd']++
      if (rows && bad.count > 0) assert.match(bad.sentences[0], /carriage return|ends with/, told)
    }
  })
  assert.ok(count.taken > 60 && count.refused > 30 && count.odd < 10, JSON.stringify(count))
})

test('what is written in one way is read as it was meant, unless it could as well be written in the other', async t => {
  const schema = parseSchema(avro('Items', [string('ITEM_ID'), nullable('A', 'string')]))
  const pieces = ['"', '""', '\\', '\\\\', '\\"', ',', ' ', 'x', "'", 'é', '","', 'n']
  const write: Record<Quoting, (value: string) => string> = {
    backslash: value => `"${value.replaceAll(/[\\"]/g, '\\$&')}"`,
    doubled: value => `"${value.replaceAll('"', '""')}"`,
  }
  const count = { backslash: 0, doubled: 0, either: 0 }
  await twins(t, async both => {
    for (let seed = 0; seed < 150; seed++) {
      const random = seededRandom(seed)
      const from = random.below(3) === 0 ? ['\\\\', ',', 'x'] : pieces
      const value = () => Array.from({ length: 1 + random.below(4) }, () => pick(random, from)).join('')
      const rows = Array.from({ length: 1 + random.below(4) }, () => [value(), value(), value()])
      // Writers leave out the quotes where they are not needed, or never.
      const always = random.below(2) === 0
      const needed = (text: string) => always || /[",]|^ /.test(text)
      for (const way of QUOTINGS) {
        const lines = rows.map(row => row.map(text => (needed(text) ? write[way](text) : text)).join(','))
        const content = Buffer.from(['ITEM_ID,A,MORE', ...lines, ''].join('\n'))
        const { rows: read, bad } = await both(content, schema)
        const told = `seed ${seed}: ${content} ${bad.sentences.join(' ')}`
        const asSpecified = lines.map(line => parseRow(line, 3, 'backslash'))
        const either = way === 'doubled' && asSpecified.every(Array.isArray)
        const meant = either ? asSpecified.filter(Array.isArray) : rows
        assert.deepEqual(
          read,
          meant.map(row => row.slice(0, 2)),
          told,
        )
        assert.equal(bad.count, 0, told)
        count[either ? 'either' : way]++
      }
    }
  })
  assert.ok(count.backslash === 150 && count.doubled > 80 && count.either > 10, JSON.stringify(count))
})

test('the rules for values agree with their twins on every oddly written number', async t => {
  const pieces = [
    '1',
    '2',
    '0',
    '-',
    '+',
    '.',
    'e',
    'E',
    '99999',
    '9999999999999',
    '308',
    '38',
    '309',
    '_',
    'x',
    'nan',
    'inf',
    ' ',
    '\t',
    '²',
    '١',
  ]
  const random = seededRandom(3)
  const values = new Set([
    'true',
    'false',
    'TRUE',
    't',
    '9223372036854775807',
    '-9223372036854775808',
    '9223372036854775808',
    ' true ',
    '  ',
    '\t7',
    '7\u00a0',
  ])
  for (const edge of [
    '2147483647',
    '-2147483648',
    '2147483648',
    '-2147483649',
    '99999999999',
    '100000000000',
    '-100000000000',
  ])
    values.add(edge).add(`+${edge}`).add(`${edge}.0`).add(`  ${edge} `)
  for (const edge of [
    '3.4028234663852886e38',
    '3.4028235e38',
    '3.5e38',
    '1.7976931348623157e308',
    '1.8e308',
    '-1e309',
    '1e-400',
  ])
    values.add(edge)
  while (values.size < 90) values.add(Array.from({ length: 1 + random.below(4) }, () => pick(random, pieces)).join(''))
  await twins(t, async both => {
    for (const type of ['int', 'long', 'float', 'double', 'boolean', 'TIME']) {
      const field = type === 'TIME' ? { name: 'CREATION_TIMESTAMP', type: 'long' } : nullable('N', type)
      const schema = parseSchema(avro('Items', [string('ITEM_ID'), field]))
      for (const value of values) {
        const { rows, bad } = await both(Buffer.from(`ITEM_ID,${field.name}\na,${value}\n`), schema)
        assert.equal(rows !== undefined, bad.count === 0, `${type} ${value}`)
        if (rows)
          assert.equal(
            Number(rows[0][1]),
            Number(type === 'boolean' ? value.trim() === 'true' : value),
            `${type} ${value}`,
          )
      }
    }
  })
})
