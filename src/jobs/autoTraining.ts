/**
 * Automatic training: a solution with performAutoTraining gets a version of trainingType AUTOMATIC
 *
 *   late in the first hour after it, or its last update, became ACTIVE, unless a version was made since;
 *   then every N days from that day on (`rate(N days)`, 7 by default), unless a version was made since that moment;
 *
 * and only if interactions have come in since its last training. A moment that passes without new data is over: the next one counts. The
 * last moment that was decided about is kept with the solution, so a restart changes nothing, and of the moments that passed while no
 * server ran only the last one counts. A moment that comes while somebody's work waits or runs is decided about afterwards; the training
 * itself gives way to such work (schedule.ts). One at a time, so that the quota of versions stays with the people.
 *
 * Source: spec/lifecycle.md §7, training.md §2.
 */
import type { Log } from '../lib/log.ts'
import { recipeByArn } from '../recipes/index.ts'
import { isUnderWay } from '../resources/lifecycle.ts'
import { type Resource, Resources, type ResourcesOptions } from '../resources/resources.ts'
import type { Transaction } from '../resources/stateStore.ts'
import {
  type DatasetTypeName,
  dataset,
  type SolutionBody,
  type SolutionConfigBody,
  type SolutionHidden,
  solution,
  solutionVersion,
} from '../resources/types.ts'
import { newSolutionVersion } from './newSolutionVersion.ts'

/** The first training begins within an hour; this late in it, a version made by hand in that hour is seen, and a look still falls into it. */
const FIRST_TRAINING_MS = 55 * 60_000
const DAY_MS = 24 * 3600_000
/** Unless the solution says `rate(N days)`. */
const TRAINING_DAYS_DEFAULT = 7
const SOLUTIONS_PAGE = 1_000

type Solution = Resource<SolutionBody, SolutionHidden>

/** At most one version, in the transaction. Returns whether there is one. */
export async function startAutomaticTraining(
  transaction: Transaction,
  options: ResourcesOptions & { readonly log: Log },
): Promise<boolean> {
  const nowMs = options.clock.nowMs()
  for (let before: number | undefined; ; ) {
    const page = await transaction.list(
      { type: solution.type, statuses: ['ACTIVE'] },
      { limit: SOLUTIONS_PAGE, before },
    )
    for (const found of page) {
      const each = found as Solution
      const moment = dueMoment(each, nowMs)
      if (moment === undefined) continue
      const resources = new Resources(transaction, { account: each.account, region: each.region }, options)
      await resources.keep(each, { ...each.hidden, decidedMs: moment })
      if (!(await isWanted(resources, each, moment))) continue
      const version = await newSolutionVersion(resources, each, { trainingType: 'AUTOMATIC' })
      options.log.info('automatic training', { solution: each.arn, version })
      return true
    }
    if (page.length < SOLUTIONS_PAGE) return false
    before = page.at(-1)?.sequence
  }
}

/** The last moment of the solution's schedule that has come, unless it has been decided about. */
function dueMoment({ body, hidden, updatedMs }: Solution, nowMs: number): number | undefined {
  if (!body.performAutoTraining || isUnderWay(body.latestSolutionUpdate?.status)) return undefined
  if (body.recipeArn !== undefined && !recipeByArn(body.recipeArn)) return undefined
  const intervalMs = trainingDays(body.solutionConfig) * DAY_MS
  // The date on which it became ACTIVE, or its last update did.
  const passed = nowMs - updatedMs
  if (passed < FIRST_TRAINING_MS) return undefined
  const moment = updatedMs + Math.max(FIRST_TRAINING_MS, Math.floor(passed / intervalMs) * intervalMs)
  return moment > (hidden.decidedMs ?? Number.NEGATIVE_INFINITY) ? moment : undefined
}

async function isWanted(resources: Resources, { arn, body, updatedMs }: Solution, moment: number): Promise<boolean> {
  const { resources: newest } = await resources.list(solutionVersion, { parent: arn, maxResults: 1 })
  const since = moment === updatedMs + FIRST_TRAINING_MS ? updatedMs : moment
  if (newest.some(({ createdMs }) => createdMs >= since)) return false
  const last = await resources.firstWhere(
    solutionVersion,
    ({ status }) => status === 'ACTIVE' || isUnderWay(status),
    arn,
  )
  const learntFrom = await resources.firstWhere(
    dataset,
    each => each.body.datasetType === newsOf(body.recipeArn),
    body.datasetGroupArn,
  )
  const arrivedMs = learntFrom?.hidden.arrivedMs
  return arrivedMs !== undefined && arrivedMs > (last?.createdMs ?? Number.NEGATIVE_INFINITY)
}

/** The dataset whose imports a training waits for; spec/training.md §2: what is learnt about actions waits for news of actions. */
function newsOf(recipeArn: string | undefined): DatasetTypeName {
  const recipe = recipeArn === undefined ? undefined : recipeByArn(recipeArn)
  if (recipe?.actionCountMax !== undefined) return 'ACTION_INTERACTIONS'
  return recipe?.text ? 'ITEMS' : 'INTERACTIONS'
}

/** N of `rate(N days)`; the request has been checked. */
function trainingDays(config: SolutionConfigBody | undefined): number {
  const expression = config?.autoTrainingConfig?.schedulingExpression
  return expression === undefined ? TRAINING_DAYS_DEFAULT : Number(/\d+/.exec(expression)?.[0])
}
