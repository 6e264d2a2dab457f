/**
 * An expression that fits its datasets: every name is a column, every value has its column's type. What mask.ts and masks.ts carry out,
 * and what the reader (read.ts) loads data for.
 */
import type { DatasetType } from '../datasets/schema.ts'
import type { Span } from './filterError.ts'
import type { Action, Entity, Operator } from './tree.ts'

/** Text compares byte for byte, event types after folding case, numbers as numbers. */
export type ValueKind = 'text' | 'number' | 'event'

/** A bigint where a float64 would round. Mixed comparisons are exact in JavaScript. */
export type Constant = string | number | bigint

export interface Plan {
  readonly source: string
  readonly entity: Entity
  readonly statements: readonly PlannedStatement[]
  /** In order of appearance. `required`: some INCLUDE statement uses it. */
  readonly placeholders: ReadonlyMap<string, { readonly required: boolean } & Span>
  /** `ITEMS.PRICE`, sorted. */
  readonly fields: readonly string[]
}

export interface PlannedStatement extends Span {
  readonly action: Action
  /** Whose columns its conditions are on. */
  readonly dataset: DatasetType
  readonly any: readonly (readonly PlannedCondition[])[]
  /** On columns of USERS, of the user who asks. */
  readonly when: readonly PlannedCondition[]
}

export interface PlannedCondition extends Span {
  /** As the schema writes it. */
  readonly column: string
  readonly kind: ValueKind
  readonly operator: Operator
  readonly operand: PlannedOperand
}

export type PlannedOperand =
  | { readonly kind: 'constants'; readonly values: readonly Constant[] }
  /** Any event type. */
  | { readonly kind: 'any' }
  | { readonly kind: 'placeholder'; readonly name: string }
  /** The column of the item that the request is about. */
  | { readonly kind: 'currentItem'; readonly column: string }

export const conditionsOf = ({ any, when }: PlannedStatement): PlannedCondition[] => [...any.flat(), ...when]

/** Whether the statement asks what the user did, row by row. For users as candidates event types are a column. */
export const isEvents = ({ entity }: Plan, { dataset }: PlannedStatement): boolean =>
  entity !== 'UserID' && (dataset === 'INTERACTIONS' || dataset === 'ACTION_INTERACTIONS')

/** Event types match whatever their case. */
export const foldEventType = (type: string): string => type.toLowerCase()

/** Stands for every event type. */
export const ANY_EVENT_TYPE = '*'

const SAFE_CHARACTERS = 15
const WHOLE = /^(-?\d+)(?:\.0*)?$/

/** `text` is [-]digits[.digits]. A whole number is exact, one with a fraction is the nearest float64. */
export function numberConstant(text: string): number | bigint {
  const whole = text.length > SAFE_CHARACTERS ? WHOLE.exec(text) : null
  return whole ? BigInt(whole[1]) : Number(text)
}

/** Columns of one dataset that satisfy `which`, each once, in order of appearance. */
export function columnsOf(
  plan: Plan,
  which: (condition: PlannedCondition, statement: PlannedStatement, inIf: boolean) => string | undefined,
): string[] {
  const found = new Set<string>()
  for (const statement of plan.statements) {
    for (const condition of conditionsOf(statement)) {
      const column = which(condition, statement, statement.when.includes(condition))
      if (column !== undefined) found.add(column)
    }
  }
  return [...found]
}
