/** What an expression says, as parsed: names not yet looked up. Every part knows where it stands, for error messages. */
import type { Span } from './filterError.ts'

export type Action = 'INCLUDE' | 'EXCLUDE'
export type Entity = 'ItemID' | 'UserID' | 'ActionID'
export type Operator = 'IN' | 'NOT IN' | '=' | '!=' | '<' | '<=' | '>' | '>='

export interface FilterTree {
  readonly source: string
  readonly statements: readonly Statement[]
}

export interface Statement extends Span {
  readonly action: Action
  readonly entity: Entity
  readonly entitySpan: Span
  /** AND binds before OR: it is enough that every condition of one inner list holds. */
  readonly any: readonly (readonly Condition[])[]
  /** IF: every one must hold for the statement to apply. */
  readonly when: readonly Condition[]
}

export interface Condition extends Span {
  readonly field: FieldName
  readonly operator: Operator
  readonly operatorSpan: Span
  readonly operand: Operand
}

/** As written: `Items.PRICE`. */
export interface FieldName extends Span {
  readonly dataset: string
  readonly name: string
}

export type Operand =
  | { readonly kind: 'values'; readonly values: readonly Literal[] }
  /** `(*)` */
  | ({ readonly kind: 'any' } & Span)
  | ({ readonly kind: 'placeholder'; readonly name: string } & Span)
  | { readonly kind: 'currentItem'; readonly field: FieldName }

/** A number keeps its text: 9007199254740993 is not what a float64 makes of it. */
export interface Literal extends Span {
  readonly text: string
  readonly quoted: boolean
}
