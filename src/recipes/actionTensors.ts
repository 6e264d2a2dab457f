/**
 * What a saved model has of actions, as named tensors, and back; A actions, U users, w = models/actionModel.ts's featureCount:
 *
 *   actions.known u8[A], actions.prior f64[A], actions.bias f64[A], actions.weights f64[A, w]     models/actionModel.ts
 *   actions.value f64[A], actions.expires f64[A], actions.repeat f64[A]                           models/rankActions.ts
 *   actions.met.offsets u32[U + 1], actions.met.actions i32, actions.met.times f64                when each user last met which action
 */
import type { Vocabulary } from '../datasets/vocabulary.ts'
import { type ActionModel, featureCount } from '../models/actionModel.ts'
import type { HistoryModel } from '../models/historyModel.ts'
import type { Interactions } from '../models/interactions.ts'
import type { ActionRules } from '../models/rankActions.ts'
import { type Tensors, vector } from '../models/safetensors.ts'
import type { PartReader } from './modelPart.ts'

export interface SavedActions extends ActionRules {
  readonly ids: Vocabulary
  readonly model: ActionModel
  readonly met: LastMet
}

/** One row a user of the saved model, each action once and ascending, with the epoch seconds of the last event of any kind. */
export interface LastMet {
  readonly offsets: Uint32Array
  readonly actions: Int32Array
  readonly times: Float64Array
}

/** Of joined events (models/actionEvents.ts). */
export function lastMet({ userCount, itemCount, offsets, items, times }: Interactions, actionCount: number): LastMet {
  const first = itemCount - 2 * actionCount
  const count = items.reduce((sum, item) => sum + (item >= first ? 1 : 0), 0)
  const starts = new Uint32Array(userCount + 1)
  const [actions, last] = [new Int32Array(count), new Float64Array(count)]
  let pairs = 0
  for (let user = 0; user < userCount; user++) {
    const met = new Map<number, number>()
    for (let at = offsets[user]; at < offsets[user + 1]; at++)
      if (items[at] >= first) met.set((items[at] - first) % actionCount, times[at])
    for (const [action, time] of [...met].sort(([a], [b]) => a - b)) {
      actions[pairs] = action
      last[pairs++] = time
    }
    starts[user + 1] = pairs
  }
  return { offsets: starts, actions: actions.slice(0, pairs), times: last.slice(0, pairs) }
}

/** Of these users alone, in the order given. */
export function metOf({ offsets, actions, times }: LastMet, users: readonly number[]): LastMet {
  const starts = new Uint32Array(users.length + 1)
  for (const [row, user] of users.entries()) starts[row + 1] = starts[row] + offsets[user + 1] - offsets[user]
  const kept = { actions: new Int32Array(starts[users.length]), times: new Float64Array(starts[users.length]) }
  for (const [row, user] of users.entries()) {
    kept.actions.set(actions.subarray(offsets[user], offsets[user + 1]), starts[row])
    kept.times.set(times.subarray(offsets[user], offsets[user + 1]), starts[row])
  }
  return { offsets: starts, ...kept }
}

export function actionTensors({ model, values, expires, repeatDays, met }: SavedActions): Tensors {
  const { actionCount: count, known, prior, bias, weights } = model
  const width = count === 0 ? 0 : weights.length / count
  return {
    'actions.known': vector(known),
    'actions.prior': vector(prior),
    'actions.bias': vector(bias),
    'actions.weights': { shape: [count, width], data: weights },
    'actions.value': vector(values),
    'actions.expires': vector(expires),
    'actions.repeat': vector(repeatDays),
    'actions.met.offsets': vector(met.offsets),
    'actions.met.actions': vector(met.actions),
    'actions.met.times': vector(met.times),
  }
}

export function actionsOf(part: PartReader, ids: Vocabulary, userCount: number, model: HistoryModel): SavedActions {
  const count = ids.size
  const numbers = (name: string) => part.tensor(`actions.${name}`, Float64Array, [count])
  const offsets = part.tensor('actions.met.offsets', Uint32Array, [userCount + 1])
  const actions = part.tensor('actions.met.actions', Int32Array, [undefined])
  part.checkOffsets('actions.met.offsets', offsets, actions.length)
  const stray = actions.find(action => action < 0 || action >= count)
  if (stray !== undefined) part.refuse(`it names the action ${stray}, where there are ${count}`)
  return {
    ids,
    model: {
      actionCount: count,
      known: part.tensor('actions.known', Uint8Array, [count]),
      prior: numbers('prior'),
      bias: numbers('bias'),
      weights: part.tensor('actions.weights', Float64Array, [count, count === 0 ? undefined : featureCount(model)]),
    },
    values: numbers('value'),
    expires: numbers('expires'),
    repeatDays: numbers('repeat'),
    met: { offsets, actions, times: part.tensor('actions.met.times', Float64Array, [actions.length]) },
  }
}
