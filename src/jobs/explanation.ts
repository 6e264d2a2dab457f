/** The body of ExplainRecommendations: the model ranks for one person as it does in a job, and each score is taken apart (inference/explain.ts). */
import { type Context, ContextRanker, type HeardValue } from '../inference/contextRanker.ts'
import { type ScoreParts, scoreParts } from '../inference/explain.ts'
import { NewcomerRanker, placeNewcomers } from '../inference/newcomerRanker.ts'
import type { PriorRanking } from '../inference/priorRanker.ts'
import { openRanker, placeModel } from '../inference/ranker.ts'
import { Refusal } from '../lib/refusal.ts'
import { type HistoryModel, historyLength } from '../models/historyModel.ts'
import { listAt } from '../models/splits.ts'
import { loadModel } from '../recipes/modelFile.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from './computeContext.ts'

/** Items of the history that are named for one recommendation: those of greatest weight. The rest is summed up. */
const CARRIERS_MAX = 10

export interface ExplanationQuery {
  readonly resourceArn: string
  readonly recipeArn: string
  readonly modelPrefix: string
  readonly userId: string
  /** Absent: the `numResults` best. */
  readonly itemId?: string | undefined
  readonly numResults: number
  /** Values by columns of INTERACTIONS. */
  readonly context?: Context | undefined
}

export interface ExplainedItem {
  readonly itemId: string
  /** Among all items, from 1. */
  readonly rank: number
  /** As a batch inference job gives it as the score: of the softmax over the whole catalogue. */
  readonly probability: number
  /** base + Σ weights: the logit, so that probabilities are the softmax of scores over the whole catalogue. */
  readonly score: number
  readonly base: number
  /** Items of the history by descending magnitude of their weights, the events of one item together. */
  readonly carriers: readonly { readonly itemId: string; readonly events: number; readonly weight: number }[]
  /** Of the others that the model looked at. */
  readonly others: { readonly items: number; readonly weight: number }
  /** Of the context, by its columns; absent where nothing of it is known. */
  readonly contexts?: readonly { readonly column: string; readonly weight: number }[]
}

export interface ExplainedList {
  readonly resourceArn: string
  readonly recipeArn: string
  readonly userId: string
  /** Events that the model looks at; 0: none, or the model does not know the person, and the list is that of everybody. */
  readonly eventCount: number
  /** Of the context: columns whose value says nothing to the model. */
  readonly unheard?: readonly string[] | undefined
  readonly items: readonly ExplainedItem[]
}

