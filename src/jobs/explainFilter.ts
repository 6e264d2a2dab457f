/** ExplainFilter's work: reads what the filter needs and tells what it does. A request waits for it (computeNow.ts). */
import { type DatasetType, parseSchema } from '../datasets/schema.ts'
import { planFilter } from '../filters/check.ts'
import type { Explanation } from '../filters/explain.ts'
import type { FilterValues } from '../filters/values.ts'
import { Refusal } from '../lib/refusal.ts'
import type { FilterSnapshot } from '../resources/types.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from './computeContext.ts'
import { workKind } from './workKind.ts'

export interface ExplainDescription extends FilterSnapshot {
  readonly userId?: string | undefined
  readonly itemId?: string | undefined
  readonly filterValues?: FilterValues | undefined
}

export const explainFilter = workKind<unknown, unknown, ExplainDescription, Explanation>({
  name: 'explainFilter',
  async run(description, context) {
    return explained(description, context)
  },
})

async function explained(description: ExplainDescription, context: ComputeContext): Promise<Explanation> {
  const { expression, schemas, imports, userId, itemId, filterValues } = description
  const { readFilterData } = await import('../filters/read.ts')
  const { explain } = await import('../filters/explain.ts')
  const parsed = new Map(Object.entries(schemas).map(([type, text]) => [type as DatasetType, parseSchema(text)]))
  const plan = planFilter(expression, parsed)
  const source = { bucket: ARTIFACTS_BUCKET, imports, eventsPerType: context.filterEventsPerType }
  const { data, candidates } = await readFilterData(plan, parsed, source, undefined, context)
  const item = itemId === undefined ? undefined : candidates.indexOf(itemId)
  if (item === -1) throw new Refusal(`There is no item '${itemId}' in the data of the dataset group.`)
  return explain(plan, data, candidates, { userId, item, values: filterValues })
}
