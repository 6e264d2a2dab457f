/** StopRecommender's work: nothing but its status. The model stays in the artifacts, for the next start. */
import { recommender } from '../resources/types.ts'
import { workKind } from './workKind.ts'

export const stopRecommender = workKind({ name: 'stopRecommender', makes: recommender })
