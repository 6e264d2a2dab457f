/**
 * People of two tastes and five actions. Each person has items of one half of the catalogue; afterwards they meet the actions: 0 is taken by those
 * of the first taste, 1 by those of the second, 2 by anybody, 3 is shown to nobody, 4 is shown to all and taken by too few to learn from.
 */
import { seededRandom } from '../../src/lib/random.ts'

const DAY = 86_400
const START = 1_700_000_000
export const ITEM_COUNT = 40
export const ACTION_COUNT = 5

export interface Person {
  readonly taste: 0 | 1
  readonly items: readonly { readonly item: number; readonly time: number }[]
  readonly met: readonly {
    readonly action: number
    readonly type: 'TAKEN' | 'NOT_TAKEN' | 'VIEWED'
    readonly time: number
  }[]
}

/** P(taken) by action and taste. */
export const RATES = [
  [0.8, 0.1],
  [0.1, 0.8],
  [0.3, 0.3],
  [0, 0],
  [0.02, 0.02],
] as const

export function people({ userCount = 400, eventCount = 12, seed = 1 } = {}): Person[] {
  const random = seededRandom(seed)
  return Array.from({ length: userCount }, (_, user) => {
    const taste = (user % 2) as 0 | 1
    const items = Array.from({ length: eventCount }, (_, k) => ({
      item: (taste * ITEM_COUNT) / 2 + random.below(ITEM_COUNT / 2),
      time: START + k * DAY,
    }))
    const met = [0, 1, 2, 4].flatMap(action => {
      const time = START + (20 + random.below(10)) * DAY
      const type: 'TAKEN' | 'NOT_TAKEN' = random.uniform() < RATES[action][taste] ? 'TAKEN' : 'NOT_TAKEN'
      return [
        { action, type: 'VIEWED' as const, time },
        { action, type, time: time + random.below(6) * DAY },
      ]
    })
    return { taste, items, met: met.sort((a, b) => a.time - b.time) }
  })
}

const csv = (header: string, rows: readonly string[]) => `${header}\n${rows.join('\n')}\n`

/** As they are imported. */
export const csvOf = (all: readonly Person[]) => ({
  interactions: csv(
    'USER_ID,ITEM_ID,TIMESTAMP',
    all.flatMap(({ items }, u) => items.map(({ item, time }) => `user-${u},item-${item},${time}`)),
  ),
  actions: csv(
    'ACTION_ID,VALUE,REPEAT_FREQUENCY,EXPIRATION_TIMESTAMP,KIND',
    Array.from(
      { length: ACTION_COUNT },
      (_, action) => `action-${action},${action + 1},${action === 2 ? 7 : ''},,offer`,
    ),
  ),
  actionInteractions: csv(
    'USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP',
    all.flatMap(({ met }, u) => met.map(({ action, type, time }) => `user-${u},action-${action},${type},${time}`)),
  ),
})

const record = (name: string, fields: object[]) =>
  JSON.stringify({ type: 'record', name, namespace: 'com.amazonaws.personalize.schema', fields, version: '1.0' })

export const actionsSchema = record('Actions', [
  { name: 'ACTION_ID', type: 'string' },
  { name: 'VALUE', type: ['long', 'null'] },
  { name: 'REPEAT_FREQUENCY', type: ['long', 'null'] },
  { name: 'EXPIRATION_TIMESTAMP', type: ['long', 'null'] },
  { name: 'KIND', type: 'string', categorical: true },
])

export const actionInteractionsSchema = record('ActionInteractions', [
  { name: 'USER_ID', type: 'string' },
  { name: 'ACTION_ID', type: 'string' },
  { name: 'EVENT_TYPE', type: 'string' },
  { name: 'TIMESTAMP', type: 'long' },
])
