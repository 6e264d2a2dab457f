/**
 * A pool of experts (design/recommenders.md §5.4): what each says about the next item, multiplied (log pool: Hinton 2002, products
 * of experts) or added (linear opinion pool: Stone 1961) with weights, whichever is better for this data.
 *
 *   hold out pairs ─► ridge: one expert, stronger and weaker ─► all experts ─► form and weights ─► experts with a weight, on everybody
 *
 * Nothing is chosen on the events that an evaluation tests: the pairs are held out of the interactions given here.
 */
import { assert } from '../lib/assert.ts'
import type { WorkControl } from '../lib/work.ts'
import { type ExpertDesign, fitExpert, solvedAtOnce } from './experts.ts'
import type { PoolChoice, PoolModel } from './historyModel.ts'
import { historyOf, type Interactions, repeatShare } from './interactions.ts'
import { keptSequences } from './nearestSequences.ts'
import { holdOutPairs, type NextItemPair } from './nextItemPairs.ts'
import { type FittedExpert, scorePairs } from './pairScores.ts'
import { EPSILON, type FittedWeights, fitPoolWeights, ndcgOfExpert } from './poolFit.ts'
import { nearestFits, type PoolPlan, planPool, planText, secondsOf } from './poolPlan.ts'
import { logShares, weightedCounts } from './popularity.ts'
import { cutToRoom } from './sparseRows.ts'

/** Fewer pairs say less about the weights than other data does (design/recommenders.md §5.4). */
const PAIR_COUNT_MIN = 200

/** Histories whose mean total makes experts comparable where no pairs are held out. */
const SCALE_HISTORIES_MAX = 500

/**
 * Of one thread, for all fits of a pool: a minute and a half on two cores, and as long again in the evaluation. Beyond it the experts of the choice stay
 * (fitPool), then there are fewer of them (recipes/historyPool.ts).
 */
const FIT_SECONDS_MAX = 180
/** Of the events, those held out for the choice: an expert that has not seen them is nearly the one that has. */
const UNSEEN_SHARE_MAX = 0.02

/** Beyond this share of events on items the person had before, people come back to things (design/recommenders.md §5.5). */
const REPEAT_SHARE_MIN = 0.05

export interface PoolDesign {
  /** The ridge is tried on the first one that is asked. `weight` is that of a log pool where there is too little data to fit it. */
  readonly experts: readonly (ExpertDesign & { readonly weight: number })[]
  /**
   * Only asked where there is data to choose by, where all events are worth the same, as all votes are, and where what it remembers has room (poolPlan.ts). Then the
   * expert that it replaces is not asked. What a history has gets no votes of it unless people come back to things.
   */
  readonly nearest?: ExpertDesign & { readonly replaces: string }
  /** Only asked where people come back to things. */
  readonly repeat: ExpertDesign
  /** What all experts' regularization is multiplied with: each is tried; the first one stands where there is too little data to try. */
  readonly ridgeFactors: readonly number[]
}

type Control = WorkControl & { readonly threads: number }
type FittingControl = Control & { readonly plan: PoolPlan; readonly seenCompete: boolean }

/**
 * Not calibrated. At least one event. Throws Refusal where no pool of so many items can be ranked by (poolPlan.ts); the plan stands in the
 * stage that is reported. Rejects with `control.signal.reason` when aborted.
 */
export async function fitPool(
  interactions: Interactions,
  design: PoolDesign,
  control: Control,
  secondsMax = FIT_SECONDS_MAX,
): Promise<PoolModel> {
  const { training, pairs } = holdOutPairs(interactions)
  const byDefault = pairs.length < PAIR_COUNT_MIN
  const seenCompete = !byDefault && repeatShare(interactions) > REPEAT_SHARE_MIN
  const { nearest } = design
  const fits = nearest !== undefined && !byDefault && nearestFits(interactions)
  const remembers = fits && !interactions.weights
  const solved = design.experts.filter(({ name }) => !remembers || name !== nearest.replaces)
  const experts = [...solved, ...(remembers ? [nearest] : []), ...(seenCompete ? [design.repeat] : [])]
  const probed = byDefault ? [] : fitsOfChoice(design, experts)
  const kept =
    !byDefault &&
    training.items.length >= interactions.items.length * (1 - UNSEEN_SHARE_MAX) &&
    secondsOf(interactions, [...probed, ...experts], 1) > secondsMax
  const plan = planPool(interactions, { experts, fitted: kept ? probed : [...probed, ...experts] }, control.threads)
  const more = `${kept ? ', each once' : ''}${nearest && !byDefault && !fits ? ', too many events to be remembered' : ''}`
  const planned = { ...staged(control, `${planText(plan)}${more}`), plan, seenCompete }
  if (byDefault) return poolByDefault(interactions, design, pairs.length, planned)

  const choosing = staged(planned, 'choosing')
  const asked = { itemCount: interactions.itemCount, seenCompete }
  const { factor, probe, ridges } = await chooseRidge(training, pairs, experts[0], design.ridgeFactors, asked, choosing)
  const scaledExperts = experts.map(expert => scaled(expert, factor))
  const fitted = [probe]
  for (const expert of scaledExperts.slice(1)) fitted.push(await fit(training, expert, choosing))
  const scores = await scorePairs(pairs, fitted, asked, choosing)
  const weights = await fitPoolWeights(scores, popularityOf(training), choosing)
  const heldOutPairCount = scores.contests.length
  const chosen = { ...weights, heldOutPairCount, ridges }
  return pooled(interactions, scaledExperts, scores.scales, chosen, planned, kept ? fitted : [])
}

