/**
 * The files of the state in the data folder, opened, owned and brought up to date.
 *
 * One process owns them: it holds an exclusive lock on a second, empty database beside the state for as long as it lives. The kernel lets
 * go of it whatever way the process dies, so there is no stale lock to clear.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Refusal } from '../lib/refusal.ts'
import { migrations } from './migrations.ts'
import { StateUnwritable } from './stateStore.ts'

/** SQLite's result codes (https://sqlite.org/rescode.html). */
const SQLITE_BUSY = 5
const SQLITE_READONLY = 8
const SQLITE_IOERR = 10
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14

interface Files {
  readonly db: DatabaseSync
  /** Closed last: then another process may have the folder. */
  readonly lock: DatabaseSync
}

/** Throws Refusal when another process owns the folder, when it cannot be written, and when its state is of a newer version. */
export function openFiles(folder: string): Files {
  mkdirSync(folder, { recursive: true })
  try {
    const lock = takeLock(folder)
    try {
      return { db: openState(folder), lock }
    } catch (error) {
      lock.close()
      throw error
    }
  } catch (error) {
    if (![SQLITE_READONLY, SQLITE_CANTOPEN].includes(resultCode(error))) throw error
    throw new Refusal(
      `The data folder cannot be written (${(error as Error).message}, in '${folder}'): choose another with --data.`,
    )
  }
}

function takeLock(folder: string): DatabaseSync {
  const lock = new DatabaseSync(join(folder, 'lock.sqlite'))
  try {
    lock.exec('pragma locking_mode = exclusive; begin exclusive; commit')
    return lock
  } catch (error) {
    lock.close()
    if (resultCode(error) !== SQLITE_BUSY) throw error
    throw new Refusal(
      `Another sommelier is running on the data folder '${folder}': stop it, or choose another with --data.`,
    )
  }
}

function openState(folder: string): DatabaseSync {
  const db = new DatabaseSync(join(folder, 'state.sqlite'))
  try {
    db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on')
    migrate(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function migrate(db: DatabaseSync): void {
  const taken = (db.prepare('pragma user_version').get() as { user_version: number }).user_version
  if (taken > migrations.length) {
    throw new Refusal(
      `The data folder was written by a newer sommelier (state version ${taken}; this one knows ${migrations.length}): use that one, or another data folder.`,
    )
  }
  for (let version = taken; version < migrations.length; version++) {
    db.exec(`begin immediate; ${migrations[version]}; pragma user_version = ${version + 1}; commit`)
  }
}

/** An error that may pass by itself in the port's words; any other as it is. */
export const unwritable = (error: unknown): unknown =>
  [SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN].includes(resultCode(error))
    ? new StateUnwritable(`The state cannot be written: ${(error as Error).message}.`, { cause: error })
    : error

/** Without what extended codes add above the lowest byte; 0 for an error that is not SQLite's. */
const resultCode = (error: unknown): number => ((error as { errcode?: number }).errcode ?? 0) & 0xff
