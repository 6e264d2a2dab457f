/**
 * Every type of resource, declared once: its place in the ARN, what it hangs on, its lifecycle, the work that makes it and the work that
 * deletes it, and how many there may be. `Body` is what Describe shows besides ARN, status and dates; `Hidden` is ours alone.
 */
import { assert } from '../lib/assert.ts'
import type { Json } from '../lib/json.ts'
import {
  datasetUpdate,
  deletable,
  deletionJob,
  type Lifecycle,
  permanent,
  redeployable,
  type Status,
  startable,
  stoppable,
  type UpdateSummary,
  updatable,
} from './lifecycle.ts'
import { type Limit, limits } from './limits.ts'

export interface ResourceType<Body, Hidden> {
  readonly type: string
  /** The ARN's part after the account, as a person reads it; `TYPE/NAME` by default. Its first word and its number of parts tell types apart. */
  readonly arnForm?: string
  /** The Describe member that carries the ARN. */
  readonly arnMember: string
  /** Absent: usable at once and without a status. */
  readonly lifecycle?: Lifecycle
  /** Kinds of work: what makes it real, and what the requests to delete, stop and start it cause. */
  readonly work?: { readonly create: string; readonly delete?: string; readonly stop?: string; readonly start?: string }
  /** A change after creation that takes its time: Resources.requestUpdate. */
  readonly update?: {
    /** The member of the body that tells of it: `latestDatasetUpdate`. */
    readonly member: string
    /** Of the status in that member. */
    readonly lifecycle: Lifecycle
    /** The kind of work that does it. */
    readonly work: string
    /** In which statuses of the resource it may be asked for. */
    readonly from: readonly Status[]
  }
  readonly limit?: Limit
  readonly taggable: boolean
  /** Types only. */
  readonly shape?: { body: Body; hidden: Hidden }
}

const resource = <Body, Hidden = Record<string, never>>(
  declared: ResourceType<Body, Hidden>,
): ResourceType<Body, Hidden> => declared

/** What is nothing but its record: ACTIVE as soon as the engine gets to it, gone as soon. */
const recordAlone = { create: 'makeReady', delete: 'forget' } as const

/** An update with the words of creation, in a member of its own: the resource's status does not tell of it. */
const updateBeside = (member: string, work: string, from: readonly Status[] = ['ACTIVE']) => ({
  member,
  lifecycle: permanent,
  work,
  from,
})

/** An update that the resource's status tells of too. */
const updateWithin = (member: string, work: string) => ({
  member,
  lifecycle: datasetUpdate,
  work,
  from: ['ACTIVE'] as const,
})

/** What was asked for, and how far it is; absent before the first update. */
type Updating<Asked> = (Asked & UpdateSummary) | undefined

export type Domain = 'ECOMMERCE' | 'VIDEO_ON_DEMAND'

export interface SchemaBody {
  readonly name: string
  readonly schema: string
  readonly domain?: Domain | undefined
}
export const schema = resource<SchemaBody>({
  type: 'schema',
  arnMember: 'schemaArn',
  limit: limits.schemas,
  taggable: false,
})

export interface DatasetGroupBody {
  readonly name: string
  readonly domain?: Domain | undefined
  readonly roleArn?: string | undefined
  readonly kmsKeyArn?: string | undefined
}
export const datasetGroup = resource<DatasetGroupBody>({
  type: 'dataset-group',
  arnMember: 'datasetGroupArn',
  lifecycle: deletable,
  work: recordAlone,
  limit: limits.datasetGroups,
  taggable: true,
})

export type DatasetTypeName = 'INTERACTIONS' | 'ITEMS' | 'USERS' | 'ACTIONS' | 'ACTION_INTERACTIONS'
export interface DatasetBody {
  readonly name: string
  readonly datasetGroupArn: string
  readonly datasetType: DatasetTypeName
  readonly schemaArn: string
  readonly latestDatasetUpdate?: Updating<{ readonly schemaArn: string }>
}
/** One successful import: Parquet objects in the artifacts bucket, rows in file order. */
export interface ImportedData {
  readonly parts: readonly string[]
  readonly rowCount: number
}
/** `imports` is all the bulk data there is: the last FULL import and the INCREMENTAL ones since, oldest first. */
export interface DatasetHidden {
  readonly imports: readonly ImportedData[]
  /** When data last came in. */
  readonly arrivedMs?: number
}
export const dataset = resource<DatasetBody, DatasetHidden>({
  type: 'dataset',
  arnForm: 'dataset/GROUP/TYPE',
  arnMember: 'datasetArn',
  lifecycle: updatable,
  work: recordAlone,
  update: updateWithin('latestDatasetUpdate', 'updateDataset'),
  taggable: true,
})

