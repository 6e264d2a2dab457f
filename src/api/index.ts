/** Every operation there is, by the service whose target prefix it carries. */
import type { Service } from '../protocol/dispatch.ts'
import { algorithmOperations } from './algorithm.ts'
import { batchInferenceJobOperations } from './batchInferenceJob.ts'
import { batchSegmentJobOperations } from './batchSegmentJob.ts'
import { campaignOperations } from './campaign.ts'
import { dataDeletionJobOperations } from './dataDeletionJob.ts'
import { datasetOperations } from './dataset.ts'
import { datasetExportJobOperations } from './datasetExportJob.ts'
import { datasetGroupOperations } from './datasetGroup.ts'
import { datasetImportJobOperations } from './datasetImportJob.ts'
import { evaluationOperations } from './evaluation.ts'
import { eventTrackerOperations } from './eventTracker.ts'
import { explainFilterOperations } from './explainFilter.ts'
import { explainRecommendationsOperations } from './explainRecommendations.ts'
import { filterOperations } from './filter.ts'
import { metricAttributionOperations } from './metricAttribution.ts'
import type { ApiContext } from './operation.ts'
import { recipeOperations } from './recipe.ts'
import { recommenderOperations } from './recommender.ts'
import { schemaOperations } from './schema.ts'
import { solutionOperations } from './solution.ts'
import { solutionVersionOperations } from './solutionVersion.ts'
import { tagOperations } from './tag.ts'
import { workOperations } from './work.ts'

export const services: readonly Service<ApiContext>[] = [
  {
    targetPrefix: 'AmazonPersonalize',
    actionPrefix: 'personalize',
    operations: [
      ...schemaOperations,
      ...datasetGroupOperations,
      ...datasetOperations,
      ...datasetImportJobOperations,
      ...datasetExportJobOperations,
      ...dataDeletionJobOperations,
      ...metricAttributionOperations,
      ...recipeOperations,
      ...algorithmOperations,
      ...solutionOperations,
      ...solutionVersionOperations,
      ...batchInferenceJobOperations,
      ...filterOperations,
      ...batchSegmentJobOperations,
      ...campaignOperations,
      ...recommenderOperations,
      ...eventTrackerOperations,
      ...tagOperations,
    ],
  },
  {
    targetPrefix: 'Sommelier',
    actionPrefix: 'sommelier',
    operations: [
      ...workOperations,
      ...explainFilterOperations,
      ...evaluationOperations,
      ...explainRecommendationsOperations,
    ],
  },
]
