/** The filter of a job: read once and shared, carried out by each thread for its own records. */

import { dataVersion } from '../../datasets/dataVersion.ts'
import type { DatasetType } from '../../datasets/schema.ts'
import { parseSchema } from '../../datasets/schema.ts'
import type { Vocabulary } from '../../datasets/vocabulary.ts'
import { asksWhatWasMet, needsOf } from '../../filters/assemble.ts'
import { planFilter } from '../../filters/check.ts'
import type { FilterData, Wanted } from '../../filters/data.ts'
import type { EventReader } from '../../filters/eventReader.ts'
import { FilterError } from '../../filters/filterError.ts'
import { FilterMasks } from '../../filters/masks.ts'
import { conditionsOf, isEvents, type Plan } from '../../filters/plan.ts'
import { type FilterSource, type KnownPeople, prepareEvents, readFilterData } from '../../filters/read.ts'
import type { Allowed } from '../../filters/valueBinder.ts'
import type { FilterValues } from '../../filters/values.ts'
import type { QueryLists } from '../../inference/queries.ts'
import { assert } from '../../lib/assert.ts'
import type { FilterSnapshot } from '../../resources/types.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from '../computeContext.ts'

/** On shared memory but for the plan. */
export interface PlacedFilter {
  readonly plan: Plan
  readonly data: FilterData
  /** The events of `data` are the histories that the model ranks by. */
  readonly byHistories?: boolean
  /** They share the bound of what is remembered. */
  readonly threads: number
  /** Of masks; absent: MASK_CACHE_BYTES. */
  readonly cacheBytes?: number | undefined
}

/** What a filter takes of memory. */
export interface FilterNeeds {
  /** Of columns, at most. */
  readonly columnBytes: number
  /** Of events, were they all in memory. */
  readonly eventBytes: number
  /** Whether records may be given different sets, which are worth keeping. */
  readonly manySets: boolean
}

/** A number or a text, by value and by row (filters/columns.ts), and a share of the texts themselves. */
const CELL_BYTES = 32
/** An item and a type (filters/data.ts), and something for who did it. */
const EVENT_BYTES = 8

const schemasOf = ({ schemas }: FilterSnapshot) =>
  new Map(Object.entries(schemas).map(([type, text]) => [type as DatasetType, parseSchema(text)]))

/** Whether records carry values for it. */
export const takesValues = (filter: FilterSnapshot): boolean =>
  planFilter(filter.expression, schemasOf(filter)).placeholders.size > 0

/** Whether the histories of a model, all of `wholeOf`, are all that the filter asks about events. */
export function isAnsweredByHistories(
  filter: FilterSnapshot,
  wholeOf: string | undefined,
  { filterEventsPerType }: Pick<ComputeContext, 'filterEventsPerType'>,
): boolean {
  const needs = needsOf(planFilter(filter.expression, schemasOf(filter)))
  return asksWhatWasMet(needs, filterEventsPerType) && wholeOf === dataVersion(filter.imports.INTERACTIONS ?? [])
}

/** By the sizes of its datasets: they are not read. `byHistories`: events are a model's histories, which others count. */
export function filterNeeds(filter: FilterSnapshot, byHistories: boolean): FilterNeeds {
  const plan = planFilter(filter.expression, schemasOf(filter))
  const rowsOf = (dataset: DatasetType) => (filter.imports[dataset] ?? []).reduce((sum, part) => sum + part.rowCount, 0)
  const onEvents = new Set(plan.statements.filter(each => isEvents(plan, each)).map(({ dataset }) => dataset))
  let eventBytes = 0
  if (!byHistories) for (const dataset of onEvents) eventBytes += EVENT_BYTES * rowsOf(dataset)
  let columnBytes = 0
  for (const field of plan.fields) {
    const dataset = field.slice(0, field.indexOf('.')) as DatasetType
    if (!onEvents.has(dataset)) columnBytes += CELL_BYTES * rowsOf(dataset)
  }
  const hangsOnItem = plan.statements.flatMap(conditionsOf).some(({ operand }) => operand.kind === 'currentItem')
  const hangsOnUser = plan.statements.some(({ when }) => when.length > 0)
  return { columnBytes, eventBytes, manySets: plan.placeholders.size > 0 || hangsOnItem || hangsOnUser }
}

