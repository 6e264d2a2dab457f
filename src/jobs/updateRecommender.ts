/**
 * UpdateRecommender's work, and the training that a recommender repeats by itself. The old model answers until the new one is there; when
 * nothing that training looks at has changed, there is no new one.
 */
import { recommender } from '../resources/types.ts'
import type { ComputeContext } from './computeContext.ts'
import { describeTraining, trainAndOpen, withModel } from './recommenderModel.ts'
import type { TrainingDescription, TrainingResult } from './training.ts'
import { workKind } from './workKind.ts'

interface UpdateDescription {
  readonly training: TrainingDescription | undefined
}

export const updateRecommender = workKind({
  name: 'updateRecommender',
  makes: recommender,
  async describe({ arn, body }, resources, attempt): Promise<UpdateDescription> {
    const { retrain } = body.latestRecommenderUpdate!
    return { training: retrain ? await describeTraining(arn, resources, attempt) : undefined }
  },
  async run({ training }: UpdateDescription, context: ComputeContext): Promise<TrainingResult | undefined> {
    return training && trainAndOpen(training, context)
  },
  async settle({ body, hidden }, trained) {
    const { recommenderConfig } = body.latestRecommenderUpdate!
    return { body: { ...body, recommenderConfig }, hidden: trained ? withModel(hidden, trained) : hidden }
  },
})
