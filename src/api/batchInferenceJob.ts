/** Batch inference jobs: recommendations for every record of the input files. ACTIVE means done; there is no stop and no delete. */
import { newItemsSince } from '../jobs/newItems.ts'
import { double, enumeration, integer, map, optional, structure, type TypeOf } from '../protocol/shape.ts'
import type { Recipe } from '../recipes/recipe.ts'
import type { Resources } from '../resources/resources.ts'
import { batchInferenceJob, solutionVersion, type ThemeSources } from '../resources/types.ts'
import { campaignExploration, checkExploration } from './exploration.ts'
import { filterOfJob, groupData } from './filter.ts'
import { creating, describing, listing } from './nounOperations.ts'
import { recipeOfVersion } from './recipe.ts'
import { refuse } from './refuse.ts'
import {
  Arn,
  ColumnName,
  dates,
  FailureReason,
  HyperParameters,
  KmsKeyArn,
  Name,
  RoleArn,
  S3Location,
  Status,
} from './shapes.ts'

/** The reference's default, and its real-time maximum: none is documented for batch. */
const RESULTS_DEFAULT = 25
const RESULTS_MAX = 500

const S3DataConfig = structure({ path: S3Location, kmsKeyArn: optional(KmsKeyArn) })
const JobInput = structure({ s3DataSource: S3DataConfig })
const JobOutput = structure({ s3DataDestination: S3DataConfig })
const JobConfig = structure({
  itemExplorationConfig: optional(HyperParameters),
  rankingInfluence: optional(map(enumeration(['POPULARITY', 'FRESHNESS']), double({ min: 0, max: 1 }))),
})
const JobMode = enumeration(['BATCH_INFERENCE', 'THEME_GENERATION'])
const ThemeGenerationConfig = structure({ fieldsForThemeGeneration: structure({ itemName: ColumnName }) })

const summary = {
  batchInferenceJobArn: optional(Arn),
  jobName: optional(Name),
  status: optional(Status),
  ...dates,
  failureReason: optional(FailureReason),
  solutionVersionArn: optional(Arn),
  batchInferenceJobMode: optional(JobMode),
}

const createBatchInferenceJob = creating('CreateBatchInferenceJob', batchInferenceJob, {
  input: {
    jobName: Name,
    solutionVersionArn: Arn,
    filterArn: optional(Arn),
    numResults: optional(integer()),
    jobInput: JobInput,
    jobOutput: JobOutput,
    roleArn: RoleArn,
    batchInferenceJobConfig: optional(JobConfig),
    batchInferenceJobMode: optional(JobMode),
    themeGenerationConfig: optional(ThemeGenerationConfig),
  },
  differences:
    'The themes of batchInferenceJobMode THEME_GENERATION are phrases of the names and categories of the items, made here: nothing is sent anywhere. kmsKeyArn is kept and shown: the store encrypts as it is set up to.',
  async make(input, resources) {
    const version = await resources.getActive(solutionVersion, input.solutionVersionArn)
    const recipe = recipeOfVersion(version)
    if (!recipe.batch) {
      refuse(
        `The solution version ${version.arn} is of ${recipe.name}: that recipe does not support batch inference jobs.`,
      )
    }
    const numResults = input.numResults ?? RESULTS_DEFAULT
    if (numResults < 1 || numResults > RESULTS_MAX) {
      refuse(`numResults was ${numResults}: 1 to ${RESULTS_MAX} was expected.`)
    }
    checkConfig(input.batchInferenceJobConfig ?? {}, recipe)
    const { datasetGroupArn } = version.body
    const filter =
      input.filterArn === undefined
        ? undefined
        : await filterOfJob(resources, input.filterArn, datasetGroupArn, recipe.batch.record)
    const themes = await themesOf(input, recipe.name, datasetGroupArn, resources)
    const { model } = version.hidden
    if (model === undefined) throw new Error(`${version.arn} is ACTIVE and has no model`)
    const newItems = await newItemsSince(resources, version)
    return {
      parent: version.arn,
      body: { ...input, numResults, batchInferenceJobMode: input.batchInferenceJobMode ?? 'BATCH_INFERENCE' },
      hidden: {
        model,
        recipe: recipe.name,
        ...(filter && { filter }),
        ...(themes && { themes }),
        ...(newItems && { newItems }),
      },
    }
  },
})

