/** DescribeEvaluation's work: reads the report beside a model. A request waits for it (computeNow.ts). */
import type { StoredEvaluation } from '../recipes/evaluationFile.ts'
import { ARTIFACTS_BUCKET } from './computeContext.ts'
import { workKind } from './workKind.ts'

export interface EvaluationQuery {
  readonly resourceArn: string
  readonly recipeArn: string
  readonly modelPrefix: string
}

export type DescribedEvaluation = StoredEvaluation & { readonly resourceArn: string; readonly recipeArn: string }

export const readEvaluation = workKind<unknown, unknown, EvaluationQuery, DescribedEvaluation>({
  name: 'readEvaluation',
  async run({ modelPrefix, ...query }, { artifacts, signal }) {
    const { loadEvaluation } = await import('../recipes/evaluationFile.ts')
    const place = { artifacts, prefix: { bucket: ARTIFACTS_BUCKET, key: modelPrefix } }
    return { ...query, ...(await loadEvaluation(place, { signal })) }
  },
})
