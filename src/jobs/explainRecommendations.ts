/** ExplainRecommendations' work: ranks for one person, and tells which items of the history carried what. A request waits for it (computeNow.ts). */
import type { ExplainedList, ExplanationQuery } from './explanation.ts'
import { workKind } from './workKind.ts'

export const explainRecommendations = workKind<unknown, unknown, ExplanationQuery, ExplainedList>({
  name: 'explainRecommendations',
  async run(query, context) {
    const { explained } = await import('./explanation.ts')
    return explained(query, context)
  },
})
