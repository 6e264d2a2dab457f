/**
 * Tree + schemas → plan. Here an expression meets the dataset group it is for: which datasets there are, which columns they have, and
 * whether a column can be filtered on in this way (spec/filters.md §3).
 */
import type { DatasetSchema, DatasetType } from '../datasets/schema.ts'
import { checkOperand, kindOf, type ResolvedField } from './checkTypes.ts'
import { type FilterError, type FilterErrorCode, invalidExpression, type Span } from './filterError.ts'
import { FIELDS_MAX } from './limits.ts'
import { nearest } from './nearest.ts'
import { parseFilter } from './parser.ts'
import type { Plan, PlannedCondition, PlannedStatement } from './plan.ts'
import type { Condition, Entity, FieldName, FilterTree, Statement } from './tree.ts'

/** The schemas of the group's datasets. */
export type FilterSchemas = ReadonlyMap<DatasetType, DatasetSchema>

/** By the word of the language, upper-cased. The guide writes `Action.X` once for `Actions.X`. */
const DATASETS: Readonly<Record<string, DatasetType>> = {
  INTERACTIONS: 'INTERACTIONS',
  ITEMS: 'ITEMS',
  USERS: 'USERS',
  ACTIONS: 'ACTIONS',
  ACTION: 'ACTIONS',
  ACTION_INTERACTIONS: 'ACTION_INTERACTIONS',
}
const DATASET_WORDS = ['Interactions', 'Items', 'Users', 'Actions', 'Action_Interactions', 'CurrentUser', 'CurrentItem']

/** What each entity can be tested by: its own columns, and the events that lead to it. */
const DATASETS_OF: Readonly<Record<Entity, readonly DatasetType[]>> = {
  ItemID: ['ITEMS', 'INTERACTIONS'],
  UserID: ['USERS', 'INTERACTIONS'],
  ActionID: ['ACTIONS', 'ACTION_INTERACTIONS'],
}
const WORD_OF: Readonly<Record<DatasetType, string>> = {
  ITEMS: 'Items',
  USERS: 'Users',
  INTERACTIONS: 'Interactions',
  ACTIONS: 'Actions',
  ACTION_INTERACTIONS: 'Action_Interactions',
}

/** The service applies these itself. */
const ACTION_COLUMNS_OF_THE_SERVICE = ['ACTION_EXPIRATION_TIMESTAMP', 'EXPIRATION_TIMESTAMP', 'REPEAT_FREQUENCY']

/** Text → plan. Throws FilterError. */
export const planFilter = (source: string, schemas: FilterSchemas): Plan => checkFilter(parseFilter(source), schemas)

/** Throws FilterError at the first part of the expression that does not fit. */
function checkFilter(tree: FilterTree, schemas: FilterSchemas): Plan {
  const checker = new Checker(tree, schemas)
  const statements = tree.statements.map(statement => checker.statement(statement))
  return {
    source: tree.source,
    entity: tree.statements[0].entity,
    statements,
    placeholders: checker.placeholders,
    fields: [...checker.fields].sort(),
  }
}

class Checker {
  readonly placeholders = new Map<string, { required: boolean } & Span>()
  readonly fields = new Set<string>()
  readonly #tree: FilterTree
  readonly #schemas: FilterSchemas

  constructor(tree: FilterTree, schemas: FilterSchemas) {
    this.#tree = tree
    this.#schemas = schemas
  }

  statement(statement: Statement): PlannedStatement {
    const { entity } = this.#tree.statements[0]
    if (statement.entity !== entity)
      this.#fail(
        'MIXED_ENTITIES',
        `all statements of a filter are about one thing, and the first is about ${entity}.`,
        statement.entitySpan,
      )
    const first = this.#datasetOf(statement.any[0][0].field, statement)
    const any = statement.any.map(all => all.map(condition => this.#condition(condition, statement, first)))
    const when = statement.when.map(condition => this.#userCondition(condition, statement))
    return { action: statement.action, dataset: first, any, when, start: statement.start, end: statement.end }
  }

  /** The dataset of a condition that is not in an IF. */
  #datasetOf(field: FieldName, { entity }: Statement): DatasetType {
    const word = field.dataset.toUpperCase()
    if (word === 'CURRENTUSER')
      this.#fail('CURRENT_USER_OUTSIDE_IF', 'CurrentUser can stand only after IF, at the end of a statement.', field)
    if (word === 'CURRENTITEM')
      this.#fail('CURRENT_ITEM', 'CurrentItem can stand only on the right of an operator.', field)
    const dataset = Object.hasOwn(DATASETS, word) ? DATASETS[word] : this.#unknownDataset(field)
    if (DATASETS_OF[entity].includes(dataset)) return dataset
    const may = DATASETS_OF[entity].map(type => WORD_OF[type]).join(' and ')
    const hint = entity === 'ItemID' && dataset === 'USERS' ? ' Who asks is tested by IF CurrentUser.' : ''
    return this.#fail(
      'WRONG_DATASET',
      `a statement about ${entity} takes fields of ${may}, not of ${field.dataset}.${hint}`,
      field,
    )
  }

