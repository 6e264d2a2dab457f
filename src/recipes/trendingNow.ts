/**
 * AWS's name, and as documented: the items whose interactions increase fastest, the same list for everybody (models/trends.ts). Not Amazon's
 * implementation. There is no batch inference: a trend is of the moment.
 */
import { trendModel } from '../models/trends.ts'
import { evaluateTrends } from './evaluateTrends.ts'
import { choice } from './parameters.ts'
import { recipe } from './recipe.ts'

const SECONDS = { '30 minutes': 1800, '1 hour': 3600, '3 hours': 10_800, '1 day': 86_400 } as const
const frequencies = Object.keys(SECONDS) as (keyof typeof SECONDS)[]

export const trendingNow = recipe({
  name: 'aws-trending-now',
  type: 'POPULAR_ITEMS',
  algorithm: 'aws-trending-now-custom',
  featureTransformation: 'aws-trending-now',
  description:
    'Recommends the items whose interactions increase fastest: events an interval of trend_discovery_frequency, lately, less those usual. The same list for every user.',
  creationDateTime: Date.UTC(2023, 1, 1) / 1000,
  limits: { itemCount: 750_000, interactionCount: 500_000_000 },
  batch: undefined,
  hyperparameters: {},
  featureTransformationParameters: {
    /** The interval that is looked at. */
    trend_discovery_frequency: choice(frequencies, { default: '3 hours' }),
  },
  evaluate: ({ trend_discovery_frequency: interval }) => evaluateTrends(SECONDS[interval]),
  train: ({ interactions }, { trend_discovery_frequency: interval }) => trendModel(interactions, SECONDS[interval]),
})
