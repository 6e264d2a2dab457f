/**
 * What a plan needs, from the Parquet of the imports onto shared memory (data.ts): the columns it names and the events it asks about, and
 * nothing else. A row imported again replaces the one before it.
 *
 * Memory, beside DuckDB's pool and some 400 MB: a number 8 bytes a row, a text 8 bytes a value in each of two forms and each distinct one
 * once, an event 6 bytes for each distinct triple of user, item and type, ids as datasets/vocabulary.ts keeps them. Sorting spills to the
 * scratch folder.
 */
import { DuckDBBlobValue, type DuckDBValue } from '@duckdb/node-api'
import { type DuckDb, sqlParquet, withDuckDb } from '../datasets/duckdb.ts'
import { type Cell, readLatestRows } from '../datasets/latestRows.ts'
import { localParts } from '../datasets/parts.ts'
import type { ImportedRows, ReadContext } from '../datasets/read.ts'
import type { DatasetType } from '../datasets/schema.ts'
import { type Vocabulary, VocabularyBuilder } from '../datasets/vocabulary.ts'
import { assert } from '../lib/assert.ts'
import { DataAssembler, datasetsOf, namingDatasets, needsOf } from './assemble.ts'
import type { FilterSchemas } from './check.ts'
import { DATASET_OF, type FilterData } from './data.ts'
import type { Plan } from './plan.ts'
import { eventsSql, readEvents, readUserEventTypes } from './readEvents.ts'

export interface FilterSource {
  /** Of the artifacts store. */
  readonly bucket: string
  /** The last FULL import of each dataset and the INCREMENTAL ones since, oldest first. */
  readonly imports: Readonly<Partial<Record<DatasetType, readonly ImportedRows[]>>>
  /** Newest events that count, per user and event type; all of them without it. */
  readonly eventsPerType?: number | undefined
}

export interface ReadFilter {
  readonly data: FilterData
  /** Row ↔ id. */
  readonly candidates: Vocabulary
}

const ID = { ITEMS: 'ITEM_ID', USERS: 'USER_ID', ACTIONS: 'ACTION_ID' } as const

/**
 * Rows are those of `candidates`, a model's items; without it every item (user, action) that the datasets name, by id bytes ascending.
 * Throws Refusal where the data does not fit; the signal's reason when aborted.
 */
export function readFilterData(
  plan: Plan,
  schemas: FilterSchemas,
  source: FilterSource,
  candidates: Vocabulary | undefined,
  context: ReadContext,
): Promise<ReadFilter> {
  return withDuckDb(context, async db => {
    const files = new Map<DatasetType, string[]>()
    for (const dataset of datasetsOf(plan, candidates === undefined))
      files.set(
        dataset,
        await localParts(source.imports[dataset] ?? [], `filter-${dataset.toLowerCase()}`, source.bucket, context),
      )
    context.progress({ stage: 'reading what the filter needs', done: 0, unit: 'rows' })
    return new Reader(db, plan, schemas, files, source.eventsPerType).read(candidates)
  })
}

class Reader {
  readonly #db: DuckDb
  readonly #plan: Plan
  readonly #schemas: FilterSchemas
  readonly #files: ReadonlyMap<DatasetType, readonly string[]>
  readonly #eventsPerType: number | undefined

  constructor(
    db: DuckDb,
    plan: Plan,
    schemas: FilterSchemas,
    files: ReadonlyMap<DatasetType, readonly string[]>,
    eventsPerType: number | undefined,
  ) {
    this.#db = db
    this.#plan = plan
    this.#schemas = schemas
    this.#files = files
    this.#eventsPerType = eventsPerType
  }

  async read(given: Vocabulary | undefined): Promise<ReadFilter> {
    const plan = this.#plan
    const own = DATASET_OF[plan.entity]
    const needs = needsOf(plan)
    const candidates =
      given ?? (await this.#vocabulary(namingDatasets(plan).map(dataset => this.#idsSql(dataset, ID[own]))))
    const askers = [
      ...(needs.ofUsers.length > 0 ? [this.#idsSql('USERS', 'USER_ID')] : []),
      ...(needs.events ? [this.#idsSql(needs.events.dataset, 'USER_ID')] : []),
    ]
    const users = askers.length > 0 ? await this.#vocabulary(askers, 'filter_users') : undefined
    const assembler = new DataAssembler(plan, this.#schemas, candidates.size, users)
    await this.#columns(own, needs.ofCandidates, candidates, (column, row, cell) =>
      assembler.candidate(column, row, cell),
    )
    if (users)
      await this.#columns('USERS', needs.ofUsers, users, (column, row, cell) => assembler.user(column, row, cell))
    if (needs.eventTypes) await readUserEventTypes(this.#db, this.#filesOf('INTERACTIONS'), candidates, assembler)
    if (needs.events && users) {
      const { dataset, types } = needs.events
      const target = ID[own as 'ITEMS' | 'ACTIONS']
      const typed = (await this.#storedColumns(dataset)).has('EVENT_TYPE')
      const sql = eventsSql(this.#filesOf(dataset), target, {
        typed,
        any: types === 'any',
        perType: this.#eventsPerType,
      })
      await readEvents(this.#db, sql, types, candidates, assembler)
    }
    return { data: assembler.finish(), candidates }
  }

  #filesOf = (dataset: DatasetType): readonly string[] => this.#files.get(dataset) ?? []

  /** Ids that a dataset names; undefined when nothing has been imported. */
  #idsSql(dataset: DatasetType, id: string): string | undefined {
    const files = this.#filesOf(dataset)
    return files.length === 0 ? undefined : `SELECT ${id} AS id FROM ${sqlParquet(files, 'union_by_name = true')}`
  }

  async #storedColumns(dataset: DatasetType): Promise<ReadonlySet<string>> {
    const files = this.#filesOf(dataset)
    if (files.length === 0) return new Set()
    const rows = await this.#db.rows(`DESCRIBE SELECT * FROM ${sqlParquet(files, 'union_by_name = true')}`)
    return new Set(rows.map(([name]) => String(name)))
  }

  /** By bytes ascending; as the table (id, index) too when it has a name. */
  async #vocabulary(ids: readonly (string | undefined)[], table = 'filter_candidates'): Promise<Vocabulary> {
    const sources = ids.filter(sql => sql !== undefined)
    const all = sources.length === 0 ? "SELECT '' AS id WHERE false" : sources.join(' UNION ALL ')
    await this.#db.run(`CREATE TEMP TABLE ${table} AS
      SELECT id, (row_number() OVER (ORDER BY id) - 1)::INTEGER AS index FROM (SELECT DISTINCT id FROM (${all}))`)
    const builder = new VocabularyBuilder()
    for await (const chunk of this.#db.chunks(`SELECT encode(id) FROM ${table} ORDER BY index`))
      for (const id of chunk.getColumnValues(0)) builder.addUtf8(bytesOf(id))
    return builder.finish()
  }

  #columns(
    dataset: DatasetType,
    columns: readonly string[],
    ids: Vocabulary,
    take: (column: string, row: number, cell: Cell) => void,
  ): Promise<void> {
    const things = { files: this.#filesOf(dataset), schema: this.#schemas.get(dataset)! }
    return readLatestRows(this.#db, things, columns, ids, take)
  }
}

function bytesOf(value: DuckDBValue): Uint8Array {
  assert(value instanceof DuckDBBlobValue)
  return value.bytes
}
