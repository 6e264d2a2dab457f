/** CreateBatchInferenceJob's work: JSON Lines in, recommendations out. The body is batchInference/run.ts. */
import { assert } from '../lib/assert.ts'
import { recipes } from '../recipes/index.ts'
import { batchInferenceJob } from '../resources/types.ts'
import type { BatchDescription, BatchResult } from './batchInference/description.ts'
import { batchLimits } from './batchInference/limits.ts'
import { workKind } from './workKind.ts'

export const batchInference = workKind({
  name: 'batchInference',
  makes: batchInferenceJob,
  async describe({ body, hidden }, resources, { workId }): Promise<BatchDescription> {
    const batch = recipes.find(({ name }) => name === hidden.recipe)?.batch
    assert(batch, `${hidden.recipe} has no batch inference`)
    return {
      inputPath: body.jobInput.s3DataSource.path,
      outputPath: body.jobOutput.s3DataDestination.path,
      numResults: body.numResults,
      recipe: batch,
      modelPrefix: hidden.model,
      filter: hidden.filter,
      stagingPrefix: `staging/${workId}/`,
      limits: batchLimits(resources.limits),
    }
  },
  async run(description: BatchDescription, context): Promise<BatchResult> {
    const { runBatchInference } = await import('./batchInference/run.ts')
    return runBatchInference(description, context)
  },
})
