/**
 * Every type of resource, declared once: its place in the ARN, what it hangs on, its lifecycle, the work that makes it and the work that
 * deletes it, and how many there may be. `Body` is what Describe shows besides ARN, status and dates; `Hidden` is ours alone.
 */
import { assert } from '../lib/assert.ts'
import type { Json } from '../lib/json.ts'
import { deletable, type Lifecycle, permanent, stoppable } from './lifecycle.ts'
import { type Limit, limits } from './limits.ts'

export interface ResourceType<Body, Hidden> {
  readonly type: string
  /** Its word in the ARN, where that is not `type`: `arn:aws:personalize:REGION:ACCOUNT:dataset-group/NAME`. */
  readonly arnWord?: string
  /** The Describe member that carries the ARN. */
  readonly arnMember: string
  /** Absent: usable at once and without a status. */
  readonly lifecycle?: Lifecycle
  readonly work?: { readonly create: string; readonly delete?: string }
  readonly limit?: Limit
  readonly taggable: boolean
  /** Types only. */
  readonly shape?: { body: Body; hidden: Hidden }
}

const resource = <Body, Hidden = Record<string, never>>(
  declared: ResourceType<Body, Hidden>,
): ResourceType<Body, Hidden> => declared

export type Domain = 'ECOMMERCE' | 'VIDEO_ON_DEMAND'

export interface SchemaBody {
  readonly name: string
  readonly schema: string
  readonly domain?: Domain | undefined
}
export const schema = resource<SchemaBody>({ type: 'schema', arnMember: 'schemaArn', taggable: false })

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
  work: { create: 'makeReady', delete: 'forget' },
  taggable: true,
})

export type DatasetTypeName = 'INTERACTIONS' | 'ITEMS' | 'USERS' | 'ACTIONS' | 'ACTION_INTERACTIONS'
export interface DatasetBody {
  readonly name: string
  readonly datasetGroupArn: string
  readonly datasetType: DatasetTypeName
  readonly schemaArn: string
}
/** One successful import: Parquet objects in the artifacts bucket, rows in file order. */
export interface ImportedData {
  readonly parts: readonly string[]
  readonly rowCount: number
}
/** `imports` is all the bulk data there is: the last FULL import and the INCREMENTAL ones since, oldest first. */
export const dataset = resource<DatasetBody, { readonly imports: readonly ImportedData[] }>({
  type: 'dataset',
  arnMember: 'datasetArn',
  lifecycle: deletable,
  work: { create: 'makeReady', delete: 'forget' },
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
export const datasetImportJob = resource<DatasetImportJobBody>({
  type: 'dataset-import-job',
  arnMember: 'datasetImportJobArn',
  lifecycle: permanent,
  work: { create: 'importDataset' },
  limit: limits.pendingImportJobs,
  taggable: true,
})

export interface SolutionBody {
  readonly name: string
  readonly performHPO: boolean
  readonly performAutoML: boolean
  readonly performAutoTraining: boolean
  readonly performIncrementalUpdate: boolean
  readonly recipeArn: string
  readonly datasetGroupArn: string
  readonly eventType?: string | undefined
  readonly solutionConfig?: SolutionConfigBody | undefined
}
export interface SolutionConfigBody {
  readonly eventValueThreshold?: string | undefined
  readonly algorithmHyperParameters?: Record<string, string> | undefined
  readonly featureTransformationParameters?: Record<string, string> | undefined
  readonly [member: string]: Json | undefined
}
export const solution = resource<SolutionBody>({
  type: 'solution',
  arnMember: 'solutionArn',
  lifecycle: deletable,
  work: { create: 'makeReady', delete: 'forget' },
  taggable: true,
})

export interface SolutionVersionBody extends Omit<SolutionBody, 'solutionConfig' | 'performAutoTraining'> {
  readonly solutionArn: string
  readonly solutionConfig: SolutionConfigBody
  readonly trainingMode: 'FULL'
  readonly trainingType: 'MANUAL'
  readonly trainingHours?: number | undefined
}
/** `data` is what was imported when the version was asked for; later imports do not change it. The rest is there once ACTIVE. */
export interface SolutionVersionHidden {
  readonly data: { readonly interactions: readonly ImportedData[]; readonly items: readonly ImportedData[] }
  readonly model?: string
  readonly metrics?: Record<string, number>
  readonly baselineMetrics?: Record<string, number>
}
export const solutionVersion = resource<SolutionVersionBody, SolutionVersionHidden>({
  type: 'solution-version',
  arnWord: 'solution',
  arnMember: 'solutionVersionArn',
  lifecycle: stoppable,
  work: { create: 'trainSolutionVersion' },
  limit: limits.pendingSolutionVersions,
  taggable: true,
})

export interface BatchInferenceJobBody {
  readonly jobName: string
  readonly solutionVersionArn: string
  readonly numResults: number
  readonly jobInput: { readonly s3DataSource: S3Path }
  readonly jobOutput: { readonly s3DataDestination: S3Path }
  readonly roleArn: string
  readonly batchInferenceJobConfig?: Json | undefined
  readonly batchInferenceJobMode: 'BATCH_INFERENCE'
}
interface S3Path {
  readonly path: string
  readonly kmsKeyArn?: string | undefined
}
export const batchInferenceJob = resource<BatchInferenceJobBody, { readonly model: string; readonly recipe: string }>({
  type: 'batch-inference-job',
  arnMember: 'batchInferenceJobArn',
  lifecycle: permanent,
  work: { create: 'batchInference' },
  limit: limits.pendingBatchInferenceJobs,
  taggable: true,
})

const types = [
  schema,
  datasetGroup,
  dataset,
  datasetImportJob,
  solution,
  solutionVersion,
  batchInferenceJob,
] as readonly ResourceType<unknown, unknown>[]

export function typeNamed(name: string): ResourceType<unknown, unknown> {
  const found = types.find(({ type }) => type === name)
  assert(found, `no resource type is called ${name}`)
  return found
}
