import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { importCsv } from '../../src/datasets/import.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import type { ProgressReport } from '../../src/lib/work.ts'
import { ObjectError, type ObjectErrorCode, type ObjectStore } from '../../src/objects/objectStore.ts'
import { avro, interactionsSchema, itemsSchema, makeWorld, nullable, string, type World } from './world.ts'

const HEADER = 'ITEM_ID,GENRE,PLOT,YEAR,VIEWS,PRICE,RATIO,ADULT'
const small = avro('Items', [string('ITEM_ID'), nullable('YEAR', 'int')])
const FAILED = 'Failed to create a data import job for'

/** The failureReason after its beginning; and nothing is left behind. */
async function fails(
  world: World,
  description: Parameters<World['import']>[0],
  reason: string | RegExp,
): Promise<void> {
  await assert.rejects(world.import(description), error => {
    assert.ok(error instanceof Refusal, String(error))
    const type = (description.schema ?? itemsSchema) === interactionsSchema ? 'INTERACTIONS' : 'ITEMS'
    const beginning = `${FAILED} ${type} dataset. `
    assert.ok(error.message.startsWith(beginning), error.message)
    if (typeof reason === 'string') assert.equal(error.message.slice(beginning.length), reason)
    else assert.match(error.message.slice(beginning.length), reason)
    return true
  })
  assert.deepEqual(await world.artifactKeys(), [])
}

const interactionRows = (count: number) =>
  Array.from({ length: count }, (_, i) => `u${i % 37},i${i % 11},${1_600_000_000 + i}`)

test('every type, nulls, quotes and escapes arrive as they were meant', async t => {
  const world = await makeWorld(t)
  await world.put(
    'in.csv',
    [
      HEADER,
      'i1,Drama|Crime,"A ""quiet"" place",1999,9007199254740993,0.1,1e-3,true'.replaceAll('""', '\\"'),
      'i2,,,,,,,',
      'ä漢😀,"a, b","back\\\\slash",-2147483648,-9223372036854775808,+3.5,.5,false',
      '" x ",5" pipe,"",0,+7,-0,5.,',
      ' y , "z" ,C:\\dir,007,0,1E2,1e300,true',
      '',
    ].join('\n'),
  )
  const result = await world.import({})
  assert.deepEqual(result, { parts: ['imports/0/part-00000.parquet'], rowCount: 5, duplicateCount: 0 })
  assert.deepEqual(await world.rowsOf(result), [
    ['i1', 'Drama|Crime', 'A "quiet" place', 1999, 9007199254740993n, 0.1, 0.001, true],
    ['i2', null, null, null, null, null, null, null],
    ['ä漢😀', 'a, b', 'back\\slash', -2147483648, -9223372036854775808n, 3.5, 0.5, false],
    [' x ', '5" pipe', null, 0, 7n, -0, 5, null],
    [' y ', 'z', 'C:\\dir', 7, 0n, 100, 1e300, true],
  ])
})

test('header names decide: other orders, further columns, quotes, spaces, a byte order mark, CR LF, no last line ending', async t => {
  const world = await makeWorld(t)
  const want = [
    ['a', 1],
    ['b', null],
  ]
  const texts = [
    'ITEM_ID,YEAR\na,1\nb,\n',
    'YEAR,ITEM_ID\n1,a\n,b',
    'X,YEAR,Y,ITEM_ID,Z\n"q,r",1,,a,"\\""\ns,,,b,t\n',
    '"YEAR", ITEM_ID \n1,a\n,b\n',
    '\ufeffITEM_ID,YEAR\na,1\nb,\n',
    'ITEM_ID,YEAR\r\na,1\r\nb,\r\n',
    '\ufeffITEM_ID,YEAR\r\n\r\na,1\r\n\r\n\r\nb,',
    'ITEM_ID,YEAR\n\na,1,\n"b","",""\n',
    'X,X,ITEM_ID,YEAR\n,,a,1\n,,b,\n',
  ]
  for (const text of texts) {
    await world.put('in.csv', text)
    assert.deepEqual(await world.rowsOf(await world.import({ schema: small })), want, JSON.stringify(text))
  }
})

