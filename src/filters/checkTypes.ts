/**
 * Which operators and values go with which column:
 *
 *   string   IN, NOT IN, =, !=             values in quotes
 *   number   all of them                   numbers, or numbers in quotes
 *   event    IN, NOT IN, =                 event types in quotes; * stands for every one
 *
 * A mistake names the column's type and that of the value.
 */
import type { ColumnType, DatasetType } from '../datasets/schema.ts'
import type { FilterErrorCode, Span } from './filterError.ts'
import {
  ANY_EVENT_TYPE,
  type Constant,
  foldEventType,
  numberConstant,
  type PlannedOperand,
  type ValueKind,
} from './plan.ts'
import type { Condition, Literal } from './tree.ts'

/** A name that stands for a column. */
export interface ResolvedField {
  readonly dataset: DatasetType
  readonly column: string
  readonly kind: ValueKind
  /** The schema's word for its type, with what a person needs to know about it. */
  readonly typeName: string
}

/** Throws the FilterError. */
type Fail = (code: FilterErrorCode, sentence: string, span: Span) => never

export const kindOf = (type: ColumnType): ValueKind => (type === 'string' ? 'text' : 'number')

export const NUMBER = /^-?\d+(\.\d+)?$/

/** `ofItem` is what a CurrentItem on the right stands for. */
export function checkOperand(
  condition: Condition,
  field: ResolvedField,
  ofItem: ResolvedField | undefined,
  fail: Fail,
): PlannedOperand {
  const { operator, operatorSpan, operand } = condition
  if (field.kind !== 'number' && /[<>]/.test(operator))
    fail('TYPE', `${operator} compares numbers, and ${field.column} is of type ${field.typeName}.`, operatorSpan)
  if (field.kind === 'event' && operator === '!=')
    fail('TYPE', `${field.column} takes IN, NOT IN and =, not !=.`, operatorSpan)
  switch (operand.kind) {
    case 'any':
      return field.dataset === 'INTERACTIONS'
        ? { kind: 'any' }
        : fail('WILDCARD', `* stands for any event type of Interactions, and ${field.column} is not one.`, operand)
    case 'placeholder':
      return { kind: 'placeholder', name: operand.name }
    case 'currentItem':
      return currentItem(field, ofItem!, operand.field, fail)
    case 'values': {
      const values = operand.values.map(literal => constantOf(literal, field, fail))
      const any = field.dataset === 'INTERACTIONS' && values.includes(ANY_EVENT_TYPE)
      return any ? { kind: 'any' } : { kind: 'constants', values }
    }
  }
}

function currentItem(field: ResolvedField, ofItem: ResolvedField, span: Span, fail: Fail): PlannedOperand {
  if (field.kind === 'event') fail('CURRENT_ITEM', 'an event type cannot be compared with CurrentItem.', span)
  if (field.kind !== ofItem.kind)
    fail(
      'TYPE',
      `${field.column} is of type ${field.typeName} and CurrentItem.${ofItem.column} of type ${ofItem.typeName}: they cannot be compared.`,
      span,
    )
  return { kind: 'currentItem', column: ofItem.column }
}

function constantOf({ text, quoted, start, end }: Literal, field: ResolvedField, fail: Fail): Constant {
  const { kind, column, typeName } = field
  if (kind === 'number') {
    if (!NUMBER.test(text))
      fail('TYPE', `${column} is of type ${typeName} and ${JSON.stringify(text)} is a string: a number was expected.`, {
        start,
        end,
      })
    return numberConstant(text)
  }
  if (!quoted)
    fail('TYPE', `${column} is of type ${typeName} and ${text} is a number: a string was expected, as in "${text}".`, {
      start,
      end,
    })
  return kind === 'event' ? foldEventType(text) : text
}