const sourceOf = ({ imports }: FilterSnapshot, { filterEventsPerType }: ComputeContext): FilterSource => ({
  bucket: ARTIFACTS_BUCKET,
  imports,
  eventsPerType: filterEventsPerType,
})

/** Packs the events that the filter asks about, where nobody has yet. */
export const prepareFilter = (filter: FilterSnapshot, context: ComputeContext): Promise<void> =>
  prepareEvents(planFilter(filter.expression, schemasOf(filter)), sourceOf(filter, context), context)

/** Rows are the model's items. `cacheBytes`: what masks may take. */
export async function placeFilter(
  filter: FilterSnapshot,
  items: Vocabulary,
  context: ComputeContext,
  { threads, cacheBytes, known }: { threads: number; cacheBytes?: number; known?: KnownPeople },
): Promise<PlacedFilter> {
  const parsed = schemasOf(filter)
  const plan = planFilter(filter.expression, parsed)
  const { data } = await readFilterData(plan, parsed, sourceOf(filter, context), items, context, known)
  return { plan, data, byHistories: data.events !== undefined && data.events === known?.events, threads, cacheBytes }
}

/** Who asks, and about what. */
export interface Asker {
  readonly userId?: string | undefined
  /** In place of the id: an index of the filter's users, -1 for a stranger. */
  readonly user?: number | undefined
  readonly item: number
}

const NOTHING = new Int32Array(0)

/** Tells for each record what may be recommended, or in a sentence why that cannot be told. */
export class RecordFilter {
  readonly #masks: FilterMasks

  /** The filter's events are the histories that the model has. */
  readonly byHistories: boolean

  constructor({ plan, data, byHistories = false, threads, cacheBytes }: PlacedFilter) {
    this.#masks = new FilterMasks(plan, data, threads, cacheBytes)
    this.byHistories = byHistories
  }

  /** Whether what may be chosen is always everything but what is struck. */
  get strikesOnly(): boolean {
    return this.#masks.strikesOnly
  }

  /** What every record may be given, but for what is struck; undefined where that differs. */
  everybody(): Allowed | undefined {
    return this.#masks.everybody()
  }

  /** Events of somebody that may be struck, at most. */
  eventCount({ user, wanted }: Pick<Allowed, 'user' | 'wanted'>): number {
    return wanted === undefined ? 0 : (this.#masks.events?.count(user) ?? 0)
  }

  /** Items that may not be given though they are among the allowed, repeats allowed. Valid until the next question. */
  struck({ user, wanted }: Allowed): Int32Array {
    return wanted === undefined ? NOTHING : this.#events.read(user, wanted)
  }

  /** The same of queries [0, count): who asks, and by what types. */
  struckLists(users: Int32Array, wanted: readonly (Wanted | undefined)[], count: number): QueryLists {
    return this.#events.gather(users, wanted, count)
  }

  get #events(): EventReader {
    const { events } = this.#masks
    assert(events, 'what is struck are events')
    return events
  }

  /** `item` is what CurrentItem is about, -1 for none; an id that is in no data is somebody or something without attributes. */
  allowed({ user, userId, item }: Asker, filterValues: unknown): Allowed | string {
    const values = valuesOf(filterValues)
    if (typeof values === 'string') return values
    try {
      return user === undefined
        ? this.#masks.allowed({ userId, item, values })
        : this.#masks.allowed({ user, item, values })
    } catch (error) {
      if (error instanceof FilterError) return error.message
      throw error
    }
  }
}

const EXPECTED = 'an object such as {"GENRE":"\\"drama\\",\\"war\\""} was expected'

/** A sentence where they are no map of strings. */
function valuesOf(given: unknown): FilterValues | undefined | string {
  if (given === undefined || given === null) return undefined
  if (typeof given !== 'object' || Array.isArray(given)) return `filterValues is no object; ${EXPECTED}.`
  for (const name in given)
    if (typeof (given as Record<string, unknown>)[name] !== 'string')
      return `filterValues has for ${JSON.stringify(name.slice(0, NAME_CHARACTERS_SHOWN))} something that is no string; ${EXPECTED}.`
  return given as FilterValues
}

/** Of a name in a record that is wrong in any case. */
const NAME_CHARACTERS_SHOWN = 50