/** What is fitted to choose ridge and weights. */
const fitsOfChoice = ({ ridgeFactors }: PoolDesign, experts: readonly ExpertDesign[]): ExpertDesign[] => [
  ...ridgeFactors.map(() => experts[0]),
  ...experts.slice(1),
]

/** Whether to choose among these experts takes too long, where there are cheaper ones. The same for any number of threads. */
export const isTooSlow = (interactions: Interactions, design: PoolDesign): boolean =>
  secondsOf(interactions, fitsOfChoice(design, design.experts), 1) > FIT_SECONDS_MAX

/** Weights and ridge as other data had them; what makes the experts comparable comes from the data itself. */
async function poolByDefault(
  interactions: Interactions,
  design: PoolDesign,
  heldOutPairCount: number,
  control: FittingControl,
): Promise<PoolModel> {
  const experts = design.experts.map(expert => scaled(expert, design.ridgeFactors[0]))
  const fitted: FittedExpert[] = []
  for (const expert of experts) fitted.push(await fit(interactions, expert, control))
  const histories: NextItemPair[] = []
  for (let user = 0; user < interactions.userCount && histories.length < SCALE_HISTORIES_MAX; user++) {
    const history = historyOf(interactions, user)
    if (history.length > 0) histories.push({ history, next: history[0], weight: 1 })
  }
  const asked = { itemCount: interactions.itemCount, seenCompete: true }
  const { scales } = await scorePairs(histories, fitted, asked, control)
  const weights = { experts: design.experts.map(({ weight }) => weight), popularity: 0 }
  const chosen = { ...weights, combination: 'log', fittedBy: 'default', tried: [], alone: [] } as const
  return pooled(interactions, experts, scales, { ...chosen, heldOutPairCount, ridges: [] }, control, fitted)
}

/** The factor with which the first expert alone has the greatest NDCG on the pairs. */
async function chooseRidge(
  training: Interactions,
  pairs: readonly NextItemPair[],
  first: ExpertDesign,
  ridgeFactors: readonly number[],
  asked: { itemCount: number; seenCompete: boolean },
  control: FittingControl,
) {
  const popularity = popularityOf(training)
  const ridges: { factor: number; ndcgAt10: number }[] = []
  let best: { factor: number; ndcgAt10: number; probe: FittedExpert } | undefined
  for (const factor of ridgeFactors) {
    const probe = await fit(training, scaled(first, factor), control)
    const ndcgAt10 = ndcgOfExpert(await scorePairs(pairs, [probe], asked, control), popularity, 0)
    ridges.push({ factor, ndcgAt10 })
    if (!best || ndcgAt10 > best.ndcgAt10) best = { factor, ndcgAt10, probe }
  }
  assert(best)
  return { ...best, ridges }
}

type Chosen = Omit<FittedWeights, 'fittedBy'> & Pick<PoolChoice, 'fittedBy' | 'heldOutPairCount' | 'ridges'>

/** The experts that have a weight, fitted on everybody unless they are already. */
async function pooled(
  interactions: Interactions,
  designs: readonly ExpertDesign[],
  scales: readonly number[],
  chosen: Chosen,
  control: FittingControl,
  fitted: readonly FittedExpert[] = [],
): Promise<PoolModel> {
  const { combination, popularity, alone } = chosen
  const prior = popularityOf(interactions)
  const experts: PoolModel['experts'][number][] = []
  for (const [f, design] of designs.entries()) {
    const weight = chosen.experts[f]
    // Without a weight an expert says nothing; a pool has one expert all the same.
    if (weight === 0 && (experts.length > 0 || chosen.experts.some(other => other > 0))) continue
    const rows = design.kind === 'nearest' ? undefined : fitted[f] // remembered is everybody, by their own rows
    const whole = rows ?? (await fit(interactions, design, control))
    experts.push({ name: design.name, ...whole, weight, scale: scales[f] > 0 ? scales[f] : 1 })
  }
  const bias = prior.map(value => popularity * (combination === 'log' ? value : Math.exp(value)))
  const solved = solvedAtOnce(interactions, designs[0].kernel.length, control.threads)
  return {
    form: 'pool',
    itemCount: interactions.itemCount,
    combination,
    epsilon: EPSILON,
    experts,
    bias: popularity === 0 ? undefined : bias,
    prior,
    sharpness: 1,
    choice: {
      heldOutPairCount: chosen.heldOutPairCount,
      combination,
      fittedBy: chosen.fittedBy,
      solved: solved ? 'all pairs of items' : 'neighbourhoods',
      ridges: chosen.ridges,
      tried: chosen.tried,
      experts: designs.map(({ name, regularization, diagonal }, f) => ({
        name,
        regularization,
        diagonal,
        weight: chosen.experts[f],
        ...(alone[f] !== undefined && { ndcgAt10: alone[f] }),
      })),
      popularityWeight: popularity,
    },
  }
}

const scaled = <D extends ExpertDesign>(design: D, factor: number): D => ({
  ...design,
  regularization: design.regularization * factor,
})

async function fit(interactions: Interactions, design: ExpertDesign, control: FittingControl): Promise<FittedExpert> {
  const { kind, kernel } = design
  if (kind === 'nearest')
    return { kernel, steps: !control.seenCompete, sequences: keptSequences(interactions, interactions.itemCount) }
  const rows = await fitExpert(interactions, design, staged(control, design.name))
  return { kernel, ...(await cutToRoom(rows, control.plan, control.signal)) }
}

/** f32[itemCount]: ln of each item's share of the events. */
const popularityOf = (interactions: Interactions): Float32Array => logShares(weightedCounts(interactions))

const staged = <C extends Control>(control: C, stage: string): C => ({
  ...control,
  progress: report => control.progress({ ...report, stage: `${stage}: ${report.stage}` }),
})
