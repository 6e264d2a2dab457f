/**
 * Which recipe suits the data (performAutoML): each candidate is searched as performHPO would (tuning.ts), by the same people and the same
 * metric, and the one whose best try reached the most is taken; of equal ones the first. The people of the final evaluation have no say.
 *
 * Some recipes leave users out by the length of their histories. Judged by those that it kept, each would have a test of its own: so all are asked about
 * everybody, and learn from whom they keep.
 */
import { Refusal } from '../lib/refusal.ts'
import type { WorkControl } from '../lib/work.ts'
import { popularityCount } from './popularityCount.ts'
import type { Recipe } from './recipe.ts'
import type { TrainingData } from './trainingData.ts'
import { OBJECTIVE_DEFAULT, TUNING_TRIES_DEFAULT, type Tuned, type TuningControl, tune } from './tuning.ts'
import { userPersonalization } from './userPersonalization.ts'
import { userPersonalizationV2 } from './userPersonalizationV2.ts'

/** When none are named. The withdrawn ones have the model of the first, and popularity is for those who ask for it. */
export const DEFAULT_CANDIDATES: readonly Recipe[] = [userPersonalizationV2, userPersonalization]

/** Greater is better, for every one. */
export const OBJECTIVES: readonly string[] = [
  'coverage',
  OBJECTIVE_DEFAULT,
  ...[5, 10, 25].map(k => `normalized_discounted_cumulative_gain_at_${k}`),
  ...[5, 10, 25].map(k => `precision_at_${k}`),
]

/** The documentation calls Popularity-Count's type USER_PERSONALIZATION as well (spec/recipes.md §1). */
export const isCandidate = (recipe: Recipe): boolean =>
  recipe.type === 'USER_PERSONALIZATION' || recipe === popularityCount

/** What was tried, for people; the best first. */
export interface RecipeChoice {
  readonly metric: string
  readonly candidates: readonly {
    readonly recipe: string
    readonly score: number
    readonly tries: number
    readonly hyperparameters: Readonly<Record<string, string>>
  }[]
}

export interface ChosenRecipe {
  readonly recipe: Recipe
  readonly tuned: Readonly<Record<string, string>> | undefined
  readonly choice: RecipeChoice
}

/**
 * `read` gives what a recipe learns from; of one candidate at a time, so that no two are in memory. A candidate that refuses the data is passed over, unless
 * all do: then with the sentence of the first. Rejects with `options.signal.reason` when aborted. The same for the same data and seed.
 */
export async function chooseRecipe(
  candidates: readonly Recipe[],
  { seed, objective = OBJECTIVE_DEFAULT }: { readonly seed: number; readonly objective?: string | undefined },
  read: (recipe: Recipe) => Promise<TrainingData>,
  options: TuningControl,
): Promise<ChosenRecipe> {
  const tried: { recipe: Recipe; found: Tuned }[] = []
  let refusal: Refusal | undefined
  for (const candidate of candidates) {
    const recipe = askedAboutEverybody(candidate)
    try {
      const data = await read(recipe)
      const settings = { seed, tuning: { ranges: [], tries: TUNING_TRIES_DEFAULT, objective } }
      tried.push({ recipe, found: await tune(recipe, data, settings, stageOf(recipe.name, options)) })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      refusal ??= error
    }
  }
  if (tried.length === 0) throw refusal ?? new Refusal('There is no recipe to choose from.')
  const best = tried.toSorted((a, b) => b.found.score - a.found.score)
  const [{ recipe, found }] = best
  return {
    recipe,
    tuned: Object.keys(found.texts).length > 0 ? found.texts : undefined,
    choice: {
      metric: objective,
      candidates: best.map(({ recipe: { name }, found: { texts, score, tries } }) => ({
        recipe: name,
        score,
        tries,
        hyperparameters: texts,
      })),
    },
  }
}

const askedAboutEverybody = (recipe: Recipe): Recipe => ({
  ...recipe,
  configure(settings) {
    const configured = recipe.configure(settings)
    return {
      ...configured,
      select: data => data,
      train: (data, control) => configured.train(configured.select(data), control),
    }
  },
})

const stageOf = <C extends WorkControl>(name: string, control: C): C => ({
  ...control,
  progress: report => control.progress({ ...report, stage: `choosing a recipe, ${name}: ${report.stage}` }),
})
