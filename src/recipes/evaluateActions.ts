/**
 * How a recipe about actions is judged: nine tenths of the users are learnt from; of each of the others who met actions at least twice the
 * newest tenth of those events (rounded up) is what is asked about: given all that the user did before the first of them, which actions does the
 * user take within the period after it? Beside it, as what any model has to beat, the share of exposures of an action that succeed, the same for everybody.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type AskedUser, actionMetrics } from '../models/actionMetrics.ts'
import { actionProbabilities } from '../models/actionModel.ts'
import { comparisonReport, type MeasuredUnits } from '../models/comparisonReport.ts'
import { splitByUsers } from '../models/splits.ts'
import { DAY_SECONDS, knownActions, trainActions } from './actionTraining.ts'
import type { Evaluate } from './evaluate.ts'
import { type TrainingData, withUsers } from './trainingData.ts'

const HELD_OUT_SHARE = 0.1
const ASKED_EVENT_COUNT_MIN = 2
const USERS_PER_TURN = 64

export const evaluateActions =
  (periodDays: number): Evaluate =>
  async (fit, data, seed, control) => {
    const count = data.actions?.count ?? 0
    const known = knownActions(data)
    // Nothing to learn, nothing to ask.
    if (!known.includes(1))
      return { metrics: actionMetrics(count, []), baseline: actionMetrics(count, []), sharpness: undefined }
    const { trainingUsers, test } = splitByUsers(data.interactions, seed)
    const learnt = withUsers(data, trainingUsers)
    const model = await fit(learnt, control)
    const actions = await trainActions(model, learnt, periodDays, control, known)
    const questions = questionsOf(data, test.users, periodDays * DAY_SECONDS)
    const [asked, plain]: [AskedUser[], AskedUser[]] = [[], []]
    const rates = actionProbabilities(actions, model, [])
    for (const [done, { history, taken }] of questions.entries()) {
      if (done % USERS_PER_TURN === 0) {
        control.progress({ stage: 'asking for actions', done, total: questions.length, unit: 'users' })
        await nextTurn()
        control.signal.throwIfAborted()
      }
      asked.push({ probabilities: actionProbabilities(actions, model, history), taken })
      plain.push({ probabilities: rates, taken })
    }
    const [metrics, baseline] = [actionMetrics(count, asked), actionMetrics(count, plain)]
    // NDCG is told by what was known of those who took something.
    const sizes = questions.filter(({ taken }) => taken.size > 0).map(({ history }) => history.length)
    const report = () =>
      comparisonReport(
        {
          userCount: asked.length,
          baseline: 'the share of exposures of an action that succeed, the same for everybody',
          measured: [
            ...measuredUnits('people', metrics.measures.users, baseline.measures.users),
            ...measuredUnits('actions', metrics.measures.actions, baseline.measures.actions),
          ],
          coverage: { model: metrics.service.coverage, baseline: baseline.service.coverage },
          bySize: { metric: 'normalized_discounted_cumulative_gain_at_5', size: 'events before', sizes },
        },
        seed,
        control,
      )
    return { metrics, baseline, sharpness: undefined, report }
  }

const measuredUnits = (
  unit: MeasuredUnits['unit'],
  model: Readonly<Record<string, readonly (number | undefined)[]>>,
  baseline: typeof model,
): MeasuredUnits[] => Object.keys(model).map(name => ({ unit, name, model: model[name], baseline: baseline[name] }))

function questionsOf(
  { interactions: { offsets, items, times, itemCount: all }, actions }: TrainingData,
  users: Uint32Array,
  periodSeconds: number,
): { history: Int32Array; taken: ReadonlySet<number> }[] {
  const count = actions?.count ?? 0
  const first = all - 2 * count
  return Array.from(users).flatMap(user => {
    const met: number[] = []
    for (let at = offsets[user]; at < offsets[user + 1]; at++) if (items[at] >= first) met.push(at)
    if (met.length < ASKED_EVENT_COUNT_MIN) return []
    const time = times[met[met.length - Math.ceil(met.length * HELD_OUT_SHARE)]]
    const end = times.subarray(offsets[user], offsets[user + 1]).findIndex(each => each >= time) + offsets[user]
    const later = met.filter(at => at >= end && times[at] <= time + periodSeconds && items[at] < first + count)
    return [{ history: items.subarray(offsets[user], end), taken: new Set(later.map(at => items[at] - first)) }]
  })
}
