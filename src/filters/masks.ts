/**
 * A filter at work: for each request the set of rows that pass.
 *
 *   allowed = (INCLUDE₁ ∪ INCLUDE₂ ∪ … , or everything when no INCLUDE applies) \ (EXCLUDE₁ ∪ EXCLUDE₂ ∪ …)
 *
 * A statement on columns depends on the values of its placeholders (and on the item asked about) alone: the set is made once for each
 * distinct combination and kept, with a bound. A statement on events depends on the user; of the usual one, EXCLUDE … EVENT_TYPE IN,
 * the user's own rows are struck from the set, and read only where they are asked for. A statement whose IF does not hold does not apply; neither does an EXCLUDE all
 * of whose conditions wait for values that were left out, nor one whose IF does.
 *
 * One for each thread; the data is shared.
 */
import { Vocabulary } from '../datasets/vocabulary.ts'
import { assert } from '../lib/assert.ts'
import { type Bitset, fullSet, remove, subtract, unite, united } from './bitset.ts'
import { BoundedCache } from './boundedCache.ts'
import { columnKey, type FilterData, type Wanted } from './data.ts'
import { EventReader } from './eventReader.ts'
import { eventRows, isPlainEvents, typesWanted } from './events.ts'
import { MASK_CACHE_BYTES, MASK_CACHE_ENTRIES_MAX } from './limits.ts'
import { holdsAt, rowsMatching, rowsWhere, valuesAt } from './mask.ts'
import { conditionsOf, isEvents, type Plan, type PlannedCondition, type PlannedStatement } from './plan.ts'
import { type Allowed, type Bound, ValueBinder } from './valueBinder.ts'
import { type Bindings, constantsOf, type FilterValues, placeholdersOf } from './values.ts'

export interface FilterRequest {
  /** Absent or unknown: somebody without attributes and events. */
  readonly userId?: string | undefined
  /** In place of the id, where it has been looked up: an index of the data's users, -1 for a stranger. */
  readonly user?: number | undefined
  /** A row: what CurrentItem is about; absent: an item without attributes. */
  readonly item?: number | undefined
  readonly values?: FilterValues | undefined
}

/** What the statements on columns say. `included` and `excluded` are kept only where events add to what is included. */
interface Combined {
  readonly allowed: Bitset
  readonly included: Bitset | undefined
  readonly excluded: Bitset | undefined
}

const NO_VALUES: FilterValues = {}

export class FilterMasks {
  readonly #plan: Plan
  readonly #data: FilterData
  readonly #users: Vocabulary | undefined
  /** Statements on events: those that strike rows, EXCLUDE … EVENT_TYPE IN, and the others, which make a set for each who asks. */
  readonly #striking: readonly PlannedStatement[]
  readonly #ofEvents: readonly PlannedStatement[]
  readonly #eventsInclude: boolean
  /** Neither user nor item has a say. */
  readonly #ofValuesAlone: boolean
  /** Then the answer to a request without values; where the user's events have a say, what columns say to it. */
  #always: Allowed | undefined
  #alwaysOfColumns: Combined | undefined
  #unbound: Bound | undefined
  /** All statements strike rows: nothing else is ever barred. */
  readonly strikesOnly: boolean
  readonly #usesIf: boolean
  readonly #usesItem: boolean
  readonly #binder: ValueBinder
  readonly #combined: BoundedCache<Combined>
  /** Of statements that depend on nothing. */
  readonly #fixed = new Map<PlannedStatement, Bitset>()
  /** Of whom asks; undefined where the filter does not care. */
  readonly events: EventReader | undefined

