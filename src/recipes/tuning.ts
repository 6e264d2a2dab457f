/**
 * Hyperparameter optimisation: random search (Bergstra and Bengio 2012) over the ranges of a recipe's tunable parameters. Each try fits a model on
 * nine tenths of the users that the final evaluation learns from and is judged by the rest, as the recipe judges itself; so the users of the final
 * evaluation have no say. The first try is what the solution would train without a search. The search ends when the tries are used up, or when the
 * last STALE_TRIES_MAX of them brought nothing better. What a try scored can be kept, so that a search that was interrupted goes on after it.
 */
import { derivedSeed, type Random, seededRandom } from '../lib/random.ts'
import { Refusal } from '../lib/refusal.ts'
import type { WorkControl } from '../lib/work.ts'
import { splitByUsers } from '../models/splits.ts'
import type { EvaluationControl } from './evaluate.ts'
import type { Parameter, Parameters } from './parameters.ts'
import type { Recipe, RecipeSettings } from './recipe.ts'
import { type TrainingData, withUsers } from './trainingData.ts'

/** Training jobs of one search (spec/training.md §1): the most, and what is taken when nothing is said. */
export const TUNING_TRIES_MAX = 40
export const TUNING_TRIES_DEFAULT = 10
const STALE_TRIES_MAX = 8
/** Draws for one try: with few values most have been tried before. */
const DRAWS_MAX = 100
/** Greater is better. Those of segments have another name, and no tunable parameter. */
export const OBJECTIVE_DEFAULT = 'mean_reciprocal_rank_at_25'

/** Of one parameter: bounds of a number, or the texts to choose among. */
export type TuningRange =
  | { readonly name: string; readonly min: number; readonly max: number; readonly values?: undefined }
  | { readonly name: string; readonly values: readonly string[]; readonly min?: undefined; readonly max?: undefined }

export interface Tuning {
  /** Empty: every tunable parameter, over its whole range. */
  readonly ranges: readonly TuningRange[]
  /** 1 … TUNING_TRIES_MAX */
  readonly tries: number
  /** The metric that is to be great; OBJECTIVE_DEFAULT. */
  readonly objective?: string
}

export interface Tuned {
  /** Of every parameter that was searched. */
  readonly texts: Readonly<Record<string, string>>
  /** What the best try reached. */
  readonly score: number
  readonly tries: number
}

export interface TuningControl extends EvaluationControl {
  /** What earlier attempts at the same search found, by the name of the try; absent: nothing is kept. */
  readonly scores?: {
    readonly found: ReadonlyMap<string, unknown>
    keep(name: string, score: number): Promise<void>
  }
}

/** Throws Refusal naming the parameter and what was expected. */
export function checkTuning({ name: recipe, hyperparameters }: Recipe, { ranges }: Tuning): void {
  const tunable = Object.keys(hyperparameters).filter(name => hyperparameters[name].tunable)
  if (tunable.length === 0) throw new Refusal(`The recipe ${recipe} has no hyperparameter that can be searched for.`)
  for (const range of ranges) {
    const { name } = range
    if (!tunable.includes(name))
      throw new Refusal(
        `The range of ${name} cannot be searched: of ${recipe} the hyperparameters ${tunable.join(', ')} can.`,
      )
    const parameter = hyperparameters[name]
    for (const text of range.values ?? [String(range.min), String(range.max)])
      if (parameter.parse(text) === undefined)
        throw new Refusal(`The range of ${name} has '${text}', where ${parameter.expected} was expected.`)
    if (range.values?.length === 0) throw new Refusal(`The range of ${name} has no values: at least one was expected.`)
    if (range.min !== undefined && range.min > range.max)
      throw new Refusal(
        `The range of ${name} goes from ${range.min} to ${range.max}: a maximum not below the minimum was expected.`,
      )
  }
}

