/** A small world in memory, put together as the reader puts together what it finds in Parquet. */
import { readFileSync } from 'node:fs'
import type { DatasetType } from '../../src/datasets/schema.ts'
import { parseSchema } from '../../src/datasets/schema.ts'
import { Vocabulary } from '../../src/datasets/vocabulary.ts'
import { DataAssembler } from '../../src/filters/assemble.ts'
import { firstRows } from '../../src/filters/bitset.ts'
import { type FilterSchemas, planFilter } from '../../src/filters/check.ts'
import { DATASET_OF, type FilterData, typeBitsFor } from '../../src/filters/data.ts'
import { allowedSet, FilterMasks } from '../../src/filters/masks.ts'
import { parseFilter } from '../../src/filters/parser.ts'
import { foldEventType, type Plan } from '../../src/filters/plan.ts'
import { bindValues, type FilterValues } from '../../src/filters/values.ts'
import { type NaiveContext, type NaiveStatement, passes, type Row, type Value } from './naive.ts'

export interface World {
  readonly schemas: Readonly<Partial<Record<DatasetType, readonly object[]>>>
  readonly ITEMS?: readonly Row[]
  readonly USERS?: readonly Row[]
  readonly ACTIONS?: readonly Row[]
  /** [user, item or action, event type] */
  readonly INTERACTIONS?: readonly (readonly [string, string, string])[]
  readonly ACTION_INTERACTIONS?: readonly (readonly [string, string, string])[]
  /** Candidates that events name and no dataset: ids. */
  readonly more?: readonly string[]
}

export interface Request {
  readonly user?: string
  readonly item?: string
  readonly values?: FilterValues
}

const RECORDS = {
  INTERACTIONS: 'Interactions',
  ITEMS: 'Items',
  USERS: 'Users',
  ACTIONS: 'Actions',
  ACTION_INTERACTIONS: 'ActionInteractions',
}

export const schemaText = (type: DatasetType, fields: readonly object[]): string =>
  JSON.stringify({
    type: 'record',
    name: RECORDS[type],
    namespace: 'com.amazonaws.personalize.schema',
    fields,
    version: '1.0',
  })

export const schemasOf = (world: World): FilterSchemas =>
  new Map(
    Object.entries(world.schemas).map(([type, fields]) => [
      type as DatasetType,
      parseSchema(schemaText(type as DatasetType, fields)),
    ]),
  )

export const readWorld = (name: string): World =>
  JSON.parse(readFileSync(new URL(`data/${name}.json`, import.meta.url), 'utf8'))

const ID = { ITEMS: 'ITEM_ID', USERS: 'USER_ID', ACTIONS: 'ACTION_ID' } as const

/** The candidates by row. */
export function candidatesOf(world: World, { entity }: Pick<Plan, 'entity'>): { id: string; row: Row | undefined }[] {
  const dataset = DATASET_OF[entity]
  const rows = (world[dataset] ?? []).map(row => ({ id: String(row[ID[dataset]]), row }))
  const more = dataset === 'USERS' ? [] : (world.more ?? []).map(id => ({ id, row: undefined }))
  return [...rows, ...more]
}

export function assembleWorld(plan: Plan, world: World, schemas: FilterSchemas): FilterData {
  const candidates = candidatesOf(world, plan)
  const rowOf = new Map(candidates.map(({ id }, row) => [id, row]))
  const usersSeen = new Set([
    ...(world.USERS ?? []).map(row => String(row.USER_ID)),
    ...[...(world.INTERACTIONS ?? []), ...(world.ACTION_INTERACTIONS ?? [])].map(([user]) => user),
  ])
  const users = Vocabulary.fromIds(usersSeen)
  const assembler = new DataAssembler(plan, schemas, candidates.length, users)
  const { needs } = assembler
  candidates.forEach(({ row }, index) => {
    for (const column of needs.ofCandidates) if (row) assembler.candidate(column, index, wide(row[column]))
  })
  for (const row of world.USERS ?? [])
    for (const column of needs.ofUsers) assembler.user(column, users.indexOf(String(row.USER_ID)), wide(row[column]))
  if (needs.eventTypes)
    for (const [user, , type] of world.INTERACTIONS ?? []) {
      const row = rowOf.get(user)
      if (row !== undefined) assembler.eventType(row, foldEventType(type))
    }
  if (needs.events) addEvents(assembler, world, users, rowOf)
  return assembler.finish()
}