  /** `threads` share `cacheBytes`. */
  constructor(plan: Plan, data: FilterData, threads = 1, cacheBytes = MASK_CACHE_BYTES) {
    this.#plan = plan
    this.#data = data
    this.#users = data.users && Vocabulary.fromTensors(data.users)
    this.events = data.events && new EventReader(data.events)
    const onEvents = plan.statements.filter(statement => isEvents(plan, statement))
    const strikes = (each: PlannedStatement) => each.action === 'EXCLUDE' && isPlainEvents(each)
    this.#striking = onEvents.filter(strikes)
    this.#ofEvents = onEvents.filter(each => !strikes(each))
    this.#eventsInclude = this.#ofEvents.some(({ action }) => action === 'INCLUDE')
    this.#usesIf = plan.statements.some(({ when }) => when.length > 0)
    this.#usesItem = plan.statements.flatMap(conditionsOf).some(({ operand }) => operand.kind === 'currentItem')
    this.strikesOnly = this.#striking.length === plan.statements.length
    this.#ofValuesAlone = !this.#usesIf && !this.#usesItem && onEvents.length === 0
    const onColumns = placeholdersOf(plan, statement => !isEvents(plan, statement))
    this.#binder = new ValueBinder(plan, onColumns, cacheBytes / 2 / threads)
    this.#combined = new BoundedCache(cacheBytes / 2 / threads, MASK_CACHE_ENTRIES_MAX)
  }

  /** What everybody is allowed, whoever asks about whatever, but for whose rows are struck; undefined where that differs. */
  everybody(): Allowed | undefined {
    const differs = this.#usesIf || this.#usesItem || this.#ofEvents.length > 0
    return differs || this.#plan.placeholders.size > 0 ? undefined : this.allowed({})
  }