/** The best that was found. Contexts are weighed on what is chosen, and have no say. The same for the same data, settings and seed, whatever of it was kept from an earlier attempt. */
export async function tune(
  recipe: Recipe,
  { contextColumns: _, ...data }: TrainingData,
  settings: RecipeSettings & { readonly seed: number; readonly tuning: Tuning },
  options: TuningControl,
): Promise<Tuned> {
  const { tuning, seed } = settings
  const { trainingUsers } = splitByUsers(data.interactions, seed)
  const inner = withUsers(data, trainingUsers)
  const ranges = tuning.ranges.length > 0 ? tuning.ranges : wholeRanges(recipe.hyperparameters)
  const random = seededRandom(derivedSeed(seed, 'tuning'))
  const tried = new Set<string>()
  let best: { texts: Record<string, string>; score: number } = { texts: {}, score: Number.NEGATIVE_INFINITY }
  let [stale, number] = [0, 0]
  for (; number < tuning.tries && stale < STALE_TRIES_MAX; number++) {
    const texts =
      number === 0 ? plainTexts(recipe, settings, ranges) : untried(recipe.hyperparameters, ranges, tried, random)
    if (!texts) break
    tried.add(JSON.stringify(texts))
    const name = `search/${recipe.name}/${number}`
    const kept = options.scores?.found.get(name)
    const score =
      typeof kept === 'number'
        ? kept
        : await scoreOf(recipe, inner, { ...settings, tuned: texts }, tryOf(number, tuning.tries, options))
    if (kept === undefined) await options.scores?.keep(name, score)
    if (score <= best.score) stale++
    else {
      best = { texts, score }
      stale = 0
    }
  }
  return { ...best, tries: number }
}

const tryOf = <C extends WorkControl>(number: number, tries: number, control: C): C => ({
  ...control,
  progress: report =>
    control.progress({ ...report, stage: `search, try ${number + 1} of at most ${tries}: ${report.stage}` }),
})

async function scoreOf(
  recipe: Recipe,
  data: TrainingData,
  settings: RecipeSettings & { readonly seed: number; readonly tuning: Tuning },
  control: EvaluationControl,
): Promise<number> {
  const { seed, tuning } = settings
  const configured = recipe.configure(settings)
  const { metrics } = await configured.evaluate(configured.train, data, derivedSeed(seed, 'tuning split'), control)
  return metrics.service[tuning.objective ?? OBJECTIVE_DEFAULT] ?? 0
}

const wholeRanges = (hyperparameters: Parameters): TuningRange[] =>
  Object.entries(hyperparameters)
    .filter(([, { tunable }]) => tunable)
    .map(([name, { range, values }]) => (range ? { name, ...range } : { name, values: values ?? [] }))

/** What would be trained without a search, as near as the ranges allow. */
function plainTexts(
  { hyperparameters }: Recipe,
  { hyperparameters: given = {} }: RecipeSettings,
  ranges: readonly TuningRange[],
): Record<string, string> {
  const text = (range: TuningRange): string => {
    const own = given[range.name] ?? String(hyperparameters[range.name].default)
    if (range.values) return range.values.includes(own) ? own : range.values[0]
    return String(Math.min(range.max, Math.max(range.min, Number(own))))
  }
  return Object.fromEntries(ranges.map(range => [range.name, text(range)]))
}

/** Undefined when everything has been tried, as far as many draws can tell. */
function untried(
  hyperparameters: Parameters,
  ranges: readonly TuningRange[],
  tried: ReadonlySet<string>,
  random: Random,
): Record<string, string> | undefined {
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    const texts = Object.fromEntries(
      ranges.map(range => [range.name, drawn(hyperparameters[range.name], range, random)]),
    )
    if (!tried.has(JSON.stringify(texts))) return texts
  }
  return undefined
}

function drawn({ kind }: Parameter<unknown>, range: TuningRange, random: Random): string {
  if (range.values) return range.values[random.below(range.values.length)]
  const { min, max } = range
  if (kind === 'integer') return String(min + random.below(max - min + 1))
  return String(Math.round((min + random.uniform() * (max - min)) * DECIMALS) / DECIMALS)
}

/** Four decimals: a person reads the result. */
const DECIMALS = 1e4
