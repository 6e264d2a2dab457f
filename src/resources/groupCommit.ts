/**
 * Transactions one after the other on one connection, committed together: those that were asked for while the disk was busy with the last
 * commit share the next one, and its fsync. Each is a savepoint of its own, so one that throws takes back its own changes and nobody else's.
 * Nobody hears of an end before the commit is durable.
 */
import type { DatabaseSync } from 'node:sqlite'
import { unwritable } from './sqliteFiles.ts'
import type { StateStore, Transaction } from './stateStore.ts'

/** The first of a group waits for the last; a transaction takes about 0.1 ms, an fsync one or two. */
const GROUP_LENGTH = 64

interface Asked {
  readonly body: (transaction: Transaction) => Promise<unknown>
  resolve(value: unknown): void
  reject(error: unknown): void
}

export function groupCommit(db: DatabaseSync, transaction: Transaction): StateStore['transact'] {
  const savepoint = db.prepare('savepoint one')
  const release = db.prepare('release one')
  const waiting: Asked[] = []

  // Not at once: the requests that have arrived in the meantime are read first.
  const commitSoon = (): void => void setImmediate(commitWaiting)

  async function commitWaiting(): Promise<void> {
    const group = waiting.slice(0, GROUP_LENGTH)
    const ends: (() => void)[] = []
    try {
      db.exec('begin immediate')
      for (const asked of group) ends.push(await run(asked))
      db.exec('commit')
    } catch (error) {
      if (db.isOpen && db.isTransaction) db.exec('rollback')
      ends.splice(
        0,
        ends.length,
        ...group.map(
          ({ reject }) =>
            () =>
              reject(unwritable(error)),
        ),
      )
    }
    waiting.splice(0, group.length)
    for (const end of ends) end()
    if (waiting.length > 0) commitSoon()
  }

  async function run({ body, resolve, reject }: Asked): Promise<() => void> {
    savepoint.run()
    try {
      const value = await body(transaction)
      release.run()
      return () => resolve(value)
    } catch (error) {
      // SQLite rolls everything back by itself when the disk is full: then the whole group has failed.
      if (!db.isTransaction) throw error
      db.exec('rollback to one; release one')
      return () => reject(unwritable(error))
    }
  }

  return body =>
    new Promise((resolve, reject) => {
      waiting.push({ body, resolve: resolve as Asked['resolve'], reject })
      if (waiting.length === 1) commitSoon()
    })
}
