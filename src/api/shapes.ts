/** Shapes that several operations share. Names and limits are those of the interface model. */
import {
  boolean,
  double,
  enumeration,
  integer,
  list,
  map,
  optional,
  string,
  structure,
  timestamp,
} from '../protocol/shape.ts'

export const Name = string({ min: 1, max: 63, pattern: '^[a-zA-Z0-9][a-zA-Z0-9\\-_]*' })
export const Arn = string({ max: 256, pattern: 'arn:([a-z\\d-]+):personalize:.*:.*:.+' })
export const RoleArn = string({ max: 256, pattern: 'arn:([a-z\\d-]+):iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+' })
export const KmsKeyArn = string({ max: 2048, pattern: 'arn:aws.*:kms:.*:[0-9]{12}:key/.*' })
export const Domain = enumeration(['ECOMMERCE', 'VIDEO_ON_DEMAND'])
export const Status = string({ max: 256 })
export const FailureReason = string()
export const S3Location = string({ max: 256, pattern: '(s3|http|https)://.+' })
/** Where a job reads. */
export const DataSource = structure({ dataLocation: optional(S3Location) })
export const S3DataConfig = structure({ path: S3Location, kmsKeyArn: optional(KmsKeyArn) })
export const NextToken = string({ max: 1500, pattern: '\\p{ASCII}{0,1500}' })
const MaxResults = integer({ min: 1, max: 100 })

const TAG_PATTERN = '^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$'
export const TagKey = string({ min: 1, max: 128, pattern: TAG_PATTERN, sensitive: true })
export const Tags = list(
  structure({
    tagKey: TagKey,
    tagValue: string({ min: 0, max: 256, pattern: TAG_PATTERN, sensitive: true }),
  }),
  { min: 0, max: 200 },
)

export const ParameterName = string({ max: 256 })
/** Hyperparameters and exploration settings: numbers and booleans travel as strings. */
export const HyperParameters = map(ParameterName, string({ max: 1000 }), { max: 100 })
export const ColumnName = string({ max: 150, pattern: '[A-Za-z_][A-Za-z\\d_]*' })
export const DatasetType = string({ max: 256, pattern: '^[A-Za-z_]+$' })
export const EventType = string({ max: 256 })

export const EventsConfig = structure({
  eventParametersList: optional(
    list(
      structure({
        eventType: optional(EventType),
        eventValueThreshold: optional(double()),
        weight: optional(double({ min: 0, max: 1 })),
      }),
      { max: 10 },
    ),
  ),
})
export const AutoTrainingConfig = structure({
  schedulingExpression: optional(string({ min: 1, max: 16, pattern: 'rate\\(\\d+ days?\\)' })),
})
const Columns = map(DatasetType, list(ColumnName, { max: 50 }), { max: 3 })
export const TrainingDataConfig = structure({
  excludedDatasetColumns: optional(Columns),
  includedDatasetColumns: optional(Columns),
})
export const MetricName = string({ max: 256 })

const HyperParameterRanges = structure({
  integerHyperParameterRanges: optional(
    list(
      structure({
        name: optional(ParameterName),
        minValue: optional(integer({ min: -1_000_000 })),
        maxValue: optional(integer({ max: 1_000_000 })),
      }),
      { max: 100 },
    ),
  ),
  continuousHyperParameterRanges: optional(
    list(
      structure({
        name: optional(ParameterName),
        minValue: optional(double({ min: -1_000_000 })),
        // A minimum where one would expect a maximum: that is what the interface model says.
        maxValue: optional(double({ min: -1_000_000 })),
      }),
      { max: 100 },
    ),
  ),
  categoricalHyperParameterRanges: optional(
    list(structure({ name: optional(ParameterName), values: optional(list(string({ max: 1000 }), { max: 100 })) }), {
      max: 100,
    }),
  ),
})

export const SolutionConfig = structure({
  eventValueThreshold: optional(string({ max: 256 })),
  hpoConfig: optional(
    structure({
      hpoObjective: optional(
        structure({
          type: optional(string({ max: 256 })),
          metricName: optional(MetricName),
          metricRegex: optional(string({ max: 256 })),
        }),
      ),
      hpoResourceConfig: optional(
        structure({
          maxNumberOfTrainingJobs: optional(string({ max: 256 })),
          maxParallelTrainingJobs: optional(string({ max: 256 })),
        }),
      ),
      algorithmHyperParameterRanges: optional(HyperParameterRanges),
    }),
  ),
  algorithmHyperParameters: optional(HyperParameters),
  featureTransformationParameters: optional(HyperParameters),
  autoMLConfig: optional(
    structure({ metricName: optional(MetricName), recipeList: optional(list(Arn, { max: 100 })) }),
  ),
  eventsConfig: optional(EventsConfig),
  optimizationObjective: optional(
    structure({
      itemAttribute: optional(string({ min: 1, max: 150 })),
      objectiveSensitivity: optional(enumeration(['LOW', 'MEDIUM', 'HIGH', 'OFF'])),
    }),
  ),
  trainingDataConfig: optional(TrainingDataConfig),
  autoTrainingConfig: optional(AutoTrainingConfig),
})

/** What the updates of a solution report about themselves. */
export const SolutionUpdateSummary = structure({
  solutionUpdateConfig: optional(
    structure({ autoTrainingConfig: optional(AutoTrainingConfig), eventsConfig: optional(EventsConfig) }),
  ),
  status: optional(Status),
  performAutoTraining: optional(boolean),
  performIncrementalUpdate: optional(boolean),
  creationDateTime: optional(timestamp),
  lastUpdatedDateTime: optional(timestamp),
  failureReason: optional(FailureReason),
})

export const Metrics = map(MetricName, double(), { max: 100 })

/** The dates every resource carries. */
export const dates = { creationDateTime: optional(timestamp), lastUpdatedDateTime: optional(timestamp) }
/** What a list operation takes. */
export const page = { nextToken: optional(NextToken), maxResults: optional(MaxResults) }
