/**
 * AWS's name, our model: the item's row of a directional ridge beside what is told about the items (relatedRidge.ts). The reference service
 * describes co-interaction with an embedding of the metadata; this is not Amazon's implementation.
 */
import { evaluateForItems } from './evaluate.ts'
import { integer } from './parameters.ts'
import { recipe } from './recipe.ts'
import { fitRelatedRidge } from './relatedRidge.ts'

/** The reference lets only its search of hyperparameters choose them. Our rows are kept whole and have no dimension: without effect. */
const hidden = integer({ min: 30, max: 200, default: 100, tunable: true, searchOnly: true })

export const similarItems = recipe({
  name: 'aws-similar-items',
  type: 'RELATED_ITEMS',
  algorithm: 'aws-similar-items',
  featureTransformation: 'aws-similar-items',
  description:
    'Recommends items that go with the one named: by what users interact with after it, and by what ITEMS tells about both. An item without interactions is compared by its metadata; for an unknown one what is popular. Rows of items are kept whole, so item_id_hidden_dim and item_metadata_hidden_dim can be searched and have no effect.',
  creationDateTime: Date.UTC(2021, 9, 5) / 1000,
  limits: { itemCount: 750_000, interactionCount: 500_000_000 },
  metadata: true,
  batch: { record: 'itemId', scores: false, reasons: false },
  hyperparameters: { item_id_hidden_dim: hidden, item_metadata_hidden_dim: hidden },
  featureTransformationParameters: {},
  evaluate: () => evaluateForItems,
  train: (data, _, control) => fitRelatedRidge(data, control),
})
