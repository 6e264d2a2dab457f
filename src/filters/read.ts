/**
 * What a plan needs, onto shared memory (data.ts), and nothing else: the columns it names from the Parquet of the imports, where a row imported
 * again replaces the one before it; the events it asks about as they are kept (keptEvents.ts), or as the caller has them already.
 *
 * Memory, beside DuckDB's pool and some 400 MB: a number 8 bytes a row, a text 8 bytes a value in each of two forms and each distinct one
 * once, packed events up to EVENTS_BYTES_MAX, ids as datasets/vocabulary.ts keeps them.
 */
import { type DuckDb, sqlParquet, withDuckDb } from '../datasets/duckdb.ts'
import { type Cell, readLatestRows } from '../datasets/latestRows.ts'
import { localParts } from '../datasets/parts.ts'
import type { ImportedRows, ReadContext } from '../datasets/read.ts'
import { readIds } from '../datasets/readIds.ts'
import type { DatasetType } from '../datasets/schema.ts'
import { extended, Vocabulary } from '../datasets/vocabulary.ts'
import { asksWhatWasMet, DataAssembler, datasetsOf, namingDatasets, needsOf } from './assemble.ts'
import type { FilterSchemas } from './check.ts'
import { DATASET_OF, type FilterData, type UserEvents } from './data.ts'
import { ensureEvents, type KeptQuery, keptEvents } from './keptEvents.ts'
import { refuseTypes } from './makeEvents.ts'
import type { Plan } from './plan.ts'
import { readUserEventTypes } from './readEventTypes.ts'

export interface FilterSource {
  /** Of the artifacts store. */
  readonly bucket: string
  /** The last FULL import of each dataset and the INCREMENTAL ones since, oldest first. */
  readonly imports: Readonly<Partial<Record<DatasetType, readonly ImportedRows[]>>>
  /** Newest events that count, per user and event type; all of them without it. */
  readonly eventsPerType?: number | undefined
}

/** What the caller has of people already, and need not be read or held again. */
export interface KnownPeople {
  /** Their order may be that of kept events. */
  readonly users: Vocabulary
  /** Of those users everything that `imports` says they did with the candidates, where types do not matter; items are candidates. */
  readonly events?: UserEvents | undefined
}

export interface ReadFilter {
  readonly data: FilterData
  /** Row ↔ id. */
  readonly candidates: Vocabulary
}

const ID = { ITEMS: 'ITEM_ID', USERS: 'USER_ID', ACTIONS: 'ACTION_ID' } as const

/** Who asks and what they did. */
interface People {
  readonly users: Vocabulary
  /** By the indexes of `users`. */
  readonly events: UserEvents
  /** What the events name; absent: candidates. */
  readonly items?: Vocabulary
}

/**
 * Rows are those of `candidates`, a model's items; without it every item (user, action) that the datasets name, by id bytes ascending.
 * Throws Refusal where the data does not fit; the signal's reason when aborted.
 */
export async function readFilterData(
  plan: Plan,
  schemas: FilterSchemas,
  source: FilterSource,
  candidates: Vocabulary | undefined,
  context: ReadContext,
  known?: KnownPeople,
): Promise<ReadFilter> {
  const needs = needsOf(plan)
  const people = await readPeople(plan, source, context, known)
  const columnCount = needs.ofCandidates.length + needs.ofUsers.length
  if (candidates && columnCount === 0 && !needs.eventTypes) {
    const assembler = new DataAssembler(plan, schemas, candidates.size, people?.users)
    if (people) assembler.events(eventsOf(people, candidates))
    return { data: assembler.finish(), candidates }
  }
  return withDuckDb(context, async db => {
    const files = new Map<DatasetType, string[]>()
    for (const dataset of datasetsOf(plan, candidates === undefined))
      if (candidates === undefined || dataset !== needs.events?.dataset)
        files.set(
          dataset,
          await localParts(source.imports[dataset] ?? [], `filter-${dataset.toLowerCase()}`, source.bucket, context),
        )
    context.progress({ stage: 'reading what the filter needs', done: 0, unit: 'rows' })
    return new Reader(db, plan, schemas, files).read(candidates, people)
  })
}

/** What would take longest: done before a caller loads what takes most memory. */
export async function prepareEvents(plan: Plan, source: FilterSource, context: ReadContext): Promise<void> {
  const query = eventsQuery(plan, source)
  if (query) await ensureEvents(query, context)
}

