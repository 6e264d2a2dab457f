/** Random worlds, and random expressions as trees with the text that says them. */
import type { Random } from '../../src/lib/random.ts'
import type { NaiveCondition, NaiveStatement, Row, Value } from './naive.ts'
import type { World } from './sample.ts'

const TEXTS = ['a', 'b', 'c', 'dd', 'é', '日本', 'A', 'a b', '"', '\\', "it's"]
const EVENT_TYPES = ['view', 'cart', 'buy']
const NUMBERS = ['0', '-1', '1', '2', '2.5', '3', '10', '1700000000']
const HUGE = ['9007199254740992', '9007199254740993', '-9007199254740993']

const pick = <T>(random: Random, list: readonly T[]): T => list[random.below(list.length)]
const some = <T>(random: Random, list: readonly T[], most: number): T[] =>
  Array.from({ length: 1 + random.below(most) }, () => pick(random, list))

const column = (name: string, type: string, categorical = false) => ({
  name,
  type: ['null', type],
  ...(categorical && { categorical }),
})
const OWN = [column('CAT', 'string', true), column('STR', 'string'), column('INT', 'int'), column('DBL', 'double')]
const ID = (name: string) => ({ name, type: 'string' })
const EVENTS = (id: string) => [ID('USER_ID'), ID(id), ID('EVENT_TYPE'), { name: 'TIMESTAMP', type: 'long' }]

const SCHEMAS: World['schemas'] = {
  ITEMS: [ID('ITEM_ID'), ...OWN, column('BIG', 'long')],
  USERS: [ID('USER_ID'), ...OWN],
  ACTIONS: [ID('ACTION_ID'), ...OWN],
  INTERACTIONS: EVENTS('ITEM_ID'),
  ACTION_INTERACTIONS: EVENTS('ACTION_ID'),
}

function randomRow(random: Random, id: string, name: string): Row {
  const cell = (value: () => Value): Value => (random.below(4) === 0 ? null : value())
  const row = {
    [id]: name,
    CAT: cell(() => some(random, TEXTS, 3).join(pick(random, ['|', '|', '||']))),
    STR: cell(() => pick(random, [...TEXTS, 'a|b'])),
    INT: cell(() => random.below(5) - 1),
    DBL: cell(() => Number(pick(random, NUMBERS))),
  }
  return id === 'ITEM_ID'
    ? { ...row, BIG: cell(() => (random.below(2) ? random.below(4) : `${pick(random, HUGE)}n`)) }
    : row
}

export function randomWorld(random: Random, size: number): World {
  const rows = (id: string, letter: string) =>
    Array.from({ length: size }, (_, i) => randomRow(random, id, `${letter}${i}`))
  const events = (letter: string) =>
    Array.from(
      { length: 6 * size },
      () =>
        [
          `u${random.below(size + 2)}`,
          `${letter}${random.below(size + 2)}`,
          pick(random, ['view', 'VIEW', 'cart', 'Buy', 'rare']),
        ] as const,
    )
  return {
    schemas: SCHEMAS,
    ITEMS: rows('ITEM_ID', 'i'),
    USERS: rows('USER_ID', 'u'),
    ACTIONS: rows('ACTION_ID', 'a'),
    INTERACTIONS: events('i'),
    ACTION_INTERACTIONS: events('a'),
    more: ['i-stray', `i${size}`, `a${size}`],
  }
}

export interface RandomFilter {
  readonly text: string
  readonly statements: readonly NaiveStatement[]
  /** As a request gives them, and cut. Some are left out where no INCLUDE needs them. */
  readonly given: Readonly<Record<string, string>>
  readonly values: Readonly<Record<string, readonly string[]>>
}

export function randomFilter(random: Random): RandomFilter {
  const entity = pick(random, ['ItemID', 'ItemID', 'UserID', 'ActionID'])
  const maker = new Maker(random, entity)
  const made = Array.from({ length: 1 + random.below(3) }, () => maker.statement())
  return {
    text: made.map(({ text }) => text).join(pick(random, ['|', ' | '])),
    statements: made.map(({ statement }) => statement),
    given: maker.given,
    values: maker.values,
  }
}

class Maker {
  readonly given: Record<string, string> = {}
  readonly values: Record<string, string[]> = {}
  readonly #random: Random
  readonly #entity: string
  #placeholders = 0
  #action = ''

  constructor(random: Random, entity: string) {
    this.#random = random
    this.#entity = entity
  }

