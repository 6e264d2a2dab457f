import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { groupCommit } from '../../src/resources/groupCommit.ts'
import type { Transaction } from '../../src/resources/stateStore.ts'

/** Keeps ARNs in one table: as much of a transaction as these tests use. */
function smallStore(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'sommelier-group-'))
  const path = join(folder, 'state.sqlite')
  const db = new DatabaseSync(path)
  const reader = new DatabaseSync(path)
  t.after(() => {
    db.close()
    reader.close()
    rmSync(folder, { recursive: true })
  })
  db.exec(
    'pragma journal_mode = wal; pragma synchronous = full; create table resource (arn text primary key, text text)',
  )
  const insert = db.prepare('insert into resource values (?, ?)')
  const transaction = {
    async remove(arn: string) {
      insert.run(arn, '')
    },
    async clearCheckpoints(length: number) {
      insert.run('large', 'x'.repeat(length))
    },
  } as unknown as Transaction
  const there = () =>
    reader
      .prepare('select arn from resource order by rowid')
      .all()
      .map(({ arn }) => arn)
  return { db, there, transact: groupCommit(db, transaction) }
}

test('transactions asked for together end together, in their order, and are durable when they end', async t => {
  const { db, there, transact } = smallStore(t)
  let commits = 0
  const exec = db.exec.bind(db)
  db.exec = sql => {
    if (sql === 'commit') commits++
    exec(sql)
  }
  const seen: unknown[] = []
  const one = (arn: string) =>
    transact(async transaction => {
      assert.deepEqual(there(), [], 'nothing is seen before the commit')
      await transaction.remove(arn)
      return arn
    }).then(value => seen.push(value, there().length))
  await Promise.all(['a', 'b', 'c'].map(one))
  assert.deepEqual([seen, commits], [['a', 3, 'b', 3, 'c', 3], 1])
  assert.deepEqual(there(), ['a', 'b', 'c'])
})

test('one that throws takes back its own changes, and nobody else hears of it', async t => {
  const { there, transact } = smallStore(t)
  const ends = await Promise.allSettled([
    transact(async transaction => transaction.remove('a')),
    transact(async transaction => {
      await transaction.remove('b')
      throw new Error('no')
    }),
    transact(async transaction => transaction.remove('a')),
    transact(async transaction => transaction.remove('c')),
  ])
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
  )
  assert.equal((ends[1] as PromiseRejectedResult).reason.message, 'no')
  assert.deepEqual(there(), ['a', 'c'])
})

test('a commit that fails fails everybody in it, and the next works', async t => {
  const { db, there, transact } = smallStore(t)
  const exec = db.exec.bind(db)
  let failing = true
  db.exec = sql => {
    if (sql === 'commit' && failing) throw new Error('the disk is gone')
    exec(sql)
  }
  const both = ['a', 'b'].map(arn => transact(async transaction => transaction.remove(arn)))
  const ends = await Promise.allSettled(both)
  assert.deepEqual(
    ends.map(end => (end as PromiseRejectedResult).reason.message),
    ['the disk is gone', 'the disk is gone'],
  )
  assert.deepEqual(there(), [])
  failing = false
  await transact(async transaction => transaction.remove('c'))
  assert.deepEqual(there(), ['c'])
})

test('a full disk leaves of a group what was acknowledged, and nothing else', async t => {
  const { db, there, transact } = smallStore(t)
  db.exec('pragma max_page_count = 40')
  const ends = await Promise.allSettled([
    transact(async transaction => transaction.remove('a')),
    transact(async transaction => transaction.clearCheckpoints(1_000_000)),
    transact(async transaction => transaction.remove('b')),
  ])
  const done = ['a', 'large', 'b'].filter((_, i) => ends[i].status === 'fulfilled')
  assert.equal(ends[1].status, 'rejected')
  assert.deepEqual(there(), done)
  await transact(async transaction => transaction.remove('c'))
  assert.deepEqual(there(), [...done, 'c'])
})

test('what is asked for after the end is rejected, like anything that cannot be done', async t => {
  const { db, transact } = smallStore(t)
  db.close()
  await assert.rejects(
    transact(async transaction => transaction.remove('a')),
    { message: 'database is not open' },
  )
  db.open()
})