interface ThemesAsked {
  readonly batchInferenceJobMode?: TypeOf<typeof JobMode> | undefined
  readonly themeGenerationConfig?: TypeOf<typeof ThemeGenerationConfig> | undefined
}

/** What themes are made of, as it is now; undefined where none are asked for. Throws InvalidInputException. */
async function themesOf(
  { batchInferenceJobMode, themeGenerationConfig }: ThemesAsked,
  recipe: string,
  group: string,
  resources: Resources,
): Promise<ThemeSources | undefined> {
  if (batchInferenceJobMode !== 'THEME_GENERATION') {
    if (themeGenerationConfig)
      refuse('themeGenerationConfig was given: it goes with batchInferenceJobMode THEME_GENERATION only.')
    return undefined
  }
  if (recipe !== 'aws-similar-items') {
    refuse(
      `batchInferenceJobMode was THEME_GENERATION: it needs a solution version of aws-similar-items, this one is of ${recipe}.`,
    )
  }
  const at = 'themeGenerationConfig.fieldsForThemeGeneration.itemName'
  if (!themeGenerationConfig)
    refuse(`batchInferenceJobMode was THEME_GENERATION: it needs ${at}, the column of ITEMS with the items' names.`)
  const { itemName } = themeGenerationConfig.fieldsForThemeGeneration
  const { schemas, texts, imports } = await groupData(resources, group)
  const columns = schemas.get('ITEMS')?.columns
  if (!columns)
    refuse(`batchInferenceJobMode was THEME_GENERATION: the dataset group ${group} has no dataset of type ITEMS.`)
  const strings = columns.filter(({ type, name }) => type === 'string' && name !== 'ITEM_ID').map(({ name }) => name)
  if (!strings.includes(itemName))
    refuse(
      `${at} was '${itemName}': a column of strings in the schema of ITEMS was expected, which has ${strings.join(', ') || 'none'}.`,
    )
  if (!columns.some(({ textual }) => textual))
    refuse('batchInferenceJobMode was THEME_GENERATION: the schema of ITEMS has no field with "textual": true.')
  return { itemName, schema: texts.get('ITEMS')!, imports: imports.get('ITEMS')! }
}

function checkConfig(config: TypeOf<typeof JobConfig>, { name: recipe, text }: Recipe): void {
  if (config.rankingInfluence !== undefined && !text) {
    refuse(
      `batchInferenceJobConfig.rankingInfluence was given: it is for aws-semantic-similarity, this solution version is of ${recipe}.`,
    )
  }
  if (config.itemExplorationConfig === undefined) return
  if (recipe !== 'aws-user-personalization') {
    refuse(
      `batchInferenceJobConfig.itemExplorationConfig was given: it is for aws-user-personalization, this solution version is of ${recipe}.`,
    )
  }
  checkExploration(campaignExploration, config.itemExplorationConfig, 'batchInferenceJobConfig.itemExplorationConfig')
}

const describeBatchInferenceJob = describing('DescribeBatchInferenceJob', batchInferenceJob, {
  ...summary,
  filterArn: optional(Arn),
  numResults: optional(integer()),
  jobInput: optional(JobInput),
  jobOutput: optional(JobOutput),
  batchInferenceJobConfig: optional(JobConfig),
  roleArn: optional(RoleArn),
  themeGenerationConfig: optional(ThemeGenerationConfig),
})

const listBatchInferenceJobs = listing('ListBatchInferenceJobs', batchInferenceJob, summary, {
  within: 'solutionVersionArn',
})

export const batchInferenceJobOperations = [createBatchInferenceJob, describeBatchInferenceJob, listBatchInferenceJobs]
