/**
 * A recipe: a name that clients know, the published method behind it, and what may be set. One recipe is one file and one value.
 * All recipes of this kind end in a `HistoryModel`, so saving, loading, evaluating and serving are not theirs to do.
 */
import type { ActionModel } from '../models/actionModel.ts'
import type { HistoryModel } from '../models/historyModel.ts'
import { type Evaluate, evaluateForUsers } from './evaluate.ts'
import { type Parameters, type ParameterValues, parseParameters } from './parameters.ts'
import type { TrainingControl, TrainingData } from './trainingData.ts'

export type RecipeType =
  | 'USER_PERSONALIZATION'
  | 'POPULAR_ITEMS'
  | 'PERSONALIZED_RANKING'
  | 'RELATED_ITEMS'
  | 'USER_SEGMENTATION'
  | 'PERSONALIZED_ACTIONS'

/** What a batch inference job reads and writes for a recipe (spec/batch-inference.md §3, §4). */
export interface BatchFacts {
  /** The members that a record must have. */
  readonly record: 'userId' | 'itemId' | 'userId and itemList'
  /** Whether the output carries scores, and a list of reasons for each item. */
  readonly scores: boolean
  readonly reasons: boolean
  /** Whether the `context` of a record is listened to; then contexts are learnt from. */
  readonly contexts?: true
}

/** The most that is trained on. Of more items those go whose newest interaction is oldest, and the log says so (datasets/read.ts); more interactions are refused. */
export interface RecipeLimits {
  readonly itemCount: number
  readonly interactionCount: number
}

interface Facts {
  readonly name: string
  readonly type: RecipeType
  /** Which published method stands behind the name. */
  readonly description: string
  /** Withdrawn by AWS: it can be described and trained, and is not listed. */
  readonly legacy?: boolean
  /** Epoch seconds. */
  readonly creationDateTime: number
  readonly limits: RecipeLimits
  /** What ITEMS and USERS tell is learnt from, and items without interactions get their place by it (models/standIns.ts). */
  readonly metadata?: true
  /**
   * What is written in ITEMS is learnt from: names (the field with "itemName": true), texts, categories. Interactions are not needed. Batch inference jobs
   * and campaigns may set how far popularity and freshness count (rankingInfluence).
   */
  readonly text?: true
  /** Batch inference jobs and campaigns may set how much room new items get (itemExplorationConfig). */
  readonly explores?: true
  /** New items and users can be taken in without a new fit (trainingMode UPDATE). */
  readonly updates?: true
  /** Items may have values that recommendations are to raise (optimizationObjective). */
  readonly objective?: true
  /** Events may have weights by their types (eventsConfig). */
  readonly weighsEvents?: true
  /** It is about actions, so many at most, and reads ACTIONS and ACTION_INTERACTIONS; then there is `trainActions`. */
  readonly actionCountMax?: number
  /** Absent: a batch inference job cannot be made of it. */
  readonly batch: BatchFacts | undefined
  /** What a record of a batch segment job names; absent: no such job can be made of it (spec/batch-segments.md §2). */
  readonly segments?: 'itemId' | 'itemAttributes'
}

/** As CreateSolution has them: `solutionConfig.algorithmHyperParameters` and `.featureTransformationParameters`. */
export interface RecipeSettings {
  readonly hyperparameters?: Readonly<Record<string, string>>
  readonly featureTransformationParameters?: Readonly<Record<string, string>>
  /** Hyperparameters that a search has chosen (tuning.ts), before those above. */
  readonly tuned?: Readonly<Record<string, string>>
}