/** Throws Refusal where the model does not know the item. */
export async function explained(
  { modelPrefix, itemId, numResults, context, ...query }: ExplanationQuery,
  { artifacts, signal }: ComputeContext,
): Promise<ExplainedList> {
  const place = { artifacts, prefix: { bucket: ARTIFACTS_BUCKET, key: modelPrefix } }
  const { model, users, items, histories, newcomers, contexts } = await loadModel(place, { signal })
  const user = users.indexOf(query.userId)
  const whole = user < 0 ? new Int32Array(0) : listAt(histories, user)
  const history = whole.slice(Math.max(0, whole.length - historyLength(model)))
  const wanted = itemId === undefined ? undefined : items.indexOf(itemId)
  if (wanted === -1) throw new Refusal(`The model does not know the item '${itemId}'.`)

  const told =
    newcomers && history.length === 0 ? new NewcomerRanker(placeNewcomers(newcomers, model), numResults) : undefined
  const inContexts = new ContextRanker(contexts ?? [])
  const heard = inContexts.heard(context, history.length > 0)
  const unheard = context && unheardOf(context, inContexts, heard ?? [])
  if (heard) {
    const ranker = openRanker(placeModel(model, { threads: 1 }), 0)
    const isTold = told?.knows(user) ?? false
    const [plain, sharpness] = isTold ? [told!.scores(user), 1] : [ranker.scoreAll(history), model.sharpness]
    const lifted = inContexts.scores(plain, sharpness, heard)
    const only = wanted === undefined ? undefined : onlyItem(wanted, items.size)
    const ranked = inContexts.rank(lifted, sharpness, Math.min(numResults, items.size), only)
    const rank = wanted === undefined ? undefined : rankOf(lifted, wanted)
    return {
      ...query,
      ...{ eventCount: history.length, unheard },
      items: Array.from(ranked.items, (item, at) => {
        const own = isTold ? fromNothing(plain[item]) : logitParts(model, history, item)
        const parts = inContexts.parts(item, heard)
        const score = parts.reduce((sum, { weight }) => sum + weight, own.score)
        return {
          itemId: items.idAt(item),
          rank: rank ?? at + 1,
          probability: ranked.probabilities[at],
          ...carried({ ...own, score }, history, index => items.idAt(index)),
          contexts: parts,
        }
      }),
    }
  }
  if (told?.knows(user)) {
    const order = told.orderOf(user)
    const scores = told.scores(user)
    const places = wanted === undefined ? firstOf(order.rank()) : [order.order.indexOf(wanted)]
    return {
      ...query,
      ...{ eventCount: 0, unheard },
      items: places.map(at => {
        const score = scores[order.order[at]]
        return {
          itemId: items.idAt(order.order[at]),
          rank: at + 1,
          probability: order.probabilities[at],
          ...{ score, base: score, carriers: [], others: { items: 0, weight: 0 } },
        }
      }),
    }
  }
  const ranker = openRanker(placeModel(model, { threads: 1 }), 0)
  const asked = { count: 1, offsets: Uint32Array.of(0, history.length), items: history }
  const {
    counts,
    items: best,
    probabilities,
  } = wanted === undefined
    ? ranker.rank({ ...asked, k: Math.min(numResults, items.size) })
    : ranker.rank({ ...asked, k: 1, allowed: [onlyItem(wanted, items.size)] })
  // The ranker's answer is valid until its next one.
  const listed = Array.from({ length: counts[0] }, (_, at) => ({ item: best[at], probability: probabilities[at] }))
  const rank = wanted === undefined ? undefined : rankOf(ranker.scoreAll(history), wanted)
  return {
    ...query,
    ...{ eventCount: history.length, unheard },
    items: listed.map(({ item, probability }, at) => ({
      itemId: items.idAt(item),
      rank: rank ?? at + 1,
      probability,
      ...carried(logitParts(model, history, item), history, index => items.idAt(index)),
    })),
  }
}

/** What a model scores is scaled before its softmax (models/calibration.ts); people see it as it counts. */
function logitParts(model: HistoryModel, history: Int32Array, item: number): ScoreParts {
  const { base, weights, score } = scoreParts(model, history, item)
  const scale = model.sharpness
  return { base: scale * base, weights: weights.map(weight => scale * weight), score: scale * score }
}

const fromNothing = (base: number): ScoreParts => ({ base, weights: new Float64Array(0), score: base })

function unheardOf(context: Context, { columns }: ContextRanker, heard: readonly HeardValue[]): string[] {
  const told = heard.map(({ column }) => columns[column])
  return Object.keys(context).filter(name => !told.includes(name))
}

const firstOf = ({ count, places }: PriorRanking): number[] => [...places.subarray(0, count)]

function onlyItem(item: number, itemCount: number): Uint32Array {
  const bits = new Uint32Array(Math.ceil(itemCount / 32))
  bits[item >>> 5] = 1 << (item & 31)
  return bits
}

/** From 1, by (score descending, index ascending), as lists are. */
function rankOf(scores: Float32Array, item: number): number {
  let rank = 1
  for (let other = 0; other < scores.length; other++)
    if (scores[other] > scores[item] || (scores[other] === scores[item] && other < item)) rank++
  return rank
}

/** The events of an item together; those of weight 0 carried nothing. */
function carried(
  { base, score, weights }: ScoreParts,
  history: Int32Array,
  idAt: (item: number) => string,
): Pick<ExplainedItem, 'base' | 'score' | 'carriers' | 'others'> {
  const byItem = new Map<number, { events: number; weight: number }>()
  for (const [place, item] of history.entries()) {
    const { events, weight } = byItem.get(item) ?? { events: 0, weight: 0 }
    byItem.set(item, { events: events + 1, weight: weight + weights[place] })
  }
  const all = Array.from(byItem, ([item, { events, weight }]) => ({ item, events, weight }))
    .filter(({ weight }) => weight !== 0)
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight) || a.item - b.item)
  const rest = all.slice(CARRIERS_MAX)
  return {
    base,
    score,
    carriers: all.slice(0, CARRIERS_MAX).map(({ item, ...each }) => ({ itemId: idAt(item), ...each })),
    others: { items: rest.length, weight: rest.reduce((sum, { weight }) => sum + weight, 0) },
  }
}