test('a folder: all its objects by key, sub-folders included, each with its own order of columns; rows in that order', async t => {
  const world = await makeWorld(t)
  await world.put('d/b.csv', 'YEAR,ITEM_ID\n3,b1\n4,b2')
  await world.put('d/a.csv', '\ufeffITEM_ID,YEAR\na1,1\na2,2')
  await world.put('d/c/x[1]*?.csv', 'ITEM_ID,YEAR,MORE\r\nc1,5,\r\n')
  await world.put('d/c/y.csv', 'ITEM_ID,YEAR,MORE\r\nc2,6,x')
  await world.put("d/it's (1).csv", 'ITEM_ID,YEAR\nd1,7\n')
  await world.put('d/_SUCCESS', '')
  await world.put('d/.part.crc', 'crc')
  await world.put('dd.csv', 'ITEM_ID,YEAR\nwrong,0\n')
  for (const source of ['s3://b-1/d/', 's3://b-1/d']) {
    const result = await world.import({ source, schema: small })
    assert.equal(result.parts.length, 4)
    const rows = [
      ['a1', 1],
      ['a2', 2],
      ['b1', 3],
      ['b2', 4],
      ['c1', 5],
      ['c2', 6],
      ['d1', 7],
    ]
    assert.deepEqual(await world.rowsOf(result), rows)
  }
})

test('locations that are none', async t => {
  const world = await makeWorld(t)
  await world.put('d/_SUCCESS', '')
  const invalid = 'Invalid Data location.'
  for (const source of ['s3://b-1/none.csv', 's3://b-1/none/', 's3://b-1/d'])
    await fails(world, { source }, `${invalid} There is no object ${source}, and no object in a folder of that name.`)
  await fails(
    world,
    { source: 'b-1/in.csv' },
    `${invalid} 'b-1/in.csv' is not an S3 path: s3://bucket/key was expected.`,
  )
  await fails(world, { source: 's3://b-2/in.csv' }, /^Invalid Data location\. There is no bucket 'b-2'/)
  await fails(world, { source: 's3://b-1/../x' }, /^Invalid Data location\. /)
})

test('a store that denies access, and one that is out of reach, are told apart', async t => {
  const world = await makeWorld(t)
  const broken = (code: ObjectErrorCode): ObjectStore => ({
    ...world.objects,
    head: () => Promise.reject(new ObjectError(code, 'It said no.')),
  })
  await assert.rejects(world.import({}, { objects: broken('AccessDenied') }), {
    name: 'Refusal',
    message: `${FAILED} ITEMS dataset. Insufficient privileges for accessing data in Amazon S3. It said no.`,
  })
  await assert.rejects(world.import({}, { objects: broken('Unavailable') }), {
    name: 'ObjectError',
    code: 'Unavailable',
    message: `${FAILED} ITEMS dataset. It said no.`,
  })
})

