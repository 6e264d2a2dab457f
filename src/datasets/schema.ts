/**
 * A dataset's schema: Avro JSON in, columns out. Avro is only the notation; records are flat, and a union is only "or null".
 * Every refusal names the field and what was expected. Source: spec/datasets-schemas.md §1, quotas.md §1.
 */
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import { COLUMN_NAME_CHARACTERS_MAX } from './limits.ts'
import {
  type ColumnType,
  type DatasetType,
  type Domain,
  RECORD_NAMES,
  type ReservedField,
  rulesFor,
} from './schemaRules.ts'

export type { ColumnType, DatasetType, Domain } from './schemaRules.ts'

export interface Column {
  readonly name: string
  readonly type: ColumnType
  readonly nullable: boolean
  readonly categorical: boolean
  readonly textual: boolean
  /** What the item is called, for recipes that read text. */
  readonly itemName: boolean
}

export interface DatasetSchema {
  readonly datasetType: DatasetType
  /** In the order of the schema; files may have another. */
  readonly columns: readonly Column[]
}

const NAMESPACE = 'com.amazonaws.personalize.schema'
const VERSION = '1.0'
const COLUMN_TYPES: readonly string[] = ['string', 'int', 'long', 'float', 'double', 'boolean'] satisfies ColumnType[]
const NUMERIC_TYPES: readonly ColumnType[] = ['int', 'long', 'float', 'double']

export const isNumeric = ({ type }: Pick<Column, 'type'>): boolean => NUMERIC_TYPES.includes(type)

/** Reads a schema and checks what holds for every dataset type. Throws Refusal. */
export function parseSchema(avroJson: string): DatasetSchema {
  const schema = parseJson(avroJson)
  if (!isObject(schema))
    throw new Refusal('The schema must be a JSON object with type, name, namespace, fields and version.')
  if (schema.type !== 'record') throw new Refusal(`The schema's type must be 'record', not ${shown(schema.type)}.`)
  const datasetType = typeof schema.name === 'string' ? own(RECORD_NAMES, schema.name) : undefined
  if (!datasetType)
    throw new Refusal(
      `The schema's name must be one of ${Object.keys(RECORD_NAMES).join(', ')}, not ${shown(schema.name)}.`,
    )
  if (schema.namespace !== NAMESPACE)
    throw new Refusal(`The schema's namespace must be '${NAMESPACE}', not ${shown(schema.namespace)}.`)
  if (schema.version !== VERSION)
    throw new Refusal(`The schema's version must be '${VERSION}', not ${shown(schema.version)}.`)
  if (!Array.isArray(schema.fields) || schema.fields.length === 0)
    throw new Refusal("The schema's fields must be a list of at least one field.")
  const columns = schema.fields.map(parseField)
  checkNamesDiffer(columns)
  return { datasetType, columns }
}

/** Checks what the dataset type, and the domain of its group, ask for: required and reserved fields, attributes, counts. Throws Refusal. */
export function checkSchemaForType(schema: DatasetSchema, type: DatasetType, domain?: Domain): void {
  if (schema.datasetType !== type)
    throw new Refusal(`The schema is one for ${schema.datasetType}, and a schema for ${type} was expected.`)
  const rules = rulesFor(type, domain)
  if (!rules) throw new Refusal(`The domain ${domain} has no ${type} dataset.`)
  for (const [name, field] of Object.entries(rules.fields)) {
    const column = schema.columns.find(each => each.name === name)
    if (column) checkReserved(column, field)
    else if (field.required)
      throw new Refusal(`The schema has no field ${name}, which ${article(type)} schema must have.`)
  }
  checkText(schema)
  const isMetadata = ({ name, categorical, textual, type }: Column) =>
    !own(rules.fields, name)?.required && (categorical || textual || NUMERIC_TYPES.includes(type))
  if (rules.metadataMin > 0 && !schema.columns.some(isMetadata))
    throw new Refusal(
      `The schema has no metadata field: ${article(type)} schema must have at least one field that is categorical${type === 'ITEMS' ? ', textual' : ''} or numeric.`,
    )
  const count = schema.columns.filter(column => !own(rules.fields, column.name)).length
  if (count > rules.metadataMax)
    throw new Refusal(
      `The schema has ${count} metadata fields; ${article(type)} schema can have at most ${rules.metadataMax}.`,
    )
}