/** Undefined where the plan asks for no events, or there are none. */
function eventsQuery(plan: Plan, { bucket, imports, eventsPerType: perType }: FilterSource): KeptQuery | undefined {
  const { events } = needsOf(plan)
  const given = events && (imports[events.dataset] ?? [])
  if (!given || given.length === 0) return undefined
  return { bucket, imports: given, target: ID[DATASET_OF[plan.entity] as 'ITEMS' | 'ACTIONS'], perType }
}

/** Undefined where the plan asks for no events. */
async function readPeople(
  plan: Plan,
  source: FilterSource,
  context: ReadContext,
  known: KnownPeople | undefined,
): Promise<People | undefined> {
  const needs = needsOf(plan)
  if (!needs.events) return undefined
  const query = eventsQuery(plan, source)
  if (!query) return { users: Vocabulary.fromIds([]), events: NO_EVENTS }
  if (known?.events && asksWhatWasMet(needs, source.eventsPerType)) return { users: known.users, events: known.events }
  const kept = await keptEvents({ ...query, known: known?.users }, context)
  if (needs.events.types !== 'any' && !kept.typed) refuseTypes()
  return kept
}

const NO_EVENTS: UserEvents = {
  types: [],
  offsets: new Uint32Array(new SharedArrayBuffer(4)),
  bits: 1,
  typeBits: 0,
  codes: new Uint32Array(new SharedArrayBuffer(4)),
}

function eventsOf({ events, items }: People, candidates: Vocabulary): UserEvents {
  if (!items) return events
  const rowOf = new Int32Array(new SharedArrayBuffer(4 * items.size))
  for (let item = 0; item < items.size; item++) rowOf[item] = candidates.indexOf(items.idAt(item))
  return { ...events, rowOf }
}

class Reader {
  readonly #db: DuckDb
  readonly #plan: Plan
  readonly #schemas: FilterSchemas
  readonly #files: ReadonlyMap<DatasetType, readonly string[]>

  constructor(db: DuckDb, plan: Plan, schemas: FilterSchemas, files: ReadonlyMap<DatasetType, readonly string[]>) {
    this.#db = db
    this.#plan = plan
    this.#schemas = schemas
    this.#files = files
  }

  async read(given: Vocabulary | undefined, people: People | undefined): Promise<ReadFilter> {
    const plan = this.#plan
    const own = DATASET_OF[plan.entity]
    const needs = needsOf(plan)
    const candidates =
      given ?? (await this.#vocabulary(namingDatasets(plan).map(dataset => this.#idsSql(dataset, ID[own]))))
    const users = needs.ofUsers.length > 0 ? await this.#askers(people?.users) : people?.users
    const assembler = new DataAssembler(plan, this.#schemas, candidates.size, users)
    await this.#columns(own, needs.ofCandidates, candidates, (column, row, cell) =>
      assembler.candidate(column, row, cell),
    )
    if (users)
      await this.#columns('USERS', needs.ofUsers, users, (column, row, cell) => assembler.user(column, row, cell))
    if (needs.eventTypes) await readUserEventTypes(this.#db, this.#filesOf('INTERACTIONS'), candidates, assembler)
    if (people) assembler.events(eventsOf(people, candidates))
    return { data: assembler.finish(), candidates }
  }

  /** Those of whom events tell, and then those of whom USERS alone does. */
  async #askers(known: Vocabulary | undefined): Promise<Vocabulary> {
    const told = await this.#vocabulary([this.#idsSql('USERS', 'USER_ID')])
    if (!known) return told
    const fresh: Buffer[] = []
    for (let user = 0; user < told.size; user++) {
      const id = told.idAt(user)
      if (known.indexOf(id) < 0) fresh.push(Buffer.from(id))
    }
    return extended(known, fresh)
  }

  #filesOf = (dataset: DatasetType): readonly string[] => this.#files.get(dataset) ?? []

  /** Ids that a dataset names; undefined when nothing has been imported. */
  #idsSql(dataset: DatasetType, id: string): string | undefined {
    const files = this.#filesOf(dataset)
    return files.length === 0 ? undefined : `SELECT ${id} AS id FROM ${sqlParquet(files, 'union_by_name = true')}`
  }

  /** By bytes ascending. */
  #vocabulary(ids: readonly (string | undefined)[]): Promise<Vocabulary> {
    const sources = ids.filter(sql => sql !== undefined)
    const all = sources.length === 0 ? "SELECT '' AS id WHERE false" : sources.join(' UNION ALL ')
    return readIds(this.#db, `(SELECT DISTINCT id FROM (${all})) ORDER BY id`)
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