export interface DatasetImportJobBody {
  readonly jobName: string
  readonly datasetArn: string
  readonly dataSource: { readonly dataLocation?: string | undefined }
  readonly roleArn?: string | undefined
  readonly importMode: 'FULL' | 'INCREMENTAL'
  readonly publishAttributionMetricsToS3?: boolean | undefined
}
/** `reads`: what the work reads, which is kept until it has ended, whatever becomes of the dataset (jobs/sweep.ts). */
export interface ReadingHidden {
  readonly reads?: readonly ImportedData[]
}
export const datasetImportJob = resource<DatasetImportJobBody, ReadingHidden>({
  type: 'dataset-import-job',
  arnMember: 'datasetImportJobArn',
  lifecycle: permanent,
  work: { create: 'importDataset' },
  limit: limits.pendingImportJobs,
  taggable: true,
})

export interface DatasetExportJobBody {
  readonly jobName: string
  readonly datasetArn: string
  readonly ingestionMode: 'BULK' | 'PUT' | 'ALL'
  readonly roleArn: string
  readonly jobOutput: { readonly s3DataDestination: S3Path }
}
export const datasetExportJob = resource<DatasetExportJobBody, ReadingHidden>({
  type: 'dataset-export-job',
  arnMember: 'datasetExportJobArn',
  lifecycle: permanent,
  work: { create: 'exportDataset' },
  limit: limits.pendingExportJobs,
  taggable: true,
})

export interface DataDeletionJobBody {
  readonly jobName: string
  readonly datasetGroupArn: string
  readonly dataSource: { readonly dataLocation?: string | undefined }
  readonly roleArn: string
  /** Once COMPLETED. */
  readonly numDeleted?: number
}
export const dataDeletionJob = resource<DataDeletionJobBody, ReadingHidden & { readonly models?: readonly string[] }>({
  type: 'data-deletion-job',
  arnMember: 'dataDeletionJobArn',
  lifecycle: deletionJob,
  work: { create: 'deleteUsers' },
  limit: limits.pendingDataDeletionJobs,
  taggable: true,
})

export interface Metric {
  readonly eventType: string
  readonly metricName: string
  readonly expression: string
}
export interface MetricAttributionConfig {
  /** In the order in which they were added; `number` grows with every one. */
  readonly metrics: readonly (Metric & { readonly number: number })[]
  readonly metricsOutputConfig: { readonly roleArn: string; readonly s3DataDestination?: S3Path | undefined }
}
export interface MetricAttributionBody extends MetricAttributionConfig {
  readonly name: string
  readonly datasetGroupArn: string
  /** No answer shows it: the reference tells of updates by the status alone. */
  readonly latestUpdate?: Updating<MetricAttributionConfig>
}
export const metricAttribution = resource<MetricAttributionBody>({
  type: 'metric-attribution',
  arnMember: 'metricAttributionArn',
  lifecycle: updatable,
  work: recordAlone,
  update: updateWithin('latestUpdate', 'updateMetricAttribution'),
  limit: limits.metricAttributions,
  taggable: false,
})

