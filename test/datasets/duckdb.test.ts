/** Texts on their way into queries and out of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf, sqlName, sqlString, textOf, withDuckDb } from '../../src/datasets/duckdb.ts'
import { quietControl } from '../../src/lib/work.ts'
import { temporaryFolder } from '../support/server.ts'

test('whatever a text has in it goes into a query and comes out again', async () => {
  const texts = [
    '',
    "it's",
    "''",
    '\\',
    '"',
    '\0',
    'a\0b',
    "\0'\0",
    '--',
    '; DROP TABLE t',
    '\ufeffx',
    'é😀',
    '\n\r\t',
    '$1 ?',
  ]
  const options = { scratchFolder: temporaryFolder(), threads: 1, signal: quietControl.signal }
  await withDuckDb(options, async db => {
    for (const text of texts) {
      const [[same, bytes]] = await db.rows(
        `SELECT value = ${sqlString(text)}, encode(value) FROM (VALUES (${sqlString(text)})) AS t(value)`,
      )
      assert.equal(same, true, JSON.stringify(text))
      assert.equal(textOf(bytes), text)
      assert.deepEqual(Buffer.from(bytesOf(bytes)), Buffer.from(text))
    }
    const name = 'say "x", it\'s; --'
    await db.run(`CREATE TEMP TABLE t AS SELECT 1 AS ${sqlName(name)}`)
    assert.deepEqual(await db.rows(`SELECT ${sqlName(name)} FROM t`), [[1]])
  })
})
