/**
 * AWS's name, and as documented: the items whose interactions increase fastest, the same list for everybody (models/trends.ts,
 * models/trendChoice.ts). Not Amazon's implementation. There is no batch inference: a trend is of the moment.
 */
import { fitTrends } from '../models/trendChoice.ts'
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
    'Recommends the items whose interactions increase fastest: how often they are met lately less half of how often usually, with the half-lives that foretold most of the increase from one interval of trend_discovery_frequency to the next. The same list for every user.',
  creationDateTime: Date.UTC(2023, 1, 1) / 1000,
  limits: { itemCount: 750_000, interactionCount: 500_000_000 },
  batch: undefined,
  hyperparameters: {},
  featureTransformationParameters: {
    /** The interval whose increase is to be foretold. */
    trend_discovery_frequency: choice(frequencies, { default: '3 hours' }),
  },
  evaluate: ({ trend_discovery_frequency: interval }) => evaluateTrends(SECONDS[interval]),
  train: ({ interactions }, { trend_discovery_frequency: interval }, control) =>
    fitTrends(interactions, SECONDS[interval], control),
})