test('header lines that are none', async t => {
  const world = await makeWorld(t)
  const cases: [string | Uint8Array, string][] = [
    ['', 's3://b-1/in.csv is empty: a header line with the names of the columns was expected.'],
    [
      'YEAR\n1\n',
      'Input CSV is missing the following columns:[ITEM_ID]. The header line of s3://b-1/in.csv has the columns [YEAR].',
    ],
    [
      'item_id;YEAR\n',
      "Input CSV is missing the following columns:[ITEM_ID, YEAR]. The header line of s3://b-1/in.csv has the columns [item_id;YEAR]: the columns seem to be separated by ';': ',' was expected.",
    ],
    [
      'ITEM_ID\tYEAR\n',
      "Input CSV is missing the following columns:[ITEM_ID, YEAR]. The header line of s3://b-1/in.csv has the columns [ITEM_ID\tYEAR]: the columns seem to be separated by tabs: ',' was expected.",
    ],
    [
      'item_id,Year\n',
      'Input CSV is missing the following columns:[ITEM_ID, YEAR]. The header line of s3://b-1/in.csv has the columns [item_id, Year]: names are compared with their case: ITEM_ID was expected, item_id was found; YEAR was expected, Year was found.',
    ],
    [
      'item_id,YEARS,YEAR\n',
      'Input CSV is missing the following columns:[ITEM_ID]. The header line of s3://b-1/in.csv has the columns [item_id, YEARS, YEAR]: names are compared with their case: ITEM_ID was expected, item_id was found.',
    ],
    [
      'a;b,YEAR\n',
      'Input CSV is missing the following columns:[ITEM_ID]. The header line of s3://b-1/in.csv has the columns [a;b, YEAR].',
    ],
    [
      'ITEM_ID," YEAR "\n',
      'Input CSV is missing the following columns:[YEAR]. The header line of s3://b-1/in.csv has the columns [ITEM_ID,  YEAR ].',
    ],
    [
      '\nITEM_ID,YEAR\n',
      'Input CSV is missing the following columns:[ITEM_ID, YEAR]. The header line of s3://b-1/in.csv has the columns [].',
    ],
    ['ITEM_ID,YEAR,ITEM_ID\na,1,b\n', 'The header line of s3://b-1/in.csv has the column ITEM_ID more than once.'],
    [
      '"ITEM_ID,YEAR\na,1\n',
      'The header line of s3://b-1/in.csv has a value whose closing quote is missing on its line.',
    ],
    ['ITEM_ID,YEAR\ra,1\r', 's3://b-1/in.csv ends its lines with CR alone: LF or CR LF was expected.'],
    [
      Buffer.from('ITEM_ID,YEAR\na,1\n', 'utf16le'),
      's3://b-1/in.csv is not a text in UTF-8: uncompressed CSV was expected.',
    ],
    [Buffer.from([0x1f, 0x8b, 8, 0, 10]), 's3://b-1/in.csv is not a text in UTF-8: uncompressed CSV was expected.'],
    ['x'.repeat(70_000), 's3://b-1/in.csv has no header line: there is no line ending in its first 65536 bytes.'],
    ['ITEM_ID,YEAR', 'The input has no rows below its header line.'],
    ['ITEM_ID,YEAR\n\n', 'The input has no rows below its header line.'],
  ]
  for (const [text, reason] of cases) {
    await world.put('in.csv', text)
    await fails(world, { schema: small }, reason)
  }
  await world.put('d/a.csv', 'ITEM_ID,YEAR\na,1\n')
  await world.put('d/b.csv', 'ITEM_ID,YEARS\na,1\n')
  await fails(
    world,
    { schema: small, source: 's3://b-1/d/' },
    'Input CSV is missing the following columns:[YEAR]. The header line of s3://b-1/d/b.csv has the columns [ITEM_ID, YEARS].',
  )
})

test('every rule for a value has its sentence', async t => {
  const world = await makeWorld(t)
  const cases: [string, string][] = [
    [',,,,,,,', 'column ITEM_ID: nothing, where a value was expected: the schema allows no null'],
    ['"",,,,,,,', 'column ITEM_ID: nothing, where a value was expected: the schema allows no null'],
    ['a,,,1.5,,,,', "column YEAR: '1.5', where a whole number of 32 bits (int) was expected"],
    ['a,,,2147483648,,,,', "column YEAR: '2147483648', where a whole number of 32 bits (int) was expected"],
    ['a,,,\u00a07,,,,', "column YEAR: '\u00a07', where a whole number of 32 bits (int) was expected"],
    ['a,,,- 7,,,,', "column YEAR: '- 7', where a whole number of 32 bits (int) was expected"],
    ['a,,, ,,,,', "column YEAR: ' ', where a whole number of 32 bits (int) was expected"],
    ['a,,,0x1F,,,,', "column YEAR: '0x1F', where a whole number of 32 bits (int) was expected"],
    ['a,,,,1_000,,,', "column VIEWS: '1_000', where a whole number (long) was expected"],
    ['a,,,,9223372036854775808,,,', "column VIEWS: '9223372036854775808', where a whole number (long) was expected"],
    ['a,,,,1e3,,,', "column VIEWS: '1e3', where a whole number (long) was expected"],
    ['a,,,,,"1,5",,', "column PRICE: '1,5', where a number of 32 bits (float) was expected"],
    ['a,,,,,1e39,,', "column PRICE: '1e39', where a number of 32 bits (float) was expected"],
    ['a,,,,,NaN,,', "column PRICE: 'NaN', where a number of 32 bits (float) was expected"],
    ['a,,,,,,1e309,', "column RATIO: '1e309', where a number (double) was expected"],
    ['a,,,,,,inf,', "column RATIO: 'inf', where a number (double) was expected"],
    ['a,,,,,,,True', "column ADULT: 'True', where true or false (boolean) was expected"],
    ['a,,,,,,,1', "column ADULT: '1', where true or false (boolean) was expected"],
    ['a,,,x\ty,,,,', "column YEAR: 'x\ufffdy', where a whole number of 32 bits (int) was expected"],
    ['a,,"x,,,,,', 'column PLOT: a value whose closing quote is missing on its line'],
    ['a,"x"y",,,,,,', 'column GENRE: text after a closing quote (inside quotes, a quote is written \\" or "")'],
    [
      'a,"x\\"\\y",,,,,,',
      'column GENRE: a backslash inside quotes before neither a quote nor a backslash (\\\\ stands for a backslash)',
    ],
    ['a,b', '2 fields, where the header line has 8'],
    ['a,,,,,,,,x', '9 fields, where the header line has 8'],
    ['a,,,,,,,true\r', 'a line that ends with CR LF, where the header line ends with LF'],
  ]
  for (const [row, sentence] of cases) {
    await world.put('in.csv', `${HEADER}\ngood,,,,,,,\n\n${row}\ngood,,,,,,,\n`)
    const place = sentence.startsWith('column ') ? ', ' : ': '
    await fails(world, {}, `The input has 1 bad row: s3://b-1/in.csv line 4${place}${sentence}.`)
  }
  await world.put('in.csv', Buffer.concat([Buffer.from(`${HEADER}\na`), Buffer.from([0xe9]), Buffer.from(',,,,,,,\n')]))
  await fails(world, {}, 'The input has 1 bad row: s3://b-1/in.csv line 2: bytes that are not UTF-8.')
})

