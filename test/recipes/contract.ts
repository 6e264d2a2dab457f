/** What every recipe has to keep. contract.test.ts and contractKin.test.ts run it for each one of `src/recipes/index.ts`. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Vocabulary } from '../../src/datasets/vocabulary.ts'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { quietControl } from '../../src/lib/work.ts'
import type { Features } from '../../src/models/features.ts'
import type { HistoryModel } from '../../src/models/historyModel.ts'
import { historyOf, type Interactions } from '../../src/models/interactions.ts'
import { itemLists } from '../../src/models/splits.ts'
import { openObjectStore } from '../../src/objects/open.ts'
import { loadModel, type SavedModel, saveModel } from '../../src/recipes/modelFile.ts'
import type { Recipe } from '../../src/recipes/recipe.ts'
import { type TrainedSolution, trainSolution } from '../../src/recipes/train.ts'
import { interactionsOf, walks } from '../models/toy.ts'

export interface RecipeCase {
  readonly recipe: Recipe
  /** Data with an answer that the recipe has to find: `expected` comes first for the history. */
  readonly obvious: {
    readonly interactions: Interactions
    readonly itemFeatures?: Features
    readonly history: number[]
    readonly expected: number
  }
}

const open = (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0)
const options = { ...quietControl, threads: 2, openRanker: open }

/** An abort stops a solution within two seconds; the parts that the recipe is responsible for keep half of it. */
const ABORT_MS_MAX = 1000

const data = (interactions: Interactions) => ({ interactions, catalogueItemCount: interactions.itemCount })
const people = walks({ userCount: 300, itemCount: 40, eventCount: 20 })

const savedOf = ({ model, histories }: TrainedSolution): SavedModel => ({
  model,
  histories,
  users: Vocabulary.fromIds(Array.from({ length: people.userCount }, (_, user) => `user ${user}`)),
  items: Vocabulary.fromIds(Array.from({ length: people.itemCount }, (_, item) => `item ${item}`)),
})

