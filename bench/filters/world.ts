/** A catalogue, users and their histories, seeded: what the filters of the bench are carried out on. */

import { parseSchema } from '../../src/datasets/schema.ts'
import { Vocabulary } from '../../src/datasets/vocabulary.ts'
import { DataAssembler } from '../../src/filters/assemble.ts'
import { type FilterSchemas, planFilter } from '../../src/filters/check.ts'
import type { FilterData } from '../../src/filters/data.ts'
import type { Plan } from '../../src/filters/plan.ts'
import { type PlacedModel, placeModel } from '../../src/inference/ranker.ts'
import { BLOCK_RECORDS } from '../../src/jobs/batchInference/limits.ts'
import { bitsFor, packBits } from '../../src/lib/packedBits.ts'
import { seededRandom } from '../../src/lib/random.ts'
import type { HistoryModel } from '../../src/models/historyModel.ts'
import type { ItemLists } from '../../src/models/splits.ts'

const SEED = 1
export const USERS = 20_000
/** Events a user, as in ml-1m's middle; all of them views or purchases. */
const EVENTS = 100
const GENRES = 200
const BRANDS = 5_000
/** Newest events that count. */
const KERNEL = 32
const DIMENSION = 64
const TYPES = ['view', 'purchase']

export interface World {
  readonly itemCount: number
  readonly users: Vocabulary
  readonly histories: ItemLists
  readonly schemas: FilterSchemas
}

const schema = (name: string, fields: object[]) =>
  parseSchema(
    JSON.stringify({ type: 'record', name, namespace: 'com.amazonaws.personalize.schema', fields, version: '1.0' }),
  )
const id = (name: string) => ({ name, type: 'string' })

export function makeWorld(itemCount: number): World {
  const random = seededRandom(SEED)
  const offsets = Uint32Array.from({ length: USERS + 1 }, (_, user) => user * EVENTS)
  const items = Int32Array.from({ length: USERS * EVENTS }, () => Math.floor(itemCount * random.uniform() ** 2))
  return {
    itemCount,
    users: Vocabulary.fromIds(Array.from({ length: USERS }, (_, user) => `u${user}`)),
    histories: { offsets, items },
    schemas: new Map([
      [
        'ITEMS',
        schema('Items', [
          id('ITEM_ID'),
          { name: 'GENRES', type: 'string', categorical: true },
          { name: 'BRAND', type: 'string' },
          { name: 'PRICE', type: 'double' },
        ]),
      ],
      [
        'INTERACTIONS',
        schema('Interactions', [id('USER_ID'), id('ITEM_ID'), id('EVENT_TYPE'), { name: 'TIMESTAMP', type: 'long' }]),
      ],
    ]),
  }
}

/** One to three genres, a brand and a price an item. */
export function makeFilter(
  { itemCount, users, histories, schemas }: World,
  expression: string,
): { plan: Plan; data: FilterData } {
  const plan = planFilter(expression, schemas)
  const assembler = new DataAssembler(plan, schemas, itemCount, users)
  const { needs } = assembler
  const random = seededRandom(SEED + 1)
  const genre = () => `g${random.below(GENRES)}`
  const cells: Record<string, () => string | number> = {
    GENRES: () => Array.from({ length: 1 + random.below(3) }, genre).join('|'),
    BRAND: () => `b${random.below(BRANDS)}`,
    PRICE: () => Math.round(random.uniform() * 1e5) / 100,
  }
  for (const column of needs.ofCandidates)
    for (let row = 0; row < itemCount; row++) assembler.candidate(column, row, cells[column]())
  if (needs.events) {
    // As filters/makeEvents.ts packs them.
    const bits = bitsFor(itemCount) + 1
    const numbers = Uint32Array.from(histories.items, (item, at) => 2 * item + (at % 3 === 0 ? 1 : 0))
    const codes = packBits(numbers, bits)
    assembler.events({ types: TYPES, offsets: histories.offsets, bits, typeBits: 1, codes })
  }
  return { plan, data: assembler.finish() }
}

/**
 * Factors, as aws-user-personalization trains them at this size: two views of the newest 32 events. Directions are noise and norms fall with an item's
 * rank by the power of a half, so that the search ends early as it does on real catalogues (design/performance.md §4).
 */
export function makeModel(itemCount: number): PlacedModel {
  const random = seededRandom(SEED + 2)
  const noise = Float32Array.from({ length: 65_521 }, () => random.normal())
  const filled = (length: number, scale: (row: number) => number) => {
    const values = new Float32Array(length)
    for (let at = 0; at < length; at++)
      values[at] = noise[at % noise.length] * scale(Math.floor(at / DIMENSION) % itemCount)
    return values
  }
  const model: HistoryModel = {
    form: 'factors',
    itemCount,
    dimension: DIMENSION,
    kernels: [1, 8].map(time => Float32Array.from({ length: KERNEL }, (_, k) => Math.exp(-k / time))),
    sources: filled(2 * itemCount * DIMENSION, () => 1 / DIMENSION),
    targets: filled(itemCount * DIMENSION, item => (item + 1) ** -0.5),
    bias: undefined,
    prior: Float32Array.from({ length: itemCount }, (_, item) => -Math.log(item + 1)),
    sharpness: 1,
  }
  return placeModel(model, { threads: 1, blockSize: BLOCK_RECORDS, filtered: true })
}

/** `records` lines, users drawn at random; `values` distinct sets of filter values, one a record, in random order. */
export function makeLines(records: number, values: (set: number) => object | undefined, sets: number): Buffer {
  const random = seededRandom(SEED + 3)
  const lines = Array.from({ length: records }, () => {
    const filterValues = sets === 0 ? undefined : values(random.below(sets))
    return `${JSON.stringify({ userId: `u${random.below(USERS)}`, ...(filterValues && { filterValues }) })}\n`
  })
  return Buffer.from(lines.join(''))
}