function addEvents(
  assembler: DataAssembler,
  world: World,
  users: Vocabulary,
  rowOf: ReadonlyMap<string, number>,
): void {
  const { dataset, types: wanted } = assembler.needs.events!
  const all = world[dataset as 'INTERACTIONS' | 'ACTION_INTERACTIONS'] ?? []
  const types = wanted === 'any' ? [] : [...new Set(all.map(([, , type]) => foldEventType(type)))]
  const kept = all.filter(
    ([, id, type]) => rowOf.has(id) && (typeof wanted === 'string' || wanted.includes(foldEventType(type))),
  )
  const pairs = kept.map(([user, id, type]) => [
    users.indexOf(user),
    rowOf.get(id)!,
    Math.max(0, types.indexOf(foldEventType(type))),
  ])
  const distinct = [...new Map(pairs.map(pair => [pair.join(), pair])).values()]
  const offsets = new Uint32Array(users.size + 1)
  for (const [user] of distinct) offsets[user + 1]++
  for (let user = 0; user < users.size; user++) offsets[user + 1] += offsets[user]
  const typeBits = typeBitsFor(types.length)
  const sorted = distinct.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
  const codes = Uint32Array.from(sorted, ([, row, type]) => row * 2 ** typeBits + type)
  assembler.events({ types, offsets, bits: 32, typeBits, codes })
}

/** Whole numbers beyond 2^53 stand as strings of digits with an n at the end in JSON. */
export const wide = (value: Value | undefined): Value => {
  if (value === undefined) return null
  return typeof value === 'string' && /^-?\d{16,}n$/.test(value) ? BigInt(value.slice(0, -1)) : value
}

/** Ids that pass, by the compiled plan. */
export function compiledPasses(expression: string, world: World, request: Request): string[] {
  const schemas = schemasOf(world)
  const plan = planFilter(expression, schemas)
  const masks = new FilterMasks(plan, assembleWorld(plan, world, schemas))
  const candidates = candidatesOf(world, plan)
  const item = request.item === undefined ? undefined : candidates.findIndex(({ id }) => id === request.item)
  const allowed = allowedSet(masks, { userId: request.user, item, values: request.values })
  return firstRows(allowed, candidates.length).map(row => candidates[row].id)
}

/** The same by the twin. */
export function naivePasses(expression: string, world: World, request: Request): string[] {
  const { statements } = parseFilter(expression)
  const schemas = schemasOf(world)
  const bindings = bindValues(planFilter(expression, schemas), request.values)
  const values = Object.fromEntries(Array.from(bindings, ([name, list]) => [name, list.map(({ text }) => text)]))
  return naiveIds(statements, world, request, values)
}

export function naiveIds(
  statements: readonly NaiveStatement[],
  world: World,
  request: Request,
  values: NaiveContext['values'],
): string[] {
  const entity = statements[0].entity as Plan['entity']
  const candidates = candidatesOf(world, { entity })
  const unwide = (row: Row | undefined): Row | undefined =>
    row && Object.fromEntries(Object.entries(row).map(([name, value]) => [name, wide(value)]))
  const columnType = (dataset: string, name: string) => {
    const fields = (world.schemas[dataset as DatasetType] ?? []) as {
      name: string
      type: unknown
      categorical?: boolean
    }[]
    const field = fields.find(each => each.name.toUpperCase() === name.toUpperCase())!
    const number = !JSON.stringify(field.type).includes('string')
    return { number, split: field.categorical === true && !number }
  }
  const events = entity === 'ActionID' ? (world.ACTION_INTERACTIONS ?? []) : (world.INTERACTIONS ?? [])
  const context: NaiveContext = {
    types: columnType,
    user: unwide((world.USERS ?? []).find(row => row.USER_ID === request.user)),
    item: unwide((world.ITEMS ?? []).find(row => row.ITEM_ID === request.item)),
    eventTypes: id =>
      events
        .filter(([user, target]) => (entity === 'UserID' ? user === id : user === request.user && target === id))
        .map(([, , type]) => type),
    values,
  }
  return candidates.filter(({ id, row }) => passes(statements, { id, row: unwide(row) }, context)).map(({ id }) => id)
}
