/** The state port on SQLite in one file: WAL and synchronous=FULL, so what was acknowledged survives kill -9 and a power cut. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { assert } from '../lib/assert.ts'
import { groupCommit } from './groupCommit.ts'
import type { Status } from './lifecycle.ts'
import { openFiles } from './sqliteFiles.ts'
import type {
  ResourceQuery,
  StateStore,
  StoredResource,
  StoredWork,
  Tag,
  Transaction,
  WorkState,
} from './stateStore.ts'

/** Statements are prepared once each; their number is that of the distinct SQL texts below, a few dozen. */
const STATEMENTS_MAX = 200

type Value = string | number | null
type Row = Record<string, Value>

export function openSqlite(folder: string): StateStore {
  const { db, lock } = openFiles(folder)
  const run = statements(db)
  const transaction = transactionOn(run)
  const secret = run.get("select value from meta where key = 'secret'")?.value as string

  const transact = groupCommit(db, transaction)
  return {
    secret,
    transact,
    async close() {
      // The last in the queue: those before it have ended.
      await transact(async () => {})
      db.close()
      lock.close()
    },
  }
}

interface Runner {
  get(sql: string, ...values: Value[]): Row | undefined
  all(sql: string, ...values: Value[]): Row[]
  change(sql: string, ...values: Value[]): number
}

function statements(db: DatabaseSync): Runner {
  const prepared = new Map<string, StatementSync>()
  const statement = (sql: string): StatementSync => {
    let found = prepared.get(sql)
    if (!found) {
      assert(prepared.size < STATEMENTS_MAX, 'a statement is built from values instead of parameters')
      found = db.prepare(sql)
      prepared.set(sql, found)
    }
    return found
  }
  return {
    get: (sql, ...values) => statement(sql).get(...values) as Row | undefined,
    all: (sql, ...values) => statement(sql).all(...values) as Row[],
    change: (sql, ...values) => Number(statement(sql).run(...values).changes),
  }
}