function parseField(field: unknown, place: number): Column {
  if (!isObject(field) || typeof field.name !== 'string')
    throw new Refusal(`Field ${place + 1} of the schema must be an object with a name and a type.`)
  const { name } = field
  if (!/^[A-Za-z_][A-Za-z\d_]*$/.test(name) || name.length > COLUMN_NAME_CHARACTERS_MAX)
    throw new Refusal(
      `Field ${shown(name)}: a name must have up to ${COLUMN_NAME_CHARACTERS_MAX} letters, digits and underscores, and not begin with a digit.`,
    )
  const { type, nullable } = parseType(name, field.type)
  const column = {
    name,
    type,
    nullable,
    categorical: flag(field, 'categorical'),
    textual: flag(field, 'textual'),
    itemName: flag(field, 'itemName'),
  }
  if (column.categorical && column.textual) throw new Refusal(`Field ${name} cannot be both categorical and textual.`)
  for (const attribute of ['textual', 'itemName'] as const)
    if (column[attribute] && type !== 'string')
      throw new Refusal(`Field ${name}: only a string can be ${attribute}, not type ${type}.`)
  return column
}

/** A type's name, a list of one, or a list of one and "null" in either order. */
function parseType(name: string, given: unknown): { type: ColumnType; nullable: boolean } {
  const members: unknown[] = Array.isArray(given) ? given : [given]
  const types = members.filter(member => member !== 'null')
  const nullCount = members.length - types.length
  if (types.length !== 1 || nullCount > 1 || !isColumnType(types[0]))
    throw new Refusal(
      `Field ${name}: the type must be one of ${COLUMN_TYPES.join(', ')}, or a list of one of them and null, not ${shown(given)}.`,
    )
  return { type: types[0], nullable: nullCount === 1 }
}

const isColumnType = (type: unknown): type is ColumnType => typeof type === 'string' && COLUMN_TYPES.includes(type)

function flag(field: Record<string, unknown>, attribute: string): boolean {
  const value = field[attribute] ?? false
  if (typeof value !== 'boolean')
    throw new Refusal(`Field ${field.name}: ${attribute} must be true or false, not ${shown(value)}.`)
  return value
}

/**
 * AWS compares names without their underscores. We also ignore case, because filters do, and because names that differ in case alone
 * are one column in Parquet's readers.
 */
function checkNamesDiffer(columns: readonly Column[]): void {
  const seen = new Map<string, string>()
  for (const { name } of columns) {
    const key = name.replaceAll('_', '').toUpperCase()
    const other = seen.get(key)
    if (other !== undefined)
      throw new Refusal(
        `Fields ${other} and ${name}: names must differ in more than underscores and upper or lower case.`,
      )
    seen.set(key, name)
  }
}

function checkReserved(column: Column, field: ReservedField): void {
  const { name } = column
  if (column.type !== field.type)
    throw new Refusal(`Field ${name} is reserved: its type must be ${field.type}, not ${column.type}.`)
  if (column.nullable && !field.nullable)
    throw new Refusal(`Field ${name} is reserved: its type ${field.type} cannot be a union with null.`)
  for (const attribute of ['categorical', 'textual'] as const) {
    if (column[attribute] && field.attribute !== attribute)
      throw new Refusal(`Field ${name} is reserved and cannot be ${attribute}.`)
    if (!column[attribute] && field.attribute === attribute)
      throw new Refusal(`Field ${name} is reserved and must be ${attribute}.`)
  }
}

function checkText({ datasetType, columns }: DatasetSchema): void {
  for (const attribute of ['textual', 'itemName'] as const) {
    const names = columns.filter(column => column[attribute]).map(column => column.name)
    if (names.length > 0 && datasetType !== 'ITEMS')
      throw new Refusal(`Field ${names[0]}: only an ITEMS schema can have a field that is ${attribute}.`)
    if (names.length > 1)
      throw new Refusal(`Fields ${names.join(', ')}: only one field of a schema can be ${attribute}.`)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    assert(error instanceof SyntaxError)
    throw new Refusal(`The schema is not JSON: ${error.message}.`)
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A member of the table itself, not one every object inherits: a field may be called `constructor`. */
const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined

const shown = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value))

const article = (type: DatasetType): string => `${type === 'USERS' ? 'a' : 'an'} ${type}`
