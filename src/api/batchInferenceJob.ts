/** Batch inference jobs: recommendations for every record of the input files. ACTIVE means done; there is no stop and no delete. */
import { newItemsSince } from '../jobs/newItems.ts'
import { double, enumeration, integer, map, optional, structure, type TypeOf } from '../protocol/shape.ts'
import { batchInferenceJob, solutionVersion } from '../resources/types.ts'
import { campaignExploration, checkExploration } from './exploration.ts'
import { filterOfJob } from './filter.ts'
import { creating, describing, listing } from './nounOperations.ts'
import { recipeOf } from './recipe.ts'
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
    'batchInferenceJobMode THEME_GENERATION is refused. kmsKeyArn is kept and shown: the store encrypts as it is set up to.',
  async make(input, resources) {
    const version = await resources.getActive(solutionVersion, input.solutionVersionArn)
    const recipe = recipeOf(version.body.recipeArn)
    if (!recipe.batch) {
      refuse(
        `The solution version ${version.arn} is of ${recipe.name}: that recipe does not support batch inference jobs.`,
      )
    }
    const numResults = input.numResults ?? RESULTS_DEFAULT
    if (numResults < 1 || numResults > RESULTS_MAX) {
      refuse(`numResults was ${numResults}: 1 to ${RESULTS_MAX} was expected.`)
    }
    checkMode(input.batchInferenceJobMode ?? 'BATCH_INFERENCE', input.themeGenerationConfig !== undefined, recipe.name)
    checkConfig(input.batchInferenceJobConfig ?? {}, recipe.name)
    const { datasetGroupArn } = version.body
    const filter =
      input.filterArn === undefined
        ? undefined
        : await filterOfJob(resources, input.filterArn, datasetGroupArn, recipe.batch.record)
    const { model } = version.hidden
    if (model === undefined) throw new Error(`${version.arn} is ACTIVE and has no model`)
    const newItems = await newItemsSince(resources, version)
    return {
      parent: version.arn,
      body: { ...input, numResults, batchInferenceJobMode: 'BATCH_INFERENCE' as const },
      hidden: { model, recipe: recipe.name, ...(filter && { filter }), ...(newItems && { newItems }) },
    }
  },
})

function checkMode(mode: TypeOf<typeof JobMode>, themed: boolean, recipe: string): void {
  if (mode === 'THEME_GENERATION') {
    refuse(
      `batchInferenceJobMode was THEME_GENERATION: it needs a solution version of aws-similar-items, this one is of ${recipe}.`,
    )
  }
  if (themed) {
    refuse('themeGenerationConfig was given: it goes with batchInferenceJobMode THEME_GENERATION only.')
  }
}

function checkConfig(config: TypeOf<typeof JobConfig>, recipe: string): void {
  if (config.rankingInfluence !== undefined) {
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
