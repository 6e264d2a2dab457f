/** Every operation there is, by the service whose target prefix it carries. */
import type { Service } from '../protocol/dispatch.ts'
import { batchInferenceJobOperations } from './batchInferenceJob.ts'
import { datasetOperations } from './dataset.ts'
import { datasetGroupOperations } from './datasetGroup.ts'
import { datasetImportJobOperations } from './datasetImportJob.ts'
import type { ApiContext } from './operation.ts'
import { recipeOperations } from './recipe.ts'
import { schemaOperations } from './schema.ts'
import { solutionOperations } from './solution.ts'
import { solutionVersionOperations } from './solutionVersion.ts'
import { workOperations } from './work.ts'

export const services: readonly Service<ApiContext>[] = [
  {
    targetPrefix: 'AmazonPersonalize',
    operations: [
      ...schemaOperations,
      ...datasetGroupOperations,
      ...datasetOperations,
      ...datasetImportJobOperations,
      ...recipeOperations,
      ...solutionOperations,
      ...solutionVersionOperations,
      ...batchInferenceJobOperations,
    ],
  },
  { targetPrefix: 'Sommelier', operations: workOperations },
]
