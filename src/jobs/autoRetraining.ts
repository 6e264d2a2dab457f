/**
 * Recommenders train anew by themselves, seven days after they were made and every seven days from then on (spec/lifecycle.md §7); one
 * about trends every two hours (spec/recipes.md §6), if interactions have come in or gone meanwhile: without them its trends are the same.
 * It is an update like any other: `latestRecommenderUpdate` tells how it went, and the old model answers until the new one is there. One that is
 * stopped waits until it has been started. As with solutions one begins at a time, and only while nobody's work waits or runs.
 */
import { isDeepStrictEqual } from 'node:util'
import { RETRAINING_SECONDS } from '../recipes/domainRecipe.ts'
import { domainRecipeByArn } from '../recipes/index.ts'
import { isUnderWay } from '../resources/lifecycle.ts'
import { type Resource, Resources, type ResourcesOptions } from '../resources/resources.ts'
import type { Transaction } from '../resources/stateStore.ts'
import { type RecommenderBody, type RecommenderHidden, recommender } from '../resources/types.ts'
import { trainingSources } from './trainingSources.ts'

const RECOMMENDERS_PAGE = 1_000

type Recommender = Resource<RecommenderBody, RecommenderHidden>

/** At most one, in the transaction. Returns whether there is one. */
export async function startAutomaticRetraining(transaction: Transaction, options: ResourcesOptions): Promise<boolean> {
  const nowMs = options.clock.nowMs()
  for (let before: number | undefined; ; ) {
    const query = { type: recommender.type, statuses: ['ACTIVE'] as const }
    const page = await transaction.list(query, { limit: RECOMMENDERS_PAGE, before })
    for (const found of page) {
      const each = found as Recommender
      if (!isDue(each, nowMs)) continue
      const resources = new Resources(transaction, { account: each.account, region: each.region }, options)
      await resources.keep(each, { ...each.hidden, decidedMs: nowMs })
      if (!(await isWanted(resources, each))) continue
      const { recommenderConfig } = each.body
      await resources.requestUpdate(recommender, each, { recommenderConfig, retrain: true })
      return true
    }
    if (page.length < RECOMMENDERS_PAGE) return false
    before = page.at(-1)?.sequence
  }
}

/** Steps from the day it was made; of those that passed while no server ran only the last one counts. */
function isDue({ body, hidden, createdMs }: Recommender, nowMs: number): boolean {
  if (isUnderWay(body.latestRecommenderUpdate?.status)) return false
  const intervalMs = 1000 * retrainingSeconds(body)
  const steps = Math.floor((nowMs - createdMs) / intervalMs)
  return steps > 0 && createdMs + steps * intervalMs > (hidden.decidedMs ?? createdMs)
}

async function isWanted(resources: Resources, { body, hidden }: Recommender): Promise<boolean> {
  if (retrainingSeconds(body) >= RETRAINING_SECONDS) return true
  const { trainingDataConfig } = body.recommenderConfig
  const now = await trainingSources(resources, body.datasetGroupArn, { trainingDataConfig })
  return !isDeepStrictEqual(now?.interactions, hidden.data?.interactions)
}

const retrainingSeconds = ({ recipeArn }: RecommenderBody): number =>
  domainRecipeByArn(recipeArn)?.retrainingSeconds ?? RETRAINING_SECONDS
