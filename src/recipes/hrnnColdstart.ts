/**
 * A name that AWS has withdrawn, and clients still have in their scripts: our model of the first generation (recurrentFamily.ts). What
 * counts as a cold item could be set there; the parameters are checked, and have no effect.
 */
import { choice, continuous, integer } from './parameters.ts'
import { recipe } from './recipe.ts'
import { recurrentFamily } from './recurrentFamily.ts'

const { featureTransformationParameters, ...family } = recurrentFamily({ hiddenDimension: 149 })

/** The documentation says "above 0" and no more: a decade and a million are beyond anything that is still cold. */
const COLD_DAYS_MAX = 3650
const COLD_INTERACTIONS_MAX = 1_000_000

export const hrnnColdstart = recipe({
  name: 'aws-hrnn-coldstart',
  type: 'USER_PERSONALIZATION',
  algorithm: 'aws-hrnn-coldstart',
  featureTransformation: 'featurize_coldstart',
  description:
    'A legacy recipe, taken for the sake of old scripts: Sommelier trains the model of aws-user-personalization; the cold_start parameters are checked and have no effect. New solutions are better off with aws-user-personalization-v2.',
  legacy: true,
  creationDateTime: Date.UTC(2019, 5, 10) / 1000,
  metadata: true,
  updates: true,
  batch: { record: 'userId', scores: true, reasons: false, contexts: true },
  ...family,
  featureTransformationParameters: {
    ...featureTransformationParameters,
    cold_start_max_interactions: integer({ min: 1, max: COLD_INTERACTIONS_MAX, default: 15 }),
    /** Days. */
    cold_start_max_duration: continuous({ min: 0, max: COLD_DAYS_MAX, default: 5 }),
    cold_start_relative_from: choice(['latestItem', 'currentTime'], { default: 'latestItem' }),
  },
})
