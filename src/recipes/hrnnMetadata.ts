/** A name that AWS has withdrawn, and clients still have in their scripts: our model of the first generation (recurrentFamily.ts). */
import { recipe } from './recipe.ts'
import { recurrentFamily } from './recurrentFamily.ts'

export const hrnnMetadata = recipe({
  name: 'aws-hrnn-metadata',
  type: 'USER_PERSONALIZATION',
  algorithm: 'aws-hrnn-metadata',
  featureTransformation: 'featurize_metadata',
  description:
    'A legacy recipe, taken for the sake of old scripts: Sommelier trains the model of aws-user-personalization. New solutions are better off with aws-user-personalization-v2.',
  legacy: true,
  creationDateTime: Date.UTC(2019, 5, 10) / 1000,
  metadata: true,
  batch: { record: 'userId', scores: true, reasons: false, contexts: true },
  ...recurrentFamily({ hiddenDimension: 43 }),
})