interface Declaration<H extends Parameters, F extends Parameters> extends Facts {
  /** Names in `arn:aws:personalize:::algorithm/…` and `…feature-transformation/…`. */
  readonly algorithm: string
  readonly featureTransformation: string
  readonly hyperparameters: H
  readonly featureTransformationParameters: F
  /** Throws Refusal when values contradict each other; each one's own range is checked before. */
  readonly check?: (values: ParameterValues<F>) => void
  /** What of the data is learnt from; absent: all of it. */
  readonly select?: (data: TrainingData, values: ParameterValues<F>) => TrainingData
  /** How a model is judged; absent: by what users did next, as the reference judges all but a few types. */
  readonly evaluate?: (values: ParameterValues<F>) => Evaluate
  /** A model of this data, not calibrated (sharpness 1). Rejects with `control.signal.reason` when aborted. */
  readonly train: (
    data: TrainingData,
    values: ParameterValues<NoInfer<H>> & ParameterValues<NoInfer<F>>,
    control: TrainingControl,
  ) => HistoryModel | Promise<HistoryModel>
  /** What is learnt of the actions of `data`, on a model of the same data. */
  readonly trainActions?: (
    model: HistoryModel,
    data: TrainingData,
    values: ParameterValues<NoInfer<F>>,
    control: TrainingControl,
  ) => Promise<ActionModel>
}

export interface Recipe extends Facts {
  readonly recipeArn: string
  readonly algorithmArn: string
  readonly featureTransformationArn: string
  readonly status: 'ACTIVE'
  /** Epoch seconds. */
  readonly lastUpdatedDateTime: number
  readonly hyperparameters: Parameters
  readonly featureTransformationParameters: Parameters
  /** Checks the settings and binds them. Throws Refusal naming the parameter, what it was and what was expected. */
  configure(settings: RecipeSettings): ConfiguredRecipe
}

export interface ConfiguredRecipe {
  select(data: TrainingData): TrainingData
  readonly evaluate: Evaluate
  train(data: TrainingData, control: TrainingControl): Promise<HistoryModel>
  /** Undefined where the data has no actions. */
  trainActions(model: HistoryModel, data: TrainingData, control: TrainingControl): Promise<ActionModel | undefined>
}

/** When the reference service last touched its recipes, as one captured answer shows it (spec/recipes.md §7). */
export const LAST_UPDATED = 1718815639.191

export function recipe<H extends Parameters, F extends Parameters>(declaration: Declaration<H, F>): Recipe {
  const {
    algorithm,
    featureTransformation,
    check,
    select,
    evaluate = () => evaluateForUsers,
    train,
    trainActions,
    ...facts
  } = declaration
  return {
    ...facts,
    recipeArn: serviceArn('recipe', facts.name),
    algorithmArn: serviceArn('algorithm', algorithm),
    featureTransformationArn: serviceArn('feature-transformation', featureTransformation),
    status: 'ACTIVE',
    lastUpdatedDateTime: LAST_UPDATED,
    configure({ hyperparameters = {}, featureTransformationParameters = {}, tuned = {} }) {
      const values = parseParameters(
        facts.hyperparameters,
        hyperparameters,
        { recipe: facts.name, kind: 'hyperparameter' },
        tuned,
      )
      const featurization = parseParameters(facts.featureTransformationParameters, featureTransformationParameters, {
        recipe: facts.name,
        kind: 'feature transformation parameter',
      })
      check?.(featurization)
      return {
        select: data => (select ? select(data, featurization) : data),
        evaluate: evaluate(featurization),
        async train(data, control) {
          const model = await train(data, { ...values, ...featurization }, control)
          control.signal.throwIfAborted()
          return model
        },
        trainActions: async (model, data, control) =>
          data.actions && trainActions?.(model, data, featurization, control),
      }
    },
  }
}

/** Whether it learns from what is told of people, and answers about them: then those without a history have one answer for each set of attributes. */
export const isAboutPeople = ({ metadata, batch }: Pick<Recipe, 'metadata' | 'batch'>): boolean =>
  metadata === true && batch?.record !== 'itemId'

/** Recipes belong to the service: no region, no account. */
export const serviceArn = (kind: string, name: string): string => `arn:aws:personalize:::${kind}/${name}`