  statement(): { text: string; statement: NaiveStatement } {
    const random = this.#random
    const action = pick(random, ['INCLUDE', 'EXCLUDE'])
    this.#action = action
    const [own, events] = { ItemID: ['Items', 'Interactions'], UserID: ['Users', 'Interactions'] }[this.#entity] ?? [
      'Actions',
      'Action_Interactions',
    ]
    const dataset = random.below(3) === 0 ? events : own
    const lists = Array.from({ length: 1 + random.below(2) }, () =>
      Array.from({ length: 1 + random.below(3) }, () => this.#condition(dataset)),
    )
    const ifs = this.#entity !== 'UserID' && random.below(3) === 0 ? 1 + random.below(2) : 0
    const when = Array.from({ length: ifs }, () => this.#condition('CurrentUser'))
    const ored = lists.map(all => all.map(({ text }) => text).join(' AND ')).join(' OR ')
    const tail = ifs === 0 ? '' : ` IF ${when.map(({ text }) => text).join(' AND ')}`
    return {
      text: `${action} ${this.#entity} WHERE ${ored}${tail}`,
      statement: {
        action,
        entity: this.#entity,
        any: lists.map(all => all.map(({ condition }) => condition)),
        when: when.map(({ condition }) => condition),
      },
    }
  }

  #condition(dataset: string): { text: string; condition: NaiveCondition } {
    const random = this.#random
    if (dataset.includes('nteractions')) return this.#event(dataset)
    const name = pick(random, ['CAT', 'STR', 'INT', 'DBL', ...(dataset === 'Items' ? ['BIG'] : [])])
    const number = !['CAT', 'STR'].includes(name)
    const operator = pick(
      random,
      number ? ['IN', 'NOT IN', '=', '!=', '<', '<=', '>', '>='] : ['IN', 'NOT IN', '=', '!='],
    )
    const many = operator.endsWith('IN')
    const field = { dataset, name }
    if (this.#entity === 'ItemID' && random.below(5) === 0) {
      const other = {
        dataset: 'CurrentItem',
        name: number ? pick(random, ['INT', 'DBL', 'BIG']) : pick(random, ['CAT', 'STR']),
      }
      return {
        text: `${dataset}.${name} ${operator} CurrentItem.${other.name}`,
        condition: { field, operator, operand: { kind: 'currentItem', field: other } },
      }
    }
    const texts = some(random, number ? (name === 'BIG' ? [...NUMBERS, ...HUGE] : NUMBERS) : TEXTS, many ? 3 : 1)
    return this.#listed(field, operator, texts, text => (number ? text : quoted(text)))
  }

  #event(dataset: string): { text: string; condition: NaiveCondition } {
    const random = this.#random
    const field = { dataset, name: 'EVENT_TYPE' }
    const operator = pick(random, ['IN', 'IN', 'NOT IN', '='])
    if (dataset === 'Interactions' && operator !== '=' && random.below(5) === 0)
      return { text: `${dataset}.EVENT_TYPE ${operator} (*)`, condition: { field, operator, operand: { kind: 'any' } } }
    const types = [...EVENT_TYPES, 'VIEW', 'none', ...(dataset === 'Interactions' ? ['*'] : [])]
    return this.#listed(field, operator, some(random, types, operator === '=' ? 1 : 3), quoted)
  }

  #listed(field: NaiveCondition['field'], operator: string, texts: readonly string[], write: (text: string) => string) {
    const random = this.#random
    const left = `${random.below(8) === 0 ? field.dataset.toLowerCase() : field.dataset}.${field.name}`
    if (operator !== 'NOT IN' && random.below(3) === 0) {
      const name = `P${this.#placeholders++}`
      if (this.#action === 'INCLUDE' || random.below(3) > 0) {
        this.given[name] = texts.map(write).join(pick(random, [',', ' , ']))
        this.values[name] = [...texts]
      }
      const operand = { kind: 'placeholder', name } as const
      const right = operator === 'IN' || random.below(2) ? `($${name})` : `$${name}`
      return { text: `${left} ${operator} ${right}`, condition: { field, operator, operand } }
    }
    const list = texts.map(write)
    const right = operator.endsWith('IN') ? `(${list.join(pick(random, [',', ', ']))})` : list[0]
    const values = texts.map(text => ({ text }))
    return {
      text: `${left} ${operator} ${right}`,
      condition: { field, operator, operand: { kind: 'values', values } as const },
    }
  }
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`