test("over-long values: AWS's sentence for a category, and text is cut", async t => {
  const world = await makeWorld(t)
  const characters = (count: number) => '😀'.repeat(count)
  await world.put('in.csv', `${HEADER}\n${characters(256)},${characters(1000)},${characters(20_001)},,,,,\n`)
  const [[id, genre, plot]] = await world.rowsOf(await world.import({}))
  assert.equal(id, characters(256))
  assert.equal(genre, characters(1000))
  assert.equal(plot, characters(20_000))
  const other = await makeWorld(t)
  await other.put('in.csv', `${HEADER}\n${characters(257)},,,,,,,\n`)
  await fails(
    other,
    {},
    `Length cannot be more than 256 characters for ITEM_ID. The input has 1 bad row: s3://b-1/in.csv line 2, column ITEM_ID: '${characters(60)}…' (257 characters), where at most 256 characters were expected.`,
  )
  await other.put('in.csv', `${HEADER}\na,${'x'.repeat(1001)},,,,,,\nb,,,x,,,,\n`)
  await fails(
    other,
    {},
    `Length cannot be more than 1000 characters for GENRE. The input has 2 bad rows: s3://b-1/in.csv line 2, column GENRE: '${'x'.repeat(60)}…' (1001 characters), where at most 1000 characters were expected. s3://b-1/in.csv line 3, column YEAR: 'x', where a whole number of 32 bits (int) was expected.`,
  )
})

test('the first five bad rows are told, and how many there are, over all objects', async t => {
  const world = await makeWorld(t)
  const rows = (name: string, bad: number[]) =>
    Array.from({ length: 3000 }, (_, i) => (bad.includes(i) ? `${name}${i},bad${i}` : `${name}${i},${i}`)).join('\n')
  await world.put('d/a.csv', `ITEM_ID,YEAR\n${rows('a', [])}`)
  await world.put('d/b.csv', `ITEM_ID,YEAR\n${rows('b', [2990, 7, 8])}\n`)
  await world.put('d/c.csv', `YEAR,ITEM_ID\n${rows('c', [0, 1])}\n`)
  const bad = (object: string, line: number, value: string) =>
    `s3://b-1/d/${object}.csv line ${line}, column YEAR: '${value}', where a whole number of 32 bits (int) was expected.`
  await fails(
    world,
    { schema: small, source: 's3://b-1/d/' },
    `The input has 3003 bad rows, of which the first are: ${bad('b', 9, 'bad7')} ${bad('b', 10, 'bad8')} ${bad('b', 2992, 'bad2990')} ${bad('c', 2, 'c0')} ${bad('c', 3, 'c1')}`,
  )
})