export interface SolutionBody {
  readonly name: string
  readonly performHPO: boolean
  readonly performAutoML: boolean
  readonly performAutoTraining: boolean
  readonly performIncrementalUpdate: boolean
  /** Absent with performAutoML: each version finds its own. */
  readonly recipeArn?: string | undefined
  readonly datasetGroupArn: string
  readonly eventType?: string | undefined
  readonly solutionConfig?: SolutionConfigBody | undefined
  readonly latestSolutionUpdate?: Updating<SolutionUpdate>
}
export interface SolutionConfigBody {
  readonly eventValueThreshold?: string | undefined
  readonly algorithmHyperParameters?: Record<string, string> | undefined
  readonly featureTransformationParameters?: Record<string, string> | undefined
  readonly autoTrainingConfig?: { readonly schedulingExpression?: string | undefined } | undefined
  readonly trainingDataConfig?: TrainingDataConfigBody | undefined
  readonly eventsConfig?: EventsConfigBody | undefined
  readonly optimizationObjective?: ObjectiveBody | undefined
  readonly hpoConfig?: HpoConfigBody | undefined
  readonly autoMLConfig?: AutoMLConfigBody | undefined
  readonly [member: string]: Json | undefined
}
export type AutoMLConfigBody = {
  readonly metricName?: string | undefined
  readonly recipeList?: string[] | undefined
}
export type HpoConfigBody = {
  readonly hpoResourceConfig?: { readonly maxNumberOfTrainingJobs?: string | undefined } | undefined
  readonly algorithmHyperParameterRanges?:
    | {
        readonly integerHyperParameterRanges?: HpoNumberRange[] | undefined
        readonly continuousHyperParameterRanges?: HpoNumberRange[] | undefined
        readonly categoricalHyperParameterRanges?:
          | { readonly name?: string | undefined; readonly values?: string[] | undefined }[]
          | undefined
      }
    | undefined
}
type HpoNumberRange = {
  readonly name?: string | undefined
  readonly minValue?: number | undefined
  readonly maxValue?: number | undefined
}
export type ObjectiveBody = {
  readonly itemAttribute?: string | undefined
  readonly objectiveSensitivity?: string | undefined
}
export type EventsConfigBody = {
  readonly eventParametersList?: EventParametersBody[] | undefined
}
export type EventParametersBody = {
  readonly eventType?: string | undefined
  readonly eventValueThreshold?: number | undefined
  readonly weight?: number | undefined
}
/** Columns by dataset type, in whatever case. */
export type TrainingDataConfigBody = {
  readonly includedDatasetColumns?: Record<string, string[]> | undefined
  readonly excludedDatasetColumns?: Record<string, string[]> | undefined
}
/** What is asked for, and the same members that the solution has once the update is ACTIVE. */
export interface SolutionUpdate {
  readonly performAutoTraining: boolean
  readonly performIncrementalUpdate: boolean
  readonly solutionUpdateConfig?: { readonly [member: string]: Json | undefined } | undefined
}
export interface SolutionHidden {
  /** The last moment of the schedule of automatic training that was decided about (jobs/autoTraining.ts). */
  readonly decidedMs?: number
  /** Columns that came with a later schema, by dataset type: not for this solution (lifecycle.md §6). */
  readonly laterColumns?: { readonly [type in DatasetTypeName]?: readonly string[] }
}
export const solution = resource<SolutionBody, SolutionHidden>({
  type: 'solution',
  arnMember: 'solutionArn',
  lifecycle: deletable,
  work: recordAlone,
  update: updateBeside('latestSolutionUpdate', 'updateSolution'),
  limit: limits.solutions,
  taggable: true,
})

export interface SolutionVersionBody extends Omit<SolutionBody, 'solutionConfig' | 'performAutoTraining'> {
  readonly solutionArn: string
  /** With performAutoML once it is ACTIVE. */
  readonly recipeArn?: string | undefined
  readonly solutionConfig: SolutionConfigBody
  readonly trainingMode: 'FULL' | 'UPDATE'
  readonly trainingType: 'AUTOMATIC' | 'MANUAL'
  readonly trainingHours?: number | undefined
  readonly tunedHPOParams?: { readonly algorithmHyperParameters: Readonly<Record<string, string>> } | undefined
}
/** The bulk data of a group, and of what ITEMS, USERS and the contexts of INTERACTIONS tell the columns that are learnt from, with the schema (Avro JSON) they are of. */
export interface TrainingSources {
  readonly interactions: readonly ImportedData[]
  readonly items: readonly ImportedData[]
  readonly users: readonly ImportedData[]
  readonly metadata: { readonly [type in 'INTERACTIONS' | 'ITEMS' | 'USERS']?: LearntColumns | undefined }
  /** The solution leaves the column IMPRESSION of INTERACTIONS out. */
  readonly withoutImpressions?: true
  /** Of groups with a dataset ACTIONS. */
  readonly actions?: {
    readonly imports: readonly ImportedData[]
    /** Avro JSON. */
    readonly schema: string
    /** Of ACTION_INTERACTIONS. */
    readonly events: readonly ImportedData[]
  }
}
export interface LearntColumns {
  readonly schema: string
  readonly columns: readonly string[]
}
export interface TrainedModel {
  readonly model: string
  readonly metrics: Record<string, number>
  readonly baselineMetrics: Record<string, number>
}
/** `data` is what was imported when the version was asked for; later imports do not change it. The rest is there once ACTIVE. */
export interface SolutionVersionHidden {
  readonly data: TrainingSources
  /** Of trainingMode UPDATE: the version of trainingMode FULL that it starts from. */
  readonly base?: TrainedModel
  readonly model?: string
  readonly metrics?: Record<string, number>
  readonly baselineMetrics?: Record<string, number>
}
export const solutionVersion = resource<SolutionVersionBody, SolutionVersionHidden>({
  type: 'solution-version',
  arnForm: 'solution/NAME/ID',
  arnMember: 'solutionVersionArn',
  lifecycle: stoppable,
  work: { create: 'trainSolutionVersion' },
  limit: limits.pendingSolutionVersions,
  taggable: true,
})

