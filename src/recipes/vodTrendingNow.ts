/** The model behind aws-vod-trending-now: that of aws-trending-now, which looks every two hours there (spec/recipes.md §6). */
import { fitTrends } from '../models/trendChoice.ts'
import { evaluateTrends } from './evaluateTrends.ts'
import { recipe } from './recipe.ts'
import { trendingNow } from './trendingNow.ts'

export const VOD_TRENDS_SECONDS = 7200

export const vodTrendingNow = recipe({
  name: 'aws-vod-trending-now',
  type: 'POPULAR_ITEMS',
  algorithm: 'aws-vod-trending-now',
  featureTransformation: 'aws-vod-trending-now',
  description: trendingNow.description,
  creationDateTime: trendingNow.creationDateTime,
  limits: trendingNow.limits,
  batch: undefined,
  hyperparameters: {},
  featureTransformationParameters: {},
  evaluate: () => evaluateTrends(VOD_TRENDS_SECONDS),
  train: ({ interactions }, _, control) => fitTrends(interactions, VOD_TRENDS_SECONDS, control),
})