test('spaces around numbers and truth values are passed over; in an id, a category and a text they stay', async t => {
  const world = await makeWorld(t)
  await world.put('in.csv', `${HEADER.replaceAll(',', ' , ')}\n a, G ,  p  , 1999 ," 7 ",  0.5, 1e3 , true \n`)
  assert.deepEqual(await world.rowsOf(await world.import({})), [[' a', ' G ', '  p  ', 1999, 7n, 0.5, 1000, true]])
})

test('a quote inside quotes is written \\" or "", the same way in all objects of a job', async t => {
  const world = await makeWorld(t)
  const rowsIn = async (...objects: string[]) => {
    for (const [place, rows] of objects.entries()) await world.put(`d/${place}.csv`, `ITEM_ID,YEAR,NOTE\n${rows}\n`)
    const result = await world.import({ schema: small, source: 's3://b-1/d/' })
    return (await world.rowsOf(result)).map(([id]) => id)
  }
  assert.deepEqual(await rowsIn('"5"" pipe",1,', 'C:\\dir,2,'), ['5" pipe', 'C:\\dir'])
  assert.deepEqual(await rowsIn('"5\\" pipe",1,', '"C:\\\\dir",2,'), ['5" pipe', 'C:\\dir'])
  // Read by the specification if nothing tells otherwise, and otherwise if the first, the last or an unused value does.
  assert.deepEqual(await rowsIn('"\\\\a",1,', '"b\\\\",2,'), ['\\a', 'b\\'])
  assert.deepEqual(await rowsIn('"\\\\a",1,', '"b\\\\",2,"say ""x"""'), ['\\\\a', 'b\\\\'])
  assert.deepEqual(await rowsIn('"\\\\a",1,"C:\\x"', '"b\\\\",2,'), ['\\\\a', 'b\\\\'])
  assert.deepEqual(await rowsIn('"a""",1,', 'b,2,'), ['a"', 'b'])
  const mixed = (line: string, other: string, first: string, way: string) =>
    `The input has 1 bad row: s3://b-1/d/1.csv line ${line}: a line that reads only with quotes written ${other}, where s3://b-1/d/0.csv line ${first} reads only with ${way}: one way for the whole input was expected.`
  for (const [a, b, reason] of [
    ['a,1,\n"b""",2,', 'c,3,\n"d\\"",4,', mixed('3', '\\"', '3', '""')],
    ['a,1,\n"b\\"",2,', '"d""",4,', mixed('2', '""', '3', '\\"')],
    ['a,1,"C:\\"', '"\\"",4,', mixed('2', '\\"', '2', '""')],
  ]) {
    await world.put('d/0.csv', `ITEM_ID,YEAR,NOTE\n${a}\n`)
    await world.put('d/1.csv', `ITEM_ID,YEAR,NOTE\n${b}\n`)
    for (const key of await world.artifactKeys()) await world.artifacts.remove({ bucket: 'artifacts', key })
    await fails(world, { schema: small, source: 's3://b-1/d/' }, reason)
  }
})

test('bad rows of an input with doubled quotes are told as such', async t => {
  const world = await makeWorld(t)
  await world.put('in.csv', 'ITEM_ID,YEAR,"A ""note"""\n"5"" pipe",1,\n"a" "b",2,\n"c""",x,\n')
  await fails(
    world,
    { schema: small },
    'The input has 2 bad rows: s3://b-1/in.csv line 3, column ITEM_ID: text after a closing quote (inside quotes, a quote is written \\" or ""). s3://b-1/in.csv line 4, column YEAR: \'x\', where a whole number of 32 bits (int) was expected.',
  )
})

