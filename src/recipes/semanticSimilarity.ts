/**
 * AWS's name, our model: the cosine of what is written about two items, name, text and categories as one set of words weighted by how rare
 * they are (models/metadataFeatures.ts, contentNeighbours.ts: Salton, Wong and Yang 1975; Spärck Jones 1972), learnt from the catalogue itself. The
 * reference service describes embeddings of the text; this is not Amazon's implementation.
 *
 * MRR@25 of a held-out event on ML-1M .069 (popularity .060), on Online Retail .186 (.101): words say what is alike, not what is done next.
 *
 * What people did is not needed. Where it is known it decides what an item without related ones is answered with, how the model is judged, and
 * how far popularity may influence the order (models/rankingInfluence.ts).
 */
import { contentNeighbours } from '../models/contentNeighbours.ts'
import type { HistoryModel } from '../models/historyModel.ts'
import { activeUserCount } from '../models/interactions.ts'
import { eventCounts, logShares } from '../models/popularity.ts'
import { RELATED_ROW_LENGTH, relatedItemsModel } from '../models/relatedItems.ts'
import { type Evaluate, evaluateForItems } from './evaluate.ts'
import { recipe } from './recipe.ts'
import type { TrainingControl, TrainingData } from './trainingData.ts'

/** Of all rows together, 8 bytes each: with ten million items a row has ten. */
const ENTRIES_MAX = 100_000_000
/** Fewer people with two events each than other recipes need at least say nothing: such a model has no metrics. */
const JUDGES_MIN = 25

export const semanticSimilarity = recipe({
  name: 'aws-semantic-similarity',
  type: 'RELATED_ITEMS',
  algorithm: 'aws-semantic-similarity',
  featureTransformation: 'aws-semantic-similarity',
  description:
    'Recommends items about which similar things are written: the cosine of the words of names, texts and categories, weighted by rarity. Popularity and freshness may influence the order. No interactions are needed.',
  // Not known: after the second generation, and before the last change of all recipes.
  creationDateTime: Date.UTC(2024, 5, 1) / 1000,
  limits: { itemCount: 10_000_000, interactionCount: 500_000_000 },
  text: true,
  batch: { record: 'itemId', scores: false, reasons: false },
  hyperparameters: {},
  featureTransformationParameters: {},
  evaluate: () => evaluateWherePossible,
  train: (data, _, control) => fit(data, control),
})

const evaluateWherePossible: Evaluate = async (fit, data, seed, control) => {
  if (activeUserCount(data.interactions) >= JUDGES_MIN) return evaluateForItems(fit, data, seed, control)
  const none = { userCount: 0, service: {}, textbook: {}, standardErrors: {} }
  return { metrics: none, baseline: none, sharpness: undefined }
}

async function fit({ interactions, itemFeatures }: TrainingData, control: TrainingControl): Promise<HistoryModel> {
  const prior = logShares(eventCounts(interactions))
  if (!itemFeatures) return relatedItemsModel([], prior)
  const rowLength = Math.min(RELATED_ROW_LENGTH, Math.max(1, Math.floor(ENTRIES_MAX / itemFeatures.rowCount)))
  const rows = await contentNeighbours(itemFeatures, rowLength, control)
  return relatedItemsModel([{ name: 'what is written about them', rows, weight: 1 }], prior)
}
