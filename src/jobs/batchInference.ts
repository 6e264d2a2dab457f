/** CreateBatchInferenceJob's work: JSON Lines in, recommendations out. The body is batchInference/run.ts. */
import { assert } from '../lib/assert.ts'
import { derivedSeed } from '../lib/random.ts'
import type { RankingInfluence } from '../models/rankingInfluence.ts'
import { recipes } from '../recipes/index.ts'
import { type BatchInferenceJobBody, batchInferenceJob, solutionVersion } from '../resources/types.ts'
import type { BatchDescription, BatchResult } from './batchInference/description.ts'
import { batchLimits } from './batchInference/limits.ts'
import { trainingQuery } from './trainingQuery.ts'
import { workKind } from './workKind.ts'

export const batchInference = workKind({
  name: 'batchInference',
  makes: batchInferenceJob,
  async describe({ body, hidden }, resources, { workId }): Promise<BatchDescription> {
    const recipe = recipes.find(({ name }) => name === hidden.recipe)
    assert(recipe?.batch, `${hidden.recipe} has no batch inference`)
    return {
      inputPath: body.jobInput.s3DataSource.path,
      outputPath: body.jobOutput.s3DataDestination.path,
      numResults: body.numResults,
      recipe: recipe.batch,
      modelPrefix: hidden.model,
      newItems: hidden.newItems && {
        recipeArn: recipe.recipeArn,
        query: trainingQuery((await resources.get(solutionVersion, body.solutionVersionArn)).body, hidden.newItems),
      },
      filter: hidden.filter,
      themes: hidden.themes,
      exploration: explorationOf(body, hidden.recipe),
      influence: influenceOf(body),
      stagingPrefix: `staging/${workId}/`,
      limits: batchLimits(resources.limits, hidden.themes !== undefined),
    }
  },
  async run(description: BatchDescription, context): Promise<BatchResult> {
    const { runBatchInference } = await import('./batchInference/run.ts')
    return runBatchInference(description, context)
  },
})

/** Undefined where nothing is to influence the order: the reference's default. */
function influenceOf({ batchInferenceJobConfig }: BatchInferenceJobBody): RankingInfluence | undefined {
  const { POPULARITY: popularity = 0, FRESHNESS: freshness = 0 } = batchInferenceJobConfig?.rankingInfluence ?? {}
  return popularity === 0 && freshness === 0 ? undefined : { popularity, freshness }
}

/** The reference's defaults (spec/recipes.md §4). */
const EXPLORATION_WEIGHT = 0.3
const EXPLORATION_DAYS = 30

/** For the recipes whose exploration can be set; a job of the same name explores the same items for the same people. */
function explorationOf({ jobName, batchInferenceJobConfig }: BatchInferenceJobBody, recipe: string) {
  if (!recipes.find(({ name }) => name === recipe)?.explores) return undefined
  const { explorationWeight, explorationItemAgeCutOff } = batchInferenceJobConfig?.itemExplorationConfig ?? {}
  return {
    weight: Number(explorationWeight ?? EXPLORATION_WEIGHT),
    newDays: Number(explorationItemAgeCutOff ?? EXPLORATION_DAYS),
    seed: derivedSeed(0, jobName),
  }
}