export interface FilterBody {
  readonly name: string
  readonly datasetGroupArn: string
  readonly filterExpression: string
}
/** Schemas are Avro JSON; both by dataset type, and only what the expression needs. */
export interface FilterSnapshot {
  readonly expression: string
  readonly schemas: Readonly<Partial<Record<DatasetTypeName, string>>>
  readonly imports: Readonly<Partial<Record<DatasetTypeName, readonly ImportedData[]>>>
}
/** `fields`: the dataset fields it names, which are counted over a group. */
export const filter = resource<FilterBody, { readonly fields: readonly string[] }>({
  type: 'filter',
  arnMember: 'filterArn',
  lifecycle: deletable,
  work: recordAlone,
  limit: limits.filters,
  taggable: true,
})

export interface BatchInferenceJobConfigBody {
  readonly itemExplorationConfig?: Record<string, string> | undefined
  readonly rankingInfluence?: Record<string, number> | undefined
}
export interface BatchInferenceJobBody {
  readonly jobName: string
  readonly solutionVersionArn: string
  readonly numResults: number
  readonly jobInput: { readonly s3DataSource: S3Path }
  readonly jobOutput: { readonly s3DataDestination: S3Path }
  readonly roleArn: string
  readonly batchInferenceJobConfig?: BatchInferenceJobConfigBody | undefined
  readonly batchInferenceJobMode: 'BATCH_INFERENCE' | 'THEME_GENERATION'
  readonly themeGenerationConfig?: { readonly fieldsForThemeGeneration: { readonly itemName: string } } | undefined
  readonly filterArn?: string | undefined
}
/** What is written about the items: the column of their names, ITEMS' schema (Avro JSON) and imports. */
export interface ThemeSources {
  readonly itemName: string
  readonly schema: string
  readonly imports: readonly ImportedData[]
}
/** `filter` is the expression with the data it is carried out on, as they were when the job was asked for; so are `themes`. */
export interface BatchInferenceJobHidden {
  readonly model: string
  /** Has items that the model has not. */
  readonly newItems?: TrainingSources
  readonly recipe: string
  readonly filter?: FilterSnapshot
  readonly themes?: ThemeSources
}
interface S3Path {
  readonly path: string
  readonly kmsKeyArn?: string | undefined
}
export const batchInferenceJob = resource<BatchInferenceJobBody, BatchInferenceJobHidden>({
  type: 'batch-inference-job',
  arnMember: 'batchInferenceJobArn',
  lifecycle: permanent,
  work: { create: 'batchInference' },
  limit: limits.pendingBatchInferenceJobs,
  taggable: true,
})