function transactionOn(run: Runner): Transaction {
  return {
    async find(arn) {
      const row = run.get('select * from resource where arn = ?', arn)
      return row && resourceOf(row)
    },
    async insert(it) {
      run.change(
        `insert into resource (arn, type, account, region, name, parent, group_arn, status, created_ms, updated_ms, failure_reason, body, hidden)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        it.arn,
        it.type,
        it.account,
        it.region,
        it.name,
        it.parent ?? null,
        it.group ?? null,
        it.status ?? null,
        it.createdMs,
        it.updatedMs,
        it.failureReason ?? null,
        JSON.stringify(it.body),
        JSON.stringify(it.hidden),
      )
    },
    async update(arn, change) {
      const changed = run.change(
        `update resource set updated_ms = ?, status = coalesce(?, status), failure_reason = nullif(coalesce(?, failure_reason), ''),
           body = coalesce(?, body), hidden = coalesce(?, hidden) where arn = ?`,
        change.updatedMs,
        change.status ?? null,
        // Empty stands for none: a reason is a sentence.
        change.failureReason === null ? '' : (change.failureReason ?? null),
        change.body === undefined ? null : JSON.stringify(change.body),
        change.hidden === undefined ? null : JSON.stringify(change.hidden),
        arn,
      )
      assert(changed === 1, `${arn} is not there to be changed`)
    },
    async remove(arn) {
      run.change('delete from resource where arn = ?', arn)
    },
    async list(query, { limit, before }) {
      const { where, values } = conditions(query)
      const rows = run.all(
        `select * from resource where ${where} and sequence < ? order by sequence desc limit ?`,
        ...values,
        before ?? Number.MAX_SAFE_INTEGER,
        limit,
      )
      return rows.map(resourceOf)
    },
    async count(query) {
      const { where, values } = conditions(query)
      return run.get(`select count(*) as n from resource where ${where}`, ...values)?.n as number
    },

    async setTags(arn, tags) {
      for (const { tagKey, tagValue } of tags) {
        run.change('insert or replace into tag (arn, key, value) values (?, ?, ?)', arn, tagKey, tagValue)
      }
    },
    async removeTags(arn, keys) {
      for (const key of keys) run.change('delete from tag where arn = ? and key = ?', arn, key)
    },
    async tagsOf(arn) {
      const rows = run.all('select key, value from tag where arn = ? order by key', arn)
      return rows.map((row): Tag => ({ tagKey: row.key as string, tagValue: row.value as string }))
    },

    async enqueue({ arn, kind, nowMs }) {
      run.change(
        "insert into work (arn, kind, state, not_before_ms, queued_ms) values (?, ?, 'queued', 0, ?)",
        arn,
        kind,
        nowMs,
      )
    },
    async workIn(states, { limit }) {
      const marks = states.map(() => '?').join(', ')
      return run.all(`select * from work where state in (${marks}) order by id limit ?`, ...states, limit).map(workOf)
    },
    async listWork({ account, region }, { limit, before }) {
      const rows = run.all(
        `select work.* from work join resource using (arn)
         where account = ? and region = ? and id < ? order by id desc limit ?`,
        account,
        region,
        before ?? Number.MAX_SAFE_INTEGER,
        limit,
      )
      return rows.map(workOf)
    },
    async workOf(arn) {
      const row = run.get('select * from work where arn = ? order by id desc limit 1', arn)
      return row && workOf(row)
    },
    async changeWork(id, change) {
      run.change(
        `update work set state = coalesce(?, state), attempt = coalesce(?, attempt), crashes = coalesce(?, crashes), refusals = coalesce(?, refusals),
           not_before_ms = coalesce(?, not_before_ms), started_ms = coalesce(?, started_ms), finished_ms = coalesce(?, finished_ms),
           progress = coalesce(?, progress) where id = ?`,
        change.state ?? null,
        change.attempt ?? null,
        change.crashes ?? null,
        change.refusals ?? null,
        change.notBeforeMs ?? null,
        change.startedMs ?? null,
        change.finishedMs ?? null,
        change.progress === undefined ? null : JSON.stringify(change.progress),
        id,
      )
    },
    async pruneWork(keep) {
      run.change(`delete from work where state in ('done', 'failed') and id <= (select max(id) from work) - ?`, keep)
    },

    async saveCheckpoint(workId, name, value) {
      run.change(
        'insert or replace into checkpoint (work_id, name, value) values (?, ?, ?)',
        workId,
        name,
        JSON.stringify(value),
      )
      run.change('update work set crashes = 0, refusals = 0 where id = ?', workId)
    },
    async checkpointsOf(workId) {
      const rows = run.all('select name, value from checkpoint where work_id = ? order by name', workId)
      return new Map(rows.map(row => [row.name as string, JSON.parse(row.value as string)]))
    },
    async clearCheckpoints(workId) {
      run.change('delete from checkpoint where work_id = ?', workId)
    },
  }
}

function conditions(query: ResourceQuery): { where: string; values: Value[] } {
  const { type, account, region, parent, group: group_arn, statuses = [] } = query
  const equal = Object.entries({ type, account, region, parent, group_arn }).filter(([, value]) => value !== undefined)
  const where = equal.map(([column]) => `${column} = ?`)
  if (statuses.length > 0) where.push(`status in (${statuses.map(() => '?').join(', ')})`)
  return { where: where.join(' and '), values: [...equal.map(([, value]) => value as string), ...statuses] }
}

const present = <T extends Value>(value: T | null): T | undefined => value ?? undefined

const resourceOf = (row: Row): StoredResource => ({
  arn: row.arn as string,
  type: row.type as string,
  account: row.account as string,
  region: row.region as string,
  name: row.name as string,
  parent: present(row.parent) as string | undefined,
  group: present(row.group_arn) as string | undefined,
  sequence: row.sequence as number,
  status: present(row.status) as Status | undefined,
  createdMs: row.created_ms as number,
  updatedMs: row.updated_ms as number,
  failureReason: present(row.failure_reason) as string | undefined,
  body: JSON.parse(row.body as string),
  hidden: JSON.parse(row.hidden as string),
})

const workOf = (row: Row): StoredWork => ({
  id: row.id as number,
  arn: row.arn as string,
  kind: row.kind as string,
  state: row.state as WorkState,
  attempt: row.attempt as number,
  crashes: row.crashes as number,
  refusals: row.refusals as number,
  notBeforeMs: row.not_before_ms as number,
  queuedMs: row.queued_ms as number,
  startedMs: present(row.started_ms) as number | undefined,
  finishedMs: present(row.finished_ms) as number | undefined,
  progress: row.progress === null ? undefined : JSON.parse(row.progress as string),
})
