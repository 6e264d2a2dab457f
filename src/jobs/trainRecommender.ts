/** CreateRecommender's work: train, open. ACTIVE means that it can answer. */
import { recommender } from '../resources/types.ts'
import { describeTraining, trainAndOpen, withModel } from './recommenderModel.ts'
import { workKind } from './workKind.ts'

export const trainRecommender = workKind({
  name: 'trainRecommender',
  makes: recommender,
  describe: ({ arn }, resources, attempt) => describeTraining(arn, resources, attempt),
  run: trainAndOpen,
  settle: async ({ hidden }, result) => ({ hidden: withModel(hidden, result) }),
})