test('an object that changes or goes while it is imported is named', async t => {
  const world = await makeWorld(t)
  const good = 'ITEM_ID,YEAR\na,1\n'
  const changed = 's3://b-1/d/b.csv was changed while it was imported: an object that stays as it is was expected.'
  const cases: [string, string, string][] = [
    ['import: reading', `${good}b,2\n`, changed],
    ['import: reading', `${good}b,x\n`, changed],
    ['import: reading', 'YEAR,ITEM_ID\n1,a\n', changed],
    ['import: looking at quotes', good, changed],
    ['the last read', good, changed],
  ]
  for (const [stage, later, reason] of cases) {
    const other = await makeWorld(t)
    const first = stage === 'import: reading' ? good : 'ITEM_ID,YEAR\na,x\n'
    await other.put('d/a.csv', 'YEAR,ITEM_ID\n1,a\n')
    await other.put('d/b.csv', first)
    let done = false
    // As a stage begins, in the middle of our own work: a file in a folder is overwritten where it lies.
    const progress = (report: ProgressReport) => {
      const begins = stage === 'import: reading' ? report.done > 0 : report.stage === stage
      if (begins && !done) writeFileSync(join(other.objectsFolder, 'b-1/d/b.csv'), later)
      done ||= begins
    }
    // Both header lines, both objects for their quotes, and then the bad rows of the second.
    let reads = 0
    const read: ObjectStore['read'] = async (address, options) => {
      if (++reads === 5) progress({ stage: 'the last read', done: 0, unit: 'objects' })
      return other.objects.read(address, options)
    }
    const objects: ObjectStore = Object.assign(Object.create(other.objects), {
      read,
      list: other.objects.list.bind(other.objects),
      head: other.objects.head.bind(other.objects),
      localFile: other.objects.localFile.bind(other.objects),
    })
    await assert.rejects(other.import({ schema: small, source: 's3://b-1/d/' }, { progress, objects }), {
      name: 'Refusal',
      message: `${FAILED} ITEMS dataset. ${reason}`,
    })
    assert.ok(done)
    assert.deepEqual(await other.artifactKeys(), [])
  }
  await world.put('d/a.csv', 'YEAR,ITEM_ID\n1,a\n')
  await world.put('d/b.csv', good)
  const progress = (report: ProgressReport) => {
    if (report.done > 0) rmSync(join(world.objectsFolder, 'b-1/d/b.csv'), { force: true })
  }
  await assert.rejects(world.import({ schema: small, source: 's3://b-1/d/' }, { progress }), {
    name: 'Refusal',
    message: `${FAILED} ITEMS dataset. s3://b-1/d/b.csv was removed while it was imported: an object that stays as it is was expected.`,
  })
})

test('a quote left open, and a line break in quotes, spoil their own lines only, whatever column they are in', async t => {
  const world = await makeWorld(t)
  const open = 'a value whose closing quote is missing on its line'
  const filler = Array.from({ length: 2000 }, (_, i) => `f${i},${i},`).join('\n')
  await world.put('in.csv', `ITEM_ID,YEAR,NOTE\na,1,"open\n${filler}\nb,2,x\n`)
  await fails(world, { schema: small }, `The input has 1 bad row: s3://b-1/in.csv line 2, column NOTE: ${open}.`)
  await world.put('in.csv', `ITEM_ID,YEAR,NOTE\na,1,"open\n${filler}\nb,2,"\n`)
  await fails(
    world,
    { schema: small },
    `The input has 2 bad rows: s3://b-1/in.csv line 2, column NOTE: ${open}. s3://b-1/in.csv line 2003, column NOTE: ${open}.`,
  )
  await world.put('in.csv', `ITEM_ID,YEAR\n${filler.replaceAll(/,$/gm, '')}\n"a\nb",2\n`)
  await fails(world, { schema: small }, `The input has 1 bad row: s3://b-1/in.csv line 2002, column ITEM_ID: ${open}.`)
})

test('a line without end is told as such', async t => {
  const world = await makeWorld(t)
  await world.put('in.csv', `ITEM_ID,YEAR\na,1\nb${' '.repeat(5_000_000)},2\nc,3\n`)
  await fails(
    world,
    { schema: small },
    'The input has 1 bad row: s3://b-1/in.csv line 3: a line of more than 2000000 bytes.',
  )
})

test('timestamps are seconds; milliseconds are told', async t => {
  const world = await makeWorld(t)
  const rows = interactionRows(1000)
  rows[500] = 'u1,i1,1600000000000'
  await world.put('in.csv', ['USER_ID,ITEM_ID,TIMESTAMP', ...rows].join('\n'))
  await fails(
    world,
    { schema: interactionsSchema },
    "The input has 1 bad row: s3://b-1/in.csv line 502, column TIMESTAMP: '1600000000000', where seconds since 1970 were expected, and this looks like milliseconds.",
  )
  for (const time of ['2026-01-02', '1765066048.0', '2026-01-02T03:04:05Z', '1.7e9', 'now']) {
    rows[500] = `u1,i1,${time}`
    await world.put('in.csv', ['USER_ID,ITEM_ID,TIMESTAMP', ...rows].join('\n'))
    await fails(
      world,
      { schema: interactionsSchema },
      `The input has 1 bad row: s3://b-1/in.csv line 502, column TIMESTAMP: '${time}', where a time in seconds since 1970 as a whole number, such as 1767323045, was expected.`,
    )
  }
  rows[500] = 'u1,i1,99999999999'
  rows[501] = 'u1,i1,-1'
  await world.put('in.csv', ['USER_ID,ITEM_ID,TIMESTAMP', ...rows].join('\n'))
  assert.equal((await world.import({ schema: interactionsSchema })).rowCount, 1000)
})

