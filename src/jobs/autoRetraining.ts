/**
 * Recommenders train anew by themselves, seven days after they were made and every seven days from then on (spec/lifecycle.md §7). It is an
 * update like any other: `latestRecommenderUpdate` tells how it went, and the old model answers until the new one is there. One that is
 * stopped waits until it has been started. As with solutions one begins at a time, and only while nobody's work waits or runs.
 */
import { isUnderWay } from '../resources/lifecycle.ts'
import { type Resource, Resources, type ResourcesOptions } from '../resources/resources.ts'
import type { Transaction } from '../resources/stateStore.ts'
import { type RecommenderBody, type RecommenderHidden, recommender } from '../resources/types.ts'

const RETRAINING_MS = 7 * 24 * 3600_000
const RECOMMENDERS_PAGE = 1_000

/** At most one, in the transaction. Returns whether there is one. */
export async function startAutomaticRetraining(transaction: Transaction, options: ResourcesOptions): Promise<boolean> {
  const nowMs = options.clock.nowMs()
  for (let before: number | undefined; ; ) {
    const query = { type: recommender.type, statuses: ['ACTIVE'] as const }
    const page = await transaction.list(query, { limit: RECOMMENDERS_PAGE, before })
    for (const found of page) {
      const each = found as Resource<RecommenderBody, RecommenderHidden>
      if (!isDue(each, nowMs)) continue
      const resources = new Resources(transaction, { account: each.account, region: each.region }, options)
      await resources.keep(each, { ...each.hidden, decidedMs: nowMs })
      const { recommenderConfig } = each.body
      await resources.requestUpdate(recommender, each, { recommenderConfig, retrain: true })
      return true
    }
    if (page.length < RECOMMENDERS_PAGE) return false
    before = page.at(-1)?.sequence
  }
}

/** Seven-day steps from the day it was made; of those that passed while no server ran only the last one counts. */
function isDue({ body, hidden, createdMs }: Resource<RecommenderBody, RecommenderHidden>, nowMs: number): boolean {
  if (isUnderWay(body.latestRecommenderUpdate?.status)) return false
  const steps = Math.floor((nowMs - createdMs) / RETRAINING_MS)
  return steps > 0 && createdMs + steps * RETRAINING_MS > (hidden.decidedMs ?? createdMs)
}
