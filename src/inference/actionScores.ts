/** What a user may be offered, best first, by a saved model of actions: the answer of a campaign of such a recipe. */
import { actionProbabilities } from '../models/actionModel.ts'
import type { HistoryModel } from '../models/historyModel.ts'
import { rankActions } from '../models/rankActions.ts'
import type { LastMet, SavedActions } from '../recipes/actionTensors.ts'

export interface ActionQuestion {
  /** Events of the model (models/actionEvents.ts), oldest first. */
  readonly history: Int32Array
  /** The user's index in the saved model, -1 for one it does not know. */
  readonly user: number
  readonly nowSeconds: number
}

/** Every action but those that have expired or that the user met too lately, by its index in `actions.ids`. */
export function actionScores(
  model: HistoryModel,
  actions: SavedActions,
  { history, user, nowSeconds }: ActionQuestion,
): { readonly action: number; readonly score: number }[] {
  const probabilities = actionProbabilities(actions.model, model, history)
  const met = metBy(actions.met, user)
  return rankActions(probabilities, actions, { nowSeconds, lastMet: action => met.get(action) })
}

function metBy({ offsets, actions, times }: LastMet, user: number): ReadonlyMap<number, number> {
  const met = new Map<number, number>()
  if (user >= 0) for (let at = offsets[user]; at < offsets[user + 1]; at++) met.set(actions[at], times[at])
  return met
}
