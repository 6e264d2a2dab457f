/** What a plan needs of the data, and the place where it is put together. */
import type { Cell } from '../datasets/latestRows.ts'
import type { Column, DatasetType } from '../datasets/schema.ts'
import type { Vocabulary } from '../datasets/vocabulary.ts'
import { assert } from '../lib/assert.ts'
import type { FilterSchemas } from './check.ts'
import { type ByRow, byValue, type ColumnBuilder, columnBuilder } from './columns.ts'
import { columnKey, DATASET_OF, type FilterData, type UserEvents } from './data.ts'
import { type Constant, columnsOf, isEvents, type Plan } from './plan.ts'

export interface Needs {
  /** Columns of the entity's own dataset, and of Users for IF; as the schema writes them. */
  readonly ofCandidates: readonly string[]
  readonly ofUsers: readonly string[]
  /** Of `ofCandidates`, those that CurrentItem asks for. */
  readonly ofCurrentItem: readonly string[]
  /** Whose events, and of which types: 'any' where types do not matter, 'every' where a request names them. */
  readonly events: { readonly dataset: DatasetType; readonly types: readonly string[] | 'any' | 'every' } | undefined
  /** Event types as a column of the candidates: a filter about users. */
  readonly eventTypes: boolean
}

export function needsOf(plan: Plan): Needs {
  const own = columnsOf(plan, ({ column }, { dataset }, inIf) =>
    !inIf && dataset === DATASET_OF[plan.entity] ? column : undefined,
  )
  const ofCurrentItem = columnsOf(plan, ({ operand }) => (operand.kind === 'currentItem' ? operand.column : undefined))
  const onEvents = plan.statements.filter(statement => isEvents(plan, statement))
  return {
    ofCandidates: [...new Set([...own, ...ofCurrentItem])],
    ofUsers: columnsOf(plan, ({ column }, _, inIf) => (inIf ? column : undefined)),
    ofCurrentItem,
    events: onEvents.length === 0 ? undefined : { dataset: onEvents[0].dataset, types: typesNeeded(onEvents) },
    eventTypes: plan.entity === 'UserID' && plan.statements.some(({ dataset }) => dataset === 'INTERACTIONS'),
  }
}

/** Whether all that the plan asks of events is what the user has ever had to do with. */
export const asksWhatWasMet = ({ events }: Needs, eventsPerType: number | undefined): boolean =>
  events?.dataset === 'INTERACTIONS' && events.types === 'any' && eventsPerType === undefined

function typesNeeded(statements: Plan['statements']): readonly string[] | 'any' | 'every' {
  const operands = statements.flatMap(({ any }) => any.flat().map(({ operand }) => operand))
  if (operands.every(({ kind }) => kind === 'any')) return 'any'
  const types = new Set<Constant>()
  for (const operand of operands) {
    // A request names them, or the next statement wants any.
    if (operand.kind !== 'constants') return 'every'
    for (const type of operand.values) types.add(type)
  }
  return [...types] as string[]
}

/** Datasets to be read: those the plan names, and those that name candidates where `all` of them are wanted. */
export function datasetsOf(plan: Plan, all: boolean): DatasetType[] {
  const named = plan.fields.map(field => field.split('.')[0] as DatasetType)
  const naming = all ? namingDatasets(plan) : []
  return [...new Set([...named, ...naming])]
}

/** Those that name candidates. */
export const namingDatasets = ({ entity }: Plan): DatasetType[] => [
  DATASET_OF[entity],
  entity === 'ActionID' ? 'ACTION_INTERACTIONS' : 'INTERACTIONS',
]

/** Cells in, FilterData out. Rows are indexes of candidates and of `users`. */
export class DataAssembler {
  readonly needs: Needs
  readonly #plan: Plan
  readonly #rowCount: number
  readonly #users: Vocabulary | undefined
  readonly #candidates: ReadonlyMap<string, ColumnBuilder>
  readonly #currentUser: ReadonlyMap<string, ColumnBuilder>
  #events: UserEvents | undefined

  constructor(plan: Plan, schemas: FilterSchemas, rowCount: number, users: Vocabulary | undefined) {
    this.needs = needsOf(plan)
    this.#plan = plan
    this.#rowCount = rowCount
    this.#users = users
    const builders = (dataset: DatasetType, names: readonly string[], rows: number) =>
      new Map(names.map(name => [name, columnBuilder(columnNamed(schemas, dataset, name), rows)]))
    const own = builders(DATASET_OF[plan.entity], this.needs.ofCandidates, rowCount)
    if (this.needs.eventTypes) own.set(EVENT_TYPES, columnBuilder({ type: 'string', categorical: false }, rowCount))
    this.#candidates = own
    this.#currentUser = builders('USERS', this.needs.ofUsers, users?.size ?? 0)
  }

  candidate(column: string, row: number, cell: Cell): void {
    this.#candidates.get(column)!.set(row, cell)
  }

  /** An event of a candidate, folded; repeats allowed. Only for a filter about users. */
  eventType(row: number, type: string): void {
    this.#candidates.get(EVENT_TYPES)!.set(row, type)
  }

  user(column: string, row: number, cell: Cell): void {
    this.#currentUser.get(column)!.set(row, cell)
  }

  /** By the indexes of `users`. */
  events(events: UserEvents): void {
    assert(this.#users)
    this.#events = events
  }

  finish(): FilterData {
    const own = DATASET_OF[this.#plan.entity]
    const byRow = new Map<string, ByRow>()
    for (const [column, builder] of this.#candidates)
      byRow.set(column === EVENT_TYPES ? EVENT_TYPES : columnKey(own, column), builder.finish())
    const currentUser = Array.from(this.#currentUser, ([column, builder]) => [
      columnKey('USERS', column),
      builder.finish(),
    ])
    return {
      rowCount: this.#rowCount,
      candidates: Object.fromEntries(Array.from(byRow, ([key, column]) => [key, byValue(column, this.#rowCount)])),
      currentItem: Object.fromEntries(
        this.needs.ofCurrentItem.map(column => [columnKey('ITEMS', column), byRow.get(columnKey('ITEMS', column))!]),
      ),
      users: this.#users?.tensors,
      currentUser: Object.fromEntries(currentUser),
      events: this.#events,
    }
  }
}

const EVENT_TYPES = columnKey('INTERACTIONS', 'EVENT_TYPE')

function columnNamed(schemas: FilterSchemas, dataset: DatasetType, name: string): Column {
  const column = schemas.get(dataset)?.columns.find(each => each.name === name)
  assert(column, `the plan names ${dataset}.${name}, which its schemas do not have`)
  return column
}