test('interactions: a thousand rows at least, duplicates counted', async t => {
  const world = await makeWorld(t)
  const rows = interactionRows(999)
  await world.put('in.csv', ['USER_ID,ITEM_ID,TIMESTAMP', ...rows].join('\n'))
  await fails(
    world,
    { schema: interactionsSchema },
    'The input has 999 rows: an import of interactions must have at least 1000.',
  )
  await world.put('in.csv', ['USER_ID,ITEM_ID,TIMESTAMP', ...rows, rows[0]].join('\n'))
  const { rowCount, duplicateCount } = await world.import({ schema: interactionsSchema, importMode: 'INCREMENTAL' })
  assert.deepEqual({ rowCount, duplicateCount }, { rowCount: 999, duplicateCount: 1 })
})

test('rows equal in every column go, the first stays, in and across objects; nulls are equal', async t => {
  const world = await makeWorld(t)
  const schema = avro('Interactions', [
    string('USER_ID'),
    string('ITEM_ID'),
    { name: 'TIMESTAMP', type: 'long' },
    nullable('EVENT_VALUE', 'float'),
  ])
  const rows = interactionRows(2000).map(row => `${row},`)
  const twins = ['u,i,5,', 'u,i,5,1', 'u,i,5,', 'u,i,05,1.0', 'u,i,6,', 'v,i,5,']
  await world.put('d/a.csv', ['USER_ID,ITEM_ID,TIMESTAMP,EVENT_VALUE', ...rows, ...twins].join('\n'))
  await world.put(
    'd/b.csv',
    ['NOTE,USER_ID,ITEM_ID,TIMESTAMP,EVENT_VALUE', 'x,u,i,6,', 'y,w,i,5,', `z,${rows[3]}`].join('\n'),
  )
  const result = await world.import({ schema, source: 's3://b-1/d/' })
  assert.equal(result.rowCount, 2005)
  assert.equal(result.duplicateCount, 4)
  const found = await world.rowsOf(result)
  assert.deepEqual(
    found.slice(0, 3),
    [0, 1, 2].map(i => [`u${i}`, `i${i}`, BigInt(1_600_000_000 + i), null]),
  )
  assert.deepEqual(found.slice(2000), [
    ['u', 'i', 5n, null],
    ['u', 'i', 5n, 1],
    ['u', 'i', 6n, null],
    ['v', 'i', 5n, null],
    ['w', 'i', 5n, null],
  ])
})

test('things with ids: the last row of an id is the one that counts', async t => {
  const world = await makeWorld(t)
  await world.put('d/a.csv', 'ITEM_ID,YEAR\na,1\nb,2\na,3\nc,4\n')
  await world.put('d/b.csv', 'YEAR,ITEM_ID\n5,b\n,d\n6,d\n')
  const result = await world.import({ schema: small, source: 's3://b-1/d/' })
  assert.deepEqual(await world.rowsOf(result), [
    ['a', 3],
    ['c', 4],
    ['b', 5],
    ['d', 6],
  ])
  assert.equal(result.rowCount, 4)
  assert.equal(result.duplicateCount, 3)
})

