/** AWS's name, our model: that of the second generation (transformerFamily.ts). Not Amazon's implementation. */
import { recipe } from './recipe.ts'
import { transformerFamily } from './transformerFamily.ts'

export const userPersonalizationV2 = recipe({
  name: 'aws-user-personalization-v2',
  type: 'USER_PERSONALIZATION',
  algorithm: 'aws-user-personalization-v2',
  featureTransformation: 'aws-user-personalization-v2',
  description:
    'Recommends what a user is likely to interact with next. Sommelier trains a pool of models of the next item: directional ridges that forget at different rates and EASE, in closed form, and nearest neighbours of sequences, with weights fitted on held-out interactions.',
  creationDateTime: Date.UTC(2024, 0, 1) / 1000,
  /** The documented caps. How a catalogue is solved is decided by memory and time (models/experts.ts). */
  limits: { itemCount: 5_000_000, interactionCount: 3_000_000_000 },
  metadata: true,
  weighsEvents: true,
  batch: { record: 'userId', scores: true, reasons: true, contexts: true },
  ...transformerFamily,
})