export interface BatchSegmentJobBody {
  readonly jobName: string
  readonly solutionVersionArn: string
  readonly numResults: number
  readonly jobInput: { readonly s3DataSource: S3Path }
  readonly jobOutput: { readonly s3DataDestination: S3Path }
  readonly filterArn?: string | undefined
  readonly roleArn: string
}
/** What ITEMS was when the solution version was asked for. */
export interface SegmentItems {
  /** Avro JSON. */
  readonly schema: string
  readonly imports: readonly ImportedData[]
}
/** `items`: where the records name attributes. */
export interface BatchSegmentJobHidden {
  readonly model: string
  readonly record: 'itemId' | 'itemAttributes'
  readonly items?: SegmentItems
  readonly filter?: FilterSnapshot
}
export const batchSegmentJob = resource<BatchSegmentJobBody, BatchSegmentJobHidden>({
  type: 'batch-segment-job',
  arnMember: 'batchSegmentJobArn',
  lifecycle: permanent,
  work: { create: 'batchSegment' },
  limit: limits.pendingBatchSegmentJobs,
  taggable: true,
})

export interface EventTrackerBody {
  readonly name: string
  readonly accountId: string
  readonly trackingId: string
  readonly datasetGroupArn: string
}
export const eventTracker = resource<EventTrackerBody>({
  type: 'event-tracker',
  arnForm: 'event-tracker/ID',
  arnMember: 'eventTrackerArn',
  lifecycle: deletable,
  work: recordAlone,
  limit: limits.eventTrackers,
  taggable: true,
})

/** Which model answers, and how. */
export interface Deployment {
  readonly solutionVersionArn: string
  readonly minProvisionedTPS: number
  readonly campaignConfig?: CampaignConfigBody | undefined
}
export interface CampaignConfigBody {
  readonly itemExplorationConfig?: Record<string, string> | undefined
  readonly enableMetadataWithRecommendations?: boolean | undefined
  readonly syncWithLatestSolutionVersion?: boolean | undefined
  readonly rankingInfluence?: Record<string, number> | undefined
}
export interface CampaignBody extends Deployment {
  readonly name: string
  readonly latestCampaignUpdate?: Updating<Deployment>
}
/** The body's own deployment answers until that of an update is ACTIVE. Hangs on its solution: a version of another cannot be deployed. */
export const campaign = resource<CampaignBody>({
  type: 'campaign',
  arnMember: 'campaignArn',
  lifecycle: redeployable,
  work: { create: 'deployCampaign', delete: 'forget' },
  update: updateBeside('latestCampaignUpdate', 'redeployCampaign', ['ACTIVE', 'CREATE FAILED']),
  limit: limits.campaigns,
  taggable: true,
})

export interface RecommenderConfigBody {
  readonly itemExplorationConfig?: Record<string, string> | undefined
  readonly minRecommendationRequestsPerSecond: number
  readonly trainingDataConfig?: TrainingDataConfigBody | undefined
  readonly enableMetadataWithRecommendations?: boolean | undefined
}
export interface RecommenderBody {
  readonly name: string
  readonly datasetGroupArn: string
  readonly recipeArn: string
  readonly recommenderConfig: RecommenderConfigBody
  readonly latestRecommenderUpdate?: Updating<RecommenderUpdate>
}
export interface RecommenderUpdate {
  readonly recommenderConfig: RecommenderConfigBody
  /** Whether it needs another model. No answer shows this. */
  readonly retrain: boolean
}
/** `data` is what the last training that began reads; the rest is there once one has ended well. */
export interface RecommenderHidden {
  readonly data?: TrainingSources
  readonly model?: string
  readonly metrics?: Record<string, number>
  /** When a training that nobody asked for was last begun (jobs/autoRetraining.ts). */
  readonly decidedMs?: number
}
export const recommender = resource<RecommenderBody, RecommenderHidden>({
  type: 'recommender',
  arnMember: 'recommenderArn',
  lifecycle: startable,
  work: { create: 'trainRecommender', delete: 'forget', stop: 'stopRecommender', start: 'startRecommender' },
  update: updateBeside('latestRecommenderUpdate', 'updateRecommender'),
  limit: limits.recommenders,
  taggable: true,
})

export const types = [
  schema,
  datasetGroup,
  dataset,
  datasetImportJob,
  datasetExportJob,
  dataDeletionJob,
  metricAttribution,
  solution,
  solutionVersion,
  batchInferenceJob,
  batchSegmentJob,
  filter,
  eventTracker,
  campaign,
  recommender,
] as readonly ResourceType<unknown, unknown>[]

export function typeNamed(name: string): ResourceType<unknown, unknown> {
  const found = types.find(({ type }) => type === name)
  assert(found, `no resource type is called ${name}`)
  return found
}
