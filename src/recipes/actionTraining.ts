/** From what users did with actions to how probable it is that they take them: which actions count, and what is learnt of those. */
import { assert } from '../lib/assert.ts'
import { decidedActions, exposuresOf } from '../models/actionEvents.ts'
import { fitActions } from '../models/actionFit.ts'
import type { ActionModel } from '../models/actionModel.ts'
import type { HistoryModel } from '../models/historyModel.ts'
import type { TrainingControl, TrainingData } from './trainingData.ts'

export const DAY_SECONDS = 86_400
/** An action of which less is known has the score 0.0 (spec/recipes.md §5): 50 TAKEN, and 50 NOT_TAKEN or VIEWED, within 6 weeks. */
const KNOWN = { countMin: 50, windowSeconds: 42 * DAY_SECONDS }

/** u8[actions]: 1 for an action of which enough is known. */
export const knownActions = ({ interactions, actions }: TrainingData): Uint8Array =>
  decidedActions(interactions, actions?.count ?? 0, KNOWN)

/** `known`: of all the data, where `data` is a part of it. Rejects with `control.signal.reason` when aborted. */
export function trainActions(
  model: HistoryModel,
  data: TrainingData,
  periodDays: number,
  control: TrainingControl,
  known = knownActions(data),
): Promise<ActionModel> {
  assert(data.actions, 'there are actions')
  const exposures = exposuresOf(data.interactions, data.actions.count, periodDays * DAY_SECONDS)
  return fitActions(model, data.interactions, exposures, known, control)
}
