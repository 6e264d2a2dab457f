/**
 * The records of one input as queries: what each one asks about, as a vector of the model, or a sentence why that cannot be told. Attributes are
 * looked up among the items that the model knows, with what ITEMS told of them when the solution version was trained.
 */
import type { DatasetType } from '../../datasets/schema.ts'
import { parseSchema } from '../../datasets/schema.ts'
import { planAttributes } from '../../filters/attributes.ts'
import type { Bitset } from '../../filters/bitset.ts'
import { FilterMasks } from '../../filters/masks.ts'
import type { Plan } from '../../filters/plan.ts'
import { readFilterData } from '../../filters/read.ts'
import { Refusal } from '../../lib/refusal.ts'
import { meanTarget, targetOf } from '../../models/userAffinity.ts'
import type { SavedModel } from '../../recipes/modelFile.ts'
import type { SegmentItems } from '../../resources/types.ts'
import type { ParsedRecord } from '../batchInference/records.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from '../computeContext.ts'

/** One of both. */
export type SegmentQuery =
  | { readonly target: Float32Array; readonly fault?: undefined }
  | { readonly target?: undefined; readonly fault: string }

/** A query for each record, in order. `numbers` are the lines that the records stand in. */
export async function segmentQueries(
  records: readonly ParsedRecord[],
  numbers: readonly number[],
  saved: SavedModel,
  items: SegmentItems | undefined,
  context: ComputeContext,
): Promise<SegmentQuery[]> {
  const attributes = await attributeRows(records, saved, items, context)
  return records.map((record, i) => {
    const fault = (sentence: string) => ({ fault: `Line ${numbers[i]}: ${sentence}` })
    if (record.fault !== undefined) return { fault: record.fault }
    if (record.itemId !== undefined) {
      const item = saved.items.indexOf(record.itemId)
      return item < 0
        ? fault(
            `the item ${JSON.stringify(record.itemId)} was not in the data of the training; one that was is needed.`,
          )
        : { target: targetOf(saved.model, item) }
    }
    const found = attributes[i]
    if (typeof found === 'string') return fault(found)
    const rows = rowsOf(found!, saved.items.size)
    return rows.length === 0
      ? fault(`no item of the training has itemAttributes ${JSON.stringify(record.itemAttributes)}.`)
      : { target: meanTarget(saved.model, rows) }
  })
}

/** Of each record with attributes the items that have them, or a sentence. */
async function attributeRows(
  records: readonly ParsedRecord[],
  { items: vocabulary }: SavedModel,
  items: SegmentItems | undefined,
  context: ComputeContext,
): Promise<(Bitset | string | undefined)[]> {
  const schemas = new Map<DatasetType, ReturnType<typeof parseSchema>>()
  if (items) schemas.set('ITEMS', parseSchema(items.schema))
  const planned = records.map(({ itemAttributes }) =>
    itemAttributes === undefined ? undefined : planOf(itemAttributes, schemas),
  )
  const plans = planned.filter(plan => typeof plan === 'object')
  if (plans.length === 0) return planned as (string | undefined)[]
  // One plan with the statements of all, so that the data is read once.
  const together: Plan = { ...plans[0], statements: plans.flatMap(({ statements }) => statements) }
  const source = { bucket: ARTIFACTS_BUCKET, imports: { ITEMS: items?.imports ?? [] } }
  const fields = new Set(plans.flatMap(({ fields: each }) => each))
  const plan = { ...together, fields: [...fields].sort() }
  const { data } = await readFilterData(plan, schemas, source, vocabulary, context)
  const masks = new FilterMasks(plan, data)
  return planned.map(each => (typeof each === 'object' ? masks.rowsOf(each.statements[0], {}) : each))
}

function planOf(source: string, schemas: ReadonlyMap<DatasetType, ReturnType<typeof parseSchema>>): Plan | string {
  try {
    return planAttributes(source, schemas)
  } catch (error) {
    if (error instanceof Refusal) return error.message
    throw error
  }
}

function rowsOf(set: Bitset, size: number): number[] {
  const rows: number[] = []
  for (let row = 0; row < size; row++) if (((set[row >>> 5] >>> (row & 31)) & 1) === 1) rows.push(row)
  return rows
}
