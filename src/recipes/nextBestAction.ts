/**
 * AWS's name, our model: a history of items and actions becomes a vector, by a reduced-rank directional ridge over both (historyFactors.ts), and
 * every action has a logistic regression on it (models/actionModel.ts; Chapelle, Manavoglu and Rosales 2014), calibrated by cross-validation.
 * Not Amazon's implementation. There is no batch inference, as in the reference.
 */
import type { HistoryModel } from '../models/historyModel.ts'
import { trainActions } from './actionTraining.ts'
import { evaluateActions } from './evaluateActions.ts'
import { fitHistoryFactors } from './historyFactors.ts'
import { integer } from './parameters.ts'
import { recipe } from './recipe.ts'

/** In events: what just happened, the session, the longer taste. */
const RECENCY_TIMES = [1, 8, 64]
/** exp(-250/64) = .02: what lies further back hardly counts. */
const EVENT_COUNT = 250
/** Of an action a hundred events may be all there is, and more numbers than a third of that would tell little of each. */
const RANK = 32

export const nextBestAction = recipe({
  name: 'aws-next-best-action',
  type: 'PERSONALIZED_ACTIONS',
  algorithm: 'aws-next-best-action',
  featureTransformation: 'aws-next-best-action',
  description:
    'Says how probable it is that a user takes each of your actions within action_optimization_period days. Needs the datasets INTERACTIONS and ACTIONS; without ACTION_INTERACTIONS every action has the score 0.',
  creationDateTime: Date.UTC(2023, 7, 11) / 1000,
  limits: { itemCount: 750_000, interactionCount: 500_000_000 },
  actionCountMax: 1000,
  batch: undefined,
  hyperparameters: {},
  featureTransformationParameters: {
    /** In days: within which an action that was met is to be taken. */
    action_optimization_period: integer({ min: 7, max: 28, default: 14 }),
  },
  evaluate: ({ action_optimization_period: days }) => evaluateActions(days),
  train: ({ interactions }, _, control): Promise<HistoryModel> =>
    fitHistoryFactors(interactions, { eventCount: EVENT_COUNT, recencyTimes: RECENCY_TIMES, rank: RANK }, control),
  trainActions: (model, data, { action_optimization_period: days }, control) =>
    trainActions(model, data, days, control),
})