  #condition(condition: Condition, statement: Statement, first: DatasetType): PlannedCondition {
    const { field } = condition
    const dataset = this.#datasetOf(field, statement)
    if (dataset !== first)
      this.#fail(
        'MIXED_DATASETS',
        `the conditions of one statement are on one dataset, and the first is on ${WORD_OF[first]}: join statements with |.`,
        field,
      )
    return this.#planned(condition, this.#resolve(field, dataset, condition), statement)
  }

  #userCondition(condition: Condition, statement: Statement): PlannedCondition {
    const { field } = condition
    if (field.dataset.toUpperCase() !== 'CURRENTUSER')
      this.#fail(
        'CURRENT_USER_OUTSIDE_IF',
        `after IF only fields of CurrentUser are tested, not of ${field.dataset}.`,
        field,
      )
    if (statement.entity === 'UserID')
      this.#fail('CURRENT_USER_OUTSIDE_IF', 'a statement about UserID has no CurrentUser: nobody asks.', field)
    return this.#planned(condition, this.#resolve(field, 'USERS', condition), statement)
  }

  #planned(condition: Condition, field: ResolvedField, statement: Statement): PlannedCondition {
    const fail = (code: FilterErrorCode, sentence: string, span: Span) => this.#fail(code, sentence, span)
    const { operand } = condition
    const ofItem = operand.kind === 'currentItem' ? this.#currentItem(operand.field, condition, statement) : undefined
    if (operand.kind === 'placeholder') {
      const before = this.placeholders.get(operand.name)
      const required = before?.required === true || statement.action === 'INCLUDE'
      this.placeholders.set(operand.name, { start: operand.start, end: operand.end, ...before, required })
    }
    return {
      column: field.column,
      kind: field.kind,
      operator: condition.operator,
      operand: checkOperand(condition, field, ofItem, fail),
      start: condition.start,
      end: condition.end,
    }
  }

  #currentItem(field: FieldName, condition: Condition, { entity }: Statement): ResolvedField {
    if (entity !== 'ItemID')
      this.#fail('CURRENT_ITEM', `CurrentItem goes with statements about ItemID, not about ${entity}.`, field)
    return this.#resolve(field, 'ITEMS', condition)
  }

  #resolve(field: FieldName, dataset: DatasetType, condition: Condition): ResolvedField {
    const schema = this.#schemas.get(dataset)
    if (!schema) return this.#fail('NO_SUCH_DATASET', `the dataset group has no dataset of type ${dataset}.`, field)
    const name = field.name.toUpperCase()
    const events = dataset === 'INTERACTIONS' || dataset === 'ACTION_INTERACTIONS'
    if (events && name !== 'EVENT_TYPE')
      this.#fail(
        'UNUSABLE_FIELD',
        `of ${WORD_OF[dataset]} only EVENT_TYPE can be filtered on, not ${field.name}.`,
        field,
      )
    const column = schema.columns.find(each => each.name.toUpperCase() === name)
    if (!column) {
      // Every event has some type, also where nobody has written down which.
      const any = events && (condition.operand.kind === 'any' || isQuotedAny(condition))
      if (!any) return this.#unknownField(field, schema)
    }
    if (column && dataset === 'ACTIONS' && ACTION_COLUMNS_OF_THE_SERVICE.includes(column.name))
      this.#fail('UNUSABLE_FIELD', `${column.name} cannot be filtered on: the service applies it itself.`, field)
    if (column?.type === 'boolean')
      this.#fail(
        'UNUSABLE_FIELD',
        `${column.name} is of type boolean, which cannot be filtered on: store "True" and "False" as strings, or 0 and 1.`,
        field,
      )
    if (column?.textual)
      this.#fail('UNUSABLE_FIELD', `${column.name} is textual: only strings that are not can be filtered on.`, field)
    this.#count(`${dataset}.${column?.name ?? 'EVENT_TYPE'}`, field)
    return {
      dataset,
      column: column?.name ?? 'EVENT_TYPE',
      kind: events ? 'event' : kindOf(column!.type),
      typeName: column?.type ?? 'string',
    }
  }

  #count(field: string, span: Span): void {
    this.fields.add(field)
    if (this.fields.size > FIELDS_MAX)
      this.#fail('TOO_MANY_FIELDS', `it names more than ${FIELDS_MAX} different fields.`, span)
  }

  #unknownDataset({ dataset, start }: FieldName): never {
    const meant = nearest(dataset, DATASET_WORDS)
    const rest = meant === undefined ? `one of ${DATASET_WORDS.join(', ')} was expected.` : `did you mean ${meant}?`
    return this.#fail('UNKNOWN_DATASET', `${dataset} is not a dataset; ${rest}`, { start, end: start + dataset.length })
  }

  #unknownField({ dataset, name, end }: FieldName, schema: DatasetSchema): never {
    const known = schema.columns.map(column => column.name)
    const meant = nearest(name, known)
    const rest = meant === undefined ? `it has ${known.join(', ')}.` : `did you mean ${meant}?`
    return this.#fail('UNKNOWN_FIELD', `${name} is not a field of ${dataset}; ${rest}`, {
      start: end - name.length,
      end,
    })
  }

  #fail(code: FilterErrorCode, sentence: string, { start, end }: Span): never {
    throw invalidExpression(code, sentence, this.#tree.source, { start, end }) satisfies FilterError
  }
}

const isQuotedAny = ({ operand }: Condition): boolean =>
  operand.kind === 'values' && operand.values.some(({ text, quoted }) => quoted && text === '*')
