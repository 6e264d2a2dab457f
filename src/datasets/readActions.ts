/**
 * The datasets ACTIONS and ACTION_INTERACTIONS, from the Parquet of their imports to what a model of actions learns from.
 *
 * Events are of type TAKEN, NOT_TAKEN or VIEWED, whatever their case; others, and those of actions that ACTIONS has not, are not learnt from.
 * Rows equal to an earlier one count once. Memory: 20 bytes an event. Source: spec/datasets-schemas.md §1, recipes.md §5.
 */
import { Refusal } from '../lib/refusal.ts'
import { type DuckDb, sqlParquet, textOf, withDuckDb } from './duckdb.ts'
import { DOOMED, findDuplicates } from './duplicates.ts'
import { type Histories, historiesOf } from './histories.ts'
import { TRAINING_ROWS_MAX } from './limits.ts'
import { readMetadata } from './metadata.ts'
import { localParts } from './parts.ts'
import type { ImportedRows, ReadContext } from './read.ts'
import type { DatasetSchema } from './schema.ts'
import { extended, Vocabulary } from './vocabulary.ts'

export interface ActionsQuery {
  /** Of the artifacts store. */
  readonly bucket: string
  /** The last FULL import of ACTIONS and the INCREMENTAL ones since, oldest first. */
  readonly actions: readonly ImportedRows[]
  readonly schema: DatasetSchema
  /** The same imports of ACTION_INTERACTIONS; none where there is no such dataset. */
  readonly events: readonly ImportedRows[]
  readonly actionCountMax: number
}

export interface ReadActions {
  /** By id bytes ascending. */
  readonly ids: Vocabulary
  /** f64[actions] each, NaN where the row says nothing: VALUE; the end, in epoch seconds; REPEAT_FREQUENCY, in days. */
  readonly values: Float64Array
  readonly expires: Float64Array
  readonly repeatDays: Float64Array
  /** All that were known, then those who only met actions. */
  readonly users: Vocabulary
  /** Of each user: action a that was taken is a, one that was shown or turned down is ids.size + a. */
  readonly events: Histories
}

/** Throws Refusal where there are too many actions or events; the signal's reason when aborted. */
export async function readActions(
  { bucket, actions, schema, events, actionCountMax }: ActionsQuery,
  known: Vocabulary,
  context: ReadContext,
): Promise<ReadActions> {
  const wanted = ['VALUE', 'ACTION_EXPIRATION_TIMESTAMP', 'EXPIRATION_TIMESTAMP', 'REPEAT_FREQUENCY']
  const columns = wanted.filter(name => schema.columns.some(column => column.name === name))
  const query = { bucket, imports: actions, schema, columns }
  const { ids, columns: read } = await readMetadata(query, Vocabulary.fromIds([]), actionCountMax + 1, context)
  if (ids.size > actionCountMax)
    throw new Refusal(`The dataset ACTIONS has more than ${actionCountMax} actions: a training takes at most as many.`)
  const numbers = (name: string): Float64Array => {
    const column = read.find(each => each.name === name)
    return column?.kind === 'numbers' ? column.values : new Float64Array(ids.size).fill(Number.NaN)
  }
  // The guide has two names for it.
  const second = numbers('EXPIRATION_TIMESTAMP')
  const expires = numbers('ACTION_EXPIRATION_TIMESTAMP').map((end, a) => (Number.isNaN(end) ? second[a] : end))
  const met = await readEvents(events, ids, known, bucket, context)
  return { ids, values: numbers('VALUE'), expires, repeatDays: numbers('REPEAT_FREQUENCY'), ...met }
}

async function readEvents(
  imports: readonly ImportedRows[],
  ids: Vocabulary,
  known: Vocabulary,
  bucket: string,
  context: ReadContext,
): Promise<Pick<ReadActions, 'users' | 'events'>> {
  const rowCount = imports.reduce((sum, each) => sum + each.rowCount, 0)
  if (rowCount > TRAINING_ROWS_MAX)
    throw new Refusal(`The dataset has ${rowCount} action interactions: a training takes at most ${TRAINING_ROWS_MAX}.`)
  const arrivals = {
    users: new Int32Array(rowCount).fill(-1),
    items: new Int32Array(rowCount),
    times: new Float64Array(rowCount),
  }
  const count = (users: Vocabulary) => historiesOf(arrivals, users.size, 2 * ids.size, context)
  if (rowCount === 0) return { users: known, events: await count(known) }
  return withDuckDb(context, async db => {
    const files = await localParts(imports, 'action-interactions', bucket, context)
    context.progress({ stage: 'reading action interactions', done: 0, total: rowCount, unit: 'rows' })
    const rows = await keptSql(db, files)
    const fresh: Buffer[] = []
    for await (const chunk of db.chunks(`SELECT DISTINCT encode(USER_ID) FROM ${rows}`))
      for (const value of chunk.getColumnValues(0)) {
        const id = textOf(value)
        if (known.indexOf(id) < 0) fresh.push(Buffer.from(id))
      }
    const users = extended(known, fresh)
    let place = 0
    for await (const chunk of db.chunks(`SELECT encode(USER_ID), encode(ACTION_ID), TIMESTAMP::DOUBLE, upper(EVENT_TYPE) = 'TAKEN'
      FROM ${rows} ORDER BY file_index, file_row_number`)) {
      const [user, action, time, taken] = [0, 1, 2, 3].map(column => chunk.getColumnValues(column))
      for (let row = 0; row < chunk.rowCount; row++) {
        const index = ids.indexOf(textOf(action[row]))
        if (index < 0) continue
        arrivals.users[place] = users.indexOf(textOf(user[row]))
        arrivals.items[place] = taken[row] ? index : ids.size + index
        arrivals.times[place++] = Number(time[row])
      }
      context.progress({ stage: 'reading action interactions', done: place, total: rowCount, unit: 'rows' })
    }
    return { users, events: await count(users) }
  })
}

/** What stands behind FROM: the rows that count. */
async function keptSql(db: DuckDb, files: readonly string[]): Promise<string> {
  const columns = (await db.rows(`DESCRIBE SELECT * FROM ${sqlParquet(files)}`)).map(([name]) => String(name))
  await findDuplicates(db, files, columns, 'first')
  return `(SELECT USER_ID, ACTION_ID, TIMESTAMP, EVENT_TYPE, file_index, file_row_number
    FROM ${sqlParquet(files, 'file_row_number = true')} AS parts
    ANTI JOIN ${DOOMED} ON file_index = ${DOOMED}.file AND file_row_number = ${DOOMED}.row
    WHERE upper(EVENT_TYPE) IN ('TAKEN', 'NOT_TAKEN', 'VIEWED'))`
}
