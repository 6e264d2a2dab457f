/** The recipe about actions, on people whose tastes decide what they take; contract.test.ts has what it is without actions. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { Vocabulary } from '../../src/datasets/vocabulary.ts'
import { actionScores } from '../../src/inference/actionScores.ts'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import { quietControl } from '../../src/lib/work.ts'
import { joinActions } from '../../src/models/actionEvents.ts'
import { actionProbabilities } from '../../src/models/actionModel.ts'
import type { HistoryModel } from '../../src/models/historyModel.ts'
import { historyOf, type Interactions } from '../../src/models/interactions.ts'
import { itemLists, listAt } from '../../src/models/splits.ts'
import { openObjectStore } from '../../src/objects/open.ts'
import { lastMet } from '../../src/recipes/actionTensors.ts'
import { withoutUsers } from '../../src/recipes/forget.ts'
import { loadModel, type SavedModel, saveModel } from '../../src/recipes/modelFile.ts'
import { nextBestAction } from '../../src/recipes/nextBestAction.ts'
import { type TrainedSolution, trainSolution } from '../../src/recipes/train.ts'
import { ACTION_COUNT, ITEM_COUNT, type Person, people, RATES } from '../support/actions.ts'

const options = {
  ...quietControl,
  threads: 2,
  openRanker: (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0),
}

function joinedOf(all: readonly Person[]): Interactions {
  const list = (itemCount: number, rows: (readonly [number, number])[][]) => ({
    userCount: rows.length,
    itemCount,
    ...itemLists(rows.map(row => Int32Array.from(row, ([event]) => event))),
    times: Float64Array.from(rows.flat(), ([, time]) => time),
  })
  return joinActions(
    list(
      ITEM_COUNT,
      all.map(({ items }) => items.map(({ item, time }) => [item, time] as const)),
    ),
    list(
      2 * ACTION_COUNT,
      all.map(({ met }) =>
        met.map(({ action, type, time }) => [type === 'TAKEN' ? action : ACTION_COUNT + action, time] as const),
      ),
    ),
  )
}

const world = people({ userCount: 800 })
const joined = joinedOf(world)
const data = { interactions: joined, catalogueItemCount: ITEM_COUNT, actions: { count: ACTION_COUNT } }
const train = (settings: object = {}, control = options) =>
  trainSolution(nextBestAction, data, { seed: 1, ...settings }, control)

let trained: TrainedSolution
before(async () => {
  trained = await train()
})

const savedOf = ({ model, histories, actions }: TrainedSolution): SavedModel => {
  assert.ok(actions)
  const unknown = new Float64Array(ACTION_COUNT).fill(Number.NaN)
  return {
    model,
    histories,
    users: Vocabulary.fromIds(world.map((_, user) => `user-${user}`)),
    items: Vocabulary.fromIds(Array.from({ length: ITEM_COUNT }, (_, item) => `item-${item}`)),
    actions: {
      ids: Vocabulary.fromIds(Array.from({ length: ACTION_COUNT }, (_, action) => `action-${action}`)),
      model: actions,
      values: Float64Array.of(1, 2, 3, 4, 5),
      expires: unknown,
      repeatDays: Float64Array.of(30, Number.NaN, Number.NaN, Number.NaN, Number.NaN),
      met: lastMet(joined, ACTION_COUNT),
    },
  }
}

test('the probabilities of strangers of either taste are the rates they were made with', () => {
  const { model, actions } = trained
  assert.ok(actions)
  assert.deepEqual([...actions.known], [1, 1, 1, 0, 0])
  const means = [0, 1].map(taste => {
    const strangers = people({ userCount: 200, seed: 9 }).filter(each => each.taste === taste)
    const sums = new Float64Array(ACTION_COUNT)
    for (const { items } of strangers) {
      const history = items.map(({ item }) => item)
      for (const [action, p] of actionProbabilities(actions, model, history).entries())
        sums[action] += p / strangers.length
    }
    return sums
  })
  for (const action of [0, 1, 2])
    for (const taste of [0, 1])
      assert.ok(
        Math.abs(means[taste][action] - RATES[action][taste]) < 0.08,
        `${action} ${taste}: ${means[taste][action]}`,
      )
  assert.deepEqual([means[0][3], means[0][4], means[1][3], means[1][4]], [0, 0, 0, 0])
})

test('somebody without history gets the share of people who took it', () => {
  const { model, actions } = trained
  assert.ok(actions)
  const shares = [0, 1, 2].map(action => {
    const takers = world.filter(({ met }) => met.some(each => each.action === action && each.type === 'TAKEN')).length
    return (takers + 1) / (world.length + 2)
  })
  const probabilities = actionProbabilities(actions, model, [])
  for (const [action, share] of shares.entries()) assert.ok(Math.abs(probabilities[action] - share) < 1e-12)
})

test('it beats the shares on people it has not seen, and says so', () => {
  const { metrics, baseline } = trained
  assert.equal(baseline.service.area_under_curve, 0.5)
  assert.ok(metrics.service.area_under_curve > 0.6, `${metrics.service.area_under_curve}`)
  assert.ok(
    metrics.service.normalized_discounted_cumulative_gain_at_5 >
      baseline.service.normalized_discounted_cumulative_gain_at_5 + 0.05,
  )
  assert.equal(metrics.service.coverage, 3 / 5)
})

test('the same for any number of threads; another seed asks other people', async () => {
  for (const threads of [1, 3]) assert.deepEqual(await train({}, { ...options, threads }), trained)
  const other = await train({ seed: 2 })
  assert.deepEqual(other.actions, trained.actions)
  assert.notDeepEqual(other.metrics, trained.metrics)
})

test('a longer period makes more exposures succeed', async () => {
  const rate = async (days: string) => {
    const { actions } = await train({ featureTransformationParameters: { action_optimization_period: days } })
    return actions?.prior[2]
  }
  // Everybody decides within five days: the least period sees it all.
  assert.equal(await rate('7'), trained.actions?.prior[2])
  await assert.rejects(
    rate('6'),
    new Refusal(
      "The feature transformation parameter action_optimization_period is '6', where an integer from 7 to 28 was expected.",
    ),
  )
})

test('without events of actions every action has the score 0', async () => {
  const nobody = joinedOf(world.map(person => ({ ...person, met: [] })))
  const { metrics, model, actions } = await trainSolution(
    nextBestAction,
    { ...data, interactions: nobody },
    { seed: 1 },
    options,
  )
  assert.ok(actions)
  assert.deepEqual([...actionProbabilities(actions, model, [1, 2])], [0, 0, 0, 0, 0])
  assert.equal(metrics.service.coverage, 0)
})

test('only events with items make up the minimum of data', async () => {
  const few = joinedOf(world.map(person => ({ ...person, items: person.items.slice(0, 1) })))
  await assert.rejects(
    trainSolution(nextBestAction, { ...data, interactions: few }, { seed: 1 }, options),
    new Refusal('Dataset has fewer than 1000 interactions.'),
  )
})

test('an abort at any stage stops it, with the reason', async () => {
  const stages = new Set<string>()
  await train({}, { ...options, progress: ({ stage }) => stages.add(stage) })
  assert.ok(stages.has('training: learning what is taken'))
  for (const stage of stages) {
    const reason = new Error(stage)
    const controller = new AbortController()
    const progress = (report: { stage: string }) => report.stage === stage && controller.abort(reason)
    await assert.rejects(train({}, { ...options, signal: controller.signal, progress }), reason)
  }
})

test('saved, loaded and without some users, it answers the others as before', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sommelier-actions-'))
  try {
    await mkdir(join(root, 'made'))
    const place = { artifacts: openObjectStore({ kind: 'folder', root }), prefix: { bucket: 'made', key: 'model/' } }
    const saved = savedOf(trained)
    await saveModel(place, saved, quietControl)
    const loaded = await loadModel(place, quietControl)
    assert.deepEqual(loaded.actions?.met, saved.actions?.met)
    assert.deepEqual(loaded.actions?.repeatDays, saved.actions?.repeatDays)
    const gone = { users: Vocabulary.fromIds(['user-0', 'user-2']), items: Vocabulary.fromIds(['item-39']) }
    const left = withoutUsers(loaded, gone)
    assert.ok(left?.actions)
    assert.equal(left.items.size, ITEM_COUNT - 1)
    assert.equal(left.actions.met.offsets.length, world.length - 2 + 1)
    const ask = ({ model, actions, users, histories }: SavedModel, id: string, nowSeconds: number) => {
      assert.ok(actions)
      const user = users.indexOf(id)
      return actionScores(model, actions, { history: listAt(histories, user), user, nowSeconds })
    }
    const { met } = world[1]
    const last = met.findLast(({ action }) => action === 0)?.time ?? Number.NaN
    assert.deepEqual([...listAt(saved.histories, 1)], [...historyOf(joined, 1)])
    // Of the second taste, whose items of the second half have all stayed but one.
    for (const [now, offered] of [
      [last + 30 * 86_400 - 1, [1, 2, 3, 4]],
      [last + 30 * 86_400, [0, 1, 2, 3, 4]],
    ] as const) {
      const answer = ask(saved, 'user-1', now)
      assert.deepEqual(answer.map(({ action }) => action).sort(), offered)
      assert.deepEqual(answer.slice(-2), [
        { action: 4, score: 0 },
        { action: 3, score: 0 },
      ])
      assert.deepEqual(ask(loaded, 'user-1', now), answer)
      if (!world[1].items.some(({ item }) => item === 39)) assert.deepEqual(ask(left, 'user-1', now), answer)
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})