test('large input keeps its order, with and without duplicates, for any number of threads', async t => {
  const world = await makeWorld(t)
  const ids = Array.from({ length: 250_000 }, (_, i) => `item-${(i * 48_271) % 250_007}`)
  // Wide enough to be read in several pieces at a time.
  const more = 'x'.repeat(60)
  await world.put('in.csv', `ITEM_ID,YEAR,MORE\n${ids.map((id, i) => `${id},${i},${more}`).join('\n')}\n`)
  await world.put(
    'twice.csv',
    `ITEM_ID,YEAR\n${ids.map((id, i) => `${i % 100_000 === 1 ? 'last' : id},${i}`).join('\n')}\n`,
  )
  for (const threads of [1, 3]) {
    const rows = await world.rowsOf(await world.import({ schema: small }, { threads }))
    assert.ok(rows.length === ids.length && rows.every(([id, year], i) => id === ids[i] && year === i))
    const fewer = await world.rowsOf(await world.import({ schema: small, source: 's3://b-1/twice.csv' }, { threads }))
    const years = fewer.map(([, year]) => Number(year))
    assert.equal(years.length, ids.length - 2)
    assert.ok(years.every((year, i) => i === 0 || year > years[i - 1]))
  }
})

test('too much for the mode is refused before it is read', async t => {
  const world = await makeWorld(t)
  const objects: ObjectStore = { ...world.objects, head: async () => ({ key: 'in.csv', bytes: 1e9 + 1, etag: '' }) }
  await assert.rejects(world.import({ importMode: 'INCREMENTAL', sourceBytesMax: 1e9 }, { objects }), {
    message: `${FAILED} ITEMS dataset. The input has 1000000001 bytes: an import of mode INCREMENTAL takes at most 1000000000.`,
  })
})

test('an abort stops the work at once, in DuckDB and in the plain check, and nothing stays', async t => {
  const world = await makeWorld(t)
  const rows = Array.from({ length: 300_000 }, (_, i) => `item-${i},${i}`)
  await world.put('in.csv', ['ITEM_ID,YEAR', ...rows].join('\n'))
  await world.put('bad.csv', ['ITEM_ID,YEAR', ...rows, 'x,y'].join('\n'))
  for (const [source, stage] of [
    ['s3://b-1/in.csv', 'import: looking for duplicates'],
    ['s3://b-1/in.csv', 'import: storing'],
    ['s3://b-1/bad.csv', 'import: looking for bad rows'],
  ]) {
    const controller = new AbortController()
    const progress = (report: { stage: string }) =>
      report.stage === stage && controller.abort(new Error('no longer wanted'))
    await assert.rejects(world.import({ schema: small, source }, { signal: controller.signal, progress }), {
      message: 'no longer wanted',
    })
    assert.deepEqual(await world.artifactKeys(), [])
  }
  await assert.rejects(world.import({ schema: small }, { signal: AbortSignal.abort(new Error('not begun')) }), {
    message: 'not begun',
  })
})

test('an import that fails while it stores its parts leaves none of them', async t => {
  const world = await makeWorld(t)
  await world.put('d/a.csv', 'ITEM_ID,YEAR\na,1\n')
  await world.put('d/b.csv', 'YEAR,ITEM_ID\n2,b\n')
  let writes = 0
  const artifacts: ObjectStore = Object.assign(Object.create(world.artifacts), {
    write: (...args: Parameters<ObjectStore['write']>) =>
      ++writes === 2 ? Promise.reject(new Error('the disk is full')) : world.artifacts.write(...args),
    list: world.artifacts.list.bind(world.artifacts),
    remove: world.artifacts.remove.bind(world.artifacts),
  })
  await assert.rejects(world.import({ schema: small, source: 's3://b-1/d/' }, { artifacts }), {
    message: 'the disk is full',
  })
  assert.equal(writes, 2)
  assert.deepEqual(await world.artifactKeys(), [])
})

test('progress: bytes read, then what is done with them', async t => {
  const world = await makeWorld(t)
  await world.put('in.csv', 'ITEM_ID,YEAR\na,1\n')
  await world.import({ schema: small })
  const stages = world.reports.map(({ stage }) => stage)
  assert.deepEqual([...new Set(stages)], ['import: reading', 'import: looking for duplicates', 'import: storing'])
})

test('importCsv wants a target of its own', async t => {
  const world = await makeWorld(t)
  const run = importCsv(
    {
      source: 's3://b-1/in.csv',
      datasetType: 'ITEMS',
      schema: small,
      importMode: 'FULL',
      sourceBytesMax: Number.POSITIVE_INFINITY,
      bucket: 'artifacts',
      targetPrefix: 'x',
    },
    { ...world, scratchFolder: '/nowhere' },
  )
  await assert.rejects(run, { message: 'the target of an import is a prefix of its own' })
})