/** In a folder of its own: the saved model as `use` wants it. */
async function saved<T>(
  model: SavedModel,
  use: (place: Parameters<typeof saveModel>[0], folder: string) => Promise<T>,
) {
  const root = await mkdtemp(join(tmpdir(), 'sommelier-recipe-'))
  try {
    await mkdir(join(root, 'made'))
    const place = { artifacts: openObjectStore({ kind: 'folder', root }), prefix: { bucket: 'made', key: 'model/' } }
    await saveModel(place, model, quietControl)
    return await use(place, join(root, 'made', 'model'))
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

const fingerprint = (trained: TrainedSolution) =>
  saved(savedOf(trained), async (_, folder) => {
    const hash = createHash('sha256').update(JSON.stringify([trained.metrics, trained.baseline]))
    for (const part of ['model', 'vocabulary', 'histories'])
      hash.update(await readFile(join(folder, `${part}.safetensors`)))
    return hash.digest('hex')
  })

export function recipeContract({ recipe, obvious }: RecipeCase): void {
  const train = (settings = { seed: 1 }, control = options) => trainSolution(recipe, data(people), settings, control)

  describe(recipe.name, () => {
    test('finds the obvious answer', async () => {
      const { interactions, itemFeatures } = obvious
      const known = { ...data(interactions), ...(itemFeatures && { itemFeatures }) }
      const model = await recipe.configure({}).train(known, options)
      const { items } = open(model).rank({ count: 1, k: 1, ...itemLists([Int32Array.from(obvious.history)]) })
      assert.equal(items[0], obvious.expected)
    })

    test('a batch gives what single queries give', async () => {
      const { model } = await train()
      const histories = Array.from({ length: people.userCount }, (_, user) => historyOf(people, user))
      const ranker = open(model)
      const batch = ranker.rank({ count: histories.length, k: 10, ...itemLists(histories) })
      const [items, probabilities] = [batch.items.slice(), batch.probabilities.slice()]
      for (const [user, history] of histories.entries()) {
        const single = ranker.rank({ count: 1, k: 10, ...itemLists([history]) })
        assert.deepEqual(single.items, items.slice(user * 10, user * 10 + 10))
        assert.deepEqual(single.probabilities, probabilities.slice(user * 10, user * 10 + 10))
      }
    })

    test('saved and loaded, it scores the same', async () => {
      const trained = await train()
      const loaded = await saved(savedOf(trained), place => loadModel(place, quietControl))
      const [before, after] = [open(trained.model), open(loaded.model)]
      for (const history of [[], [3], [39, 0, 1, 2]])
        assert.deepEqual(after.scoreAll(Int32Array.from(history)), before.scoreAll(Int32Array.from(history)))
      assert.equal(loaded.model.sharpness, trained.model.sharpness)
      assert.deepEqual(loaded.histories, trained.histories)
    })

    test('the same seed gives the same bytes, with any number of threads', async () => {
      const expected = await fingerprint(await train())
      assert.equal(await fingerprint(await train()), expected)
      for (const threads of [1, 3])
        assert.equal(await fingerprint(await train({ seed: 1 }, { ...options, threads })), expected)
      // Segments are judged on everybody, and actions, of which there are none here, on nobody: nothing is drawn.
      const draws = recipe.type !== 'USER_SEGMENTATION' && recipe.type !== 'PERSONALIZED_ACTIONS'
      assert.equal((await fingerprint(await train({ seed: 2 }))) !== expected, draws)
    })

    test('probabilities of all items sum to one, for known users and unknown ones', async () => {
      const { model } = await train()
      const histories = [new Int32Array(0), Int32Array.of(5), historyOf(people, 7)]
      const { probabilities } = open(model).rank({ count: 3, k: people.itemCount, ...itemLists(histories) })
      for (let query = 0; query < 3; query++) {
        const all = probabilities.subarray(query * people.itemCount, (query + 1) * people.itemCount)
        assert.ok(Math.abs(all.reduce((sum, probability) => sum + probability, 0) - 1) < 1e-5)
      }
    })

    test('a person without history gets the items by their share of the events', async () => {
      const { model } = await train()
      const { items, probabilities } = open(model).rank({
        count: 1,
        k: people.itemCount,
        ...itemLists([new Int32Array(0)]),
      })
      const shares = Array.from(items, item => Math.exp(model.prior[item] * model.sharpness))
      assert.ok(shares.every((share, place) => place === 0 || share <= shares[place - 1] * (1 + 1e-6)))
      for (const [place, share] of shares.entries()) assert.ok(Math.abs(probabilities[place] - share) < 1e-5)
    })

    test('an abort at any stage stops it promptly, with the reason', async () => {
      const stages: string[] = []
      await train({ seed: 1 }, { ...options, progress: ({ stage }) => stages.includes(stage) || stages.push(stage) })
      assert.ok(stages.length > 0)
      for (const stage of stages) {
        const reason = new Error(`not wanted any more during ${stage}`)
        const controller = new AbortController()
        let abortedAt = Number.NaN
        const progress = (report: { stage: string }) => {
          if (report.stage !== stage || controller.signal.aborted) return
          abortedAt = performance.now()
          controller.abort(reason)
        }
        await assert.rejects(train({ seed: 1 }, { ...options, signal: controller.signal, progress }), reason)
        assert.ok(performance.now() - abortedAt < ABORT_MS_MAX)
      }
      const early = AbortSignal.abort(new Error('never wanted'))
      await assert.rejects(train({ seed: 1 }, { ...options, signal: early }), early.reason)
    })

    test('no data, one user, one event, users without events: a model all the same', async () => {
      const cases: [Interactions, number][] = [
        [interactionsOf([], 0), 0],
        [interactionsOf([], 3), 3],
        [interactionsOf([[]], 3), 3],
        [interactionsOf([[2]], 3), 3],
        [interactionsOf([[0, 1, 2, 1, 0, 0]], 3), 3],
        [interactionsOf([[], [0, 1], [], [1]], 3), 3],
      ]
      for (const [interactions, itemCount] of cases) {
        const configured = recipe.configure({})
        const model = await configured.train(configured.select(data(interactions)), options)
        assert.equal(model.itemCount, itemCount)
        if (itemCount === 0) continue
        const { items, counts } = open(model).rank({
          count: 2,
          k: 3,
          ...itemLists([new Int32Array(0), Int32Array.of(0)]),
        })
        assert.deepEqual([...counts], [3, 3])
        assert.deepEqual([...items.subarray(0, 3)].sort(), [0, 1, 2])
      }
    })
  })
}