  /** Throws FilterError when the values will not do. */
  allowed({ userId, user = this.#userOf(userId), item = -1, values = NO_VALUES }: FilterRequest): Allowed {
    if (this.#always && values === NO_VALUES) return this.#always
    const bound = values === NO_VALUES ? this.#withoutValues() : this.#binder.bind(values)
    if (bound.allowed) return bound.allowed
    if (this.#ofValuesAlone) {
      const allowed = { rows: this.#combine(-1, -1, bound.bindings).allowed, user, wanted: undefined }
      if (values === NO_VALUES) this.#always = allowed
      return this.#binder.remember(values, bound, allowed)
    }
    const ofColumns = this.#onlyColumns(user, item, bound)
    return this.#withEvents(ofColumns, user, item, bound)
  }

  #withoutValues(): Bound {
    this.#unbound ??= this.#binder.bind(NO_VALUES)
    return this.#unbound
  }

  /** Of one statement: the rows its conditions hold for; undefined where it does not apply. */
  rowsOf(
    statement: PlannedStatement,
    { userId, user = this.#userOf(userId), item = -1, values = NO_VALUES }: FilterRequest,
  ): Bitset | undefined {
    const { bindings } = this.#binder.bind(values)
    if (!this.#applies(statement, user, item, bindings)) return undefined
    return isEvents(this.#plan, statement)
      ? this.#eventSet(statement, user, bindings)
      : this.#columnSet(statement, item, bindings)
  }

  #userOf(userId: string | undefined): number {
    return userId === undefined ? -1 : (this.#users?.indexOf(userId) ?? -1)
  }

  /** Whether the statement counts for this user and these values. */
  #applies({ any, when }: PlannedStatement, user: number, item: number, bindings: Bindings): boolean {
    if (when.length === 0 && bindings.size === this.#plan.placeholders.size) return true
    const missing = ({ operand }: PlannedCondition) => operand.kind === 'placeholder' && !bindings.has(operand.name)
    if (bindings.size < this.#plan.placeholders.size && any.flat().every(missing)) return false
    return when.every(condition => {
      if (missing(condition)) return false
      const column = this.#data.currentUser[columnKey('USERS', condition.column)]
      return holdsAt(condition, this.#constants(condition, item, bindings), column, user)
    })
  }

  #constants(condition: PlannedCondition, item: number, bindings: Bindings) {
    if (condition.operand.kind === 'currentItem')
      return valuesAt(this.#data.currentItem[columnKey('ITEMS', condition.operand.column)], item)
    const constants = constantsOf(condition, bindings)
    assert(constants !== undefined && constants !== 'any', 'only event types can be any')
    return constants
  }

  #onlyColumns(user: number, item: number, bound: Bound): Combined {
    if (bound === this.#unbound && !this.#usesIf && !this.#usesItem) {
      this.#alwaysOfColumns ??= this.#combine(-1, -1, bound.bindings)
      return this.#alwaysOfColumns
    }
    let key = bound.key
    if (this.#usesIf || this.#usesItem) {
      const applying = this.#plan.statements.map(each => (this.#applies(each, user, item, bound.bindings) ? '1' : '0'))
      key = `${applying.join('')} ${this.#usesItem ? item : ''} ${key}`
    }
    const known = this.#combined.get(key)
    if (known) return known
    const combined = this.#combine(user, item, bound.bindings)
    this.#combined.set(key, combined, (this.#eventsInclude ? 3 : 1) * combined.allowed.byteLength)
    return combined
  }

  #combine(user: number, item: number, bindings: Bindings): Combined {
    let included: Bitset | undefined
    let excluded: Bitset | undefined
    for (const statement of this.#plan.statements) {
      if (isEvents(this.#plan, statement) || !this.#applies(statement, user, item, bindings)) continue
      const rows = this.#columnSet(statement, item, bindings)
      if (statement.action === 'INCLUDE') included = united(included, rows)
      else excluded = united(excluded, rows)
    }
    const allowed = included?.slice() ?? fullSet(this.#data.rowCount)
    if (excluded) subtract(allowed, excluded)
    return this.#eventsInclude ? { allowed, included, excluded } : { allowed, included: undefined, excluded: undefined }
  }

  #columnSet(statement: PlannedStatement, item: number, bindings: Bindings): Bitset {
    const known = this.#fixed.get(statement)
    if (known) return known
    const { candidates, rowCount } = this.#data
    const rows = rowsWhere(statement.any, condition => {
      const column = candidates[columnKey(statement.dataset, condition.column)]
      const { operand } = condition
      const constants =
        operand.kind === 'currentItem' ? this.#constants(condition, item, bindings) : constantsOf(condition, bindings)
      return constants && rowsMatching(condition, constants, column, rowCount)
    })
    assert(rows, 'a statement without values does not apply')
    const fixed = statement.any.flat().every(({ operand }) => operand.kind === 'constants' || operand.kind === 'any')
    if (fixed) this.#fixed.set(statement, rows)
    return rows
  }

  #withEvents(ofColumns: Combined, user: number, item: number, bound: Bound): Allowed {
    let included: Bitset | undefined
    let excluded: Bitset | undefined
    for (const statement of this.#ofEvents) {
      if (!this.#applies(statement, user, item, bound.bindings)) continue
      const rows = this.#eventSet(statement, user, bound.bindings)
      if (statement.action === 'INCLUDE') included = united(included, rows)
      else excluded = united(excluded, rows)
    }
    let rows = ofColumns.allowed
    if (included) {
      rows = included
      if (ofColumns.included) unite(rows, ofColumns.included)
      if (ofColumns.excluded) subtract(rows, ofColumns.excluded)
    }
    if (excluded) {
      if (!included) rows = rows.slice()
      subtract(rows, excluded)
    }
    return { rows, user, wanted: this.#typesStruck(user, item, bound) }
  }

  #typesStruck(user: number, item: number, { bindings, struck }: Bound): Wanted | undefined {
    const applies = (each: PlannedStatement) => this.#applies(each, user, item, bindings)
    // Without an IF it is the values alone that say which apply.
    const key = this.#usesIf ? this.#striking.map(each => (applies(each) ? '1' : '0')).join('') : ''
    if (struck.has(key)) return struck.get(key)
    const conditions = this.#striking.filter(applies).flatMap(({ any }) => any.flat())
    const wanted = this.events && conditions.length > 0 ? typesWanted(conditions, this.events, bindings) : undefined
    struck.set(key, wanted)
    return wanted
  }

  /** A set of its own. */
  #eventSet(statement: PlannedStatement, user: number, bindings: Bindings): Bitset {
    const { events } = this
    assert(events, 'who asks for events has them')
    const rows = rowsWhere(statement.any, condition =>
      eventRows(condition, events, user, this.#data.rowCount, bindings),
    )
    assert(rows, 'a statement without values does not apply')
    return rows
  }
}

/** The rows that pass, in a set of its own. */
export function allowedSet(masks: FilterMasks, request: FilterRequest): Bitset {
  const { rows, user, wanted } = masks.allowed(request)
  const set = rows.slice()
  if (wanted) for (const row of masks.events!.read(user, wanted)) remove(set, row)
  return set
}
