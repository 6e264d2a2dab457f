/** Metric attributions: which numbers to draw from events, by the campaign or other source behind them. At most one in a dataset group. */
import { checkMetric } from '../datasets/attribution.ts'
import { parseSchema } from '../datasets/schema.ts'
import { parseAddress } from '../objects/objectStore.ts'
import { ServiceError } from '../protocol/errors.ts'
import { list, optional, string, structure, type TypeOf } from '../protocol/shape.ts'
import type { Resource, Resources } from '../resources/resources.ts'
import {
  type DatasetTypeName,
  dataset,
  datasetGroup,
  type MetricAttributionBody,
  metricAttribution,
  schema,
} from '../resources/types.ts'
import { creating, deleting, describing, listing } from './nounOperations.ts'
import { operation } from './operation.ts'
import { refuse } from './refuse.ts'
import { checked } from './schema.ts'
import {
  Arn,
  dates,
  EventType,
  FailureReason,
  MetricName,
  Name,
  NextToken,
  page,
  RoleArn,
  S3DataConfig,
  Status,
} from './shapes.ts'

const METRICS_MAX = 10
const Metric = structure({ eventType: EventType, metricName: MetricName, expression: string({ max: 256 }) })
const Metrics = list(Metric, { max: METRICS_MAX })
const OutputConfig = structure({ s3DataDestination: optional(S3DataConfig), roleArn: RoleArn })
const summary = {
  name: optional(Name),
  metricAttributionArn: optional(Arn),
  status: optional(Status),
  ...dates,
  failureReason: optional(FailureReason),
}

const createMetricAttribution = creating('CreateMetricAttribution', metricAttribution, {
  input: { name: Name, datasetGroupArn: Arn, metrics: Metrics, metricsOutputConfig: OutputConfig },
  differences: 'Metrics are written as reports, for the imports that ask for one; none are sent to CloudWatch.',
  async make(input, resources) {
    const group = await resources.getActive(datasetGroup, input.datasetGroupArn)
    if (input.metrics.length === 0) refuse('metrics is empty: at least one metric was expected.')
    await checkMetrics(input.metrics, group.arn, resources)
    checkOutput(input.metricsOutputConfig)
    const twice = input.metrics.find(({ metricName }, i) =>
      input.metrics.slice(0, i).some(each => each.metricName === metricName),
    )
    if (twice) refuse(`metrics has the name ${twice.metricName} more than once.`)
    return {
      parent: group.arn,
      body: { ...input, metrics: input.metrics.map((metric, number) => ({ ...metric, number })) },
      hidden: {},
    }
  },
})

async function checkMetrics(metrics: readonly TypeOf<typeof Metric>[], group: string, resources: Resources) {
  const interactions = await schemaOf(resources, group, 'INTERACTIONS')
  if (!interactions?.columns.some(({ name }) => name === 'EVENT_TYPE')) {
    refuse(
      `The dataset group ${group} has no dataset of type INTERACTIONS with the field EVENT_TYPE: metrics are drawn from events by their type.`,
    )
  }
  const items = await schemaOf(resources, group, 'ITEMS')
  checked(() => {
    for (const metric of metrics) checkMetric(metric, interactions, items)
  })
}

async function schemaOf(resources: Resources, group: string, type: DatasetTypeName) {
  const found = await resources.firstWhere(dataset, each => each.body.datasetType === type, group)
  return found && parseSchema((await resources.get(schema, found.body.schemaArn)).body.schema)
}

function checkOutput({ s3DataDestination }: TypeOf<typeof OutputConfig>): void {
  if (s3DataDestination) checked(() => parseAddress(s3DataDestination.path), 'Invalid S3 output path:')
}

const describeMetricAttribution = describing('DescribeMetricAttribution', metricAttribution, {
  ...summary,
  datasetGroupArn: optional(Arn),
  metricsOutputConfig: optional(OutputConfig),
})

const listMetricAttributions = listing('ListMetricAttributions', metricAttribution, summary, {
  within: 'datasetGroupArn',
})

const listMetricAttributionMetrics = operation({
  name: 'ListMetricAttributionMetrics',
  input: structure({ metricAttributionArn: optional(Arn), ...page }),
  output: structure({ metrics: optional(Metrics), nextToken: optional(NextToken) }),
  errors: ['InvalidInputException', 'InvalidNextTokenException'],
  async handle({ metricAttributionArn, ...asked }, { resources }) {
    const { found, nextToken } = resources.listNumbered(
      await numberedMetrics(resources, metricAttributionArn),
      `metrics ${metricAttributionArn ?? ''}`,
      { ...asked, maxResults: Math.min(asked.maxResults ?? METRICS_MAX, METRICS_MAX) },
    )
    return { metrics: found, nextToken }
  },
})

/** More attributions than there will ever be, and more metrics in the life of one; their product is a safe integer. */
const ATTRIBUTIONS = 2 ** 32
const METRICS_OF_ONE = 2 ** 20

/** Those of one attribution, or of all, the newest first. An attribution's metrics stand in the order in which they were added. */
async function numberedMetrics(resources: Resources, arn: string | undefined) {
  const numbered: (MetricAttributionBody['metrics'][number] & { readonly number: number })[] = []
  for await (const { sequence, body } of attributions(resources, arn)) {
    const start = (ATTRIBUTIONS - sequence) * METRICS_OF_ONE
    numbered.push(...body.metrics.map(metric => ({ ...metric, number: start + metric.number })))
  }
  return numbered
}

async function* attributions(resources: Resources, arn: string | undefined) {
  if (arn !== undefined) {
    const found = await resources.find(metricAttribution, arn)
    if (found) yield found
    return
  }
  for (let nextToken: string | undefined; ; ) {
    const found = await resources.list(metricAttribution, { nextToken })
    yield* found.resources
    if (found.nextToken === undefined) return
    nextToken = found.nextToken
  }
}

const updateMetricAttribution = operation({
  name: 'UpdateMetricAttribution',
  input: structure({
    addMetrics: optional(Metrics),
    removeMetrics: optional(list(MetricName, { max: METRICS_MAX })),
    metricsOutputConfig: optional(OutputConfig),
    metricAttributionArn: optional(Arn),
  }),
  output: structure({ metricAttributionArn: optional(Arn) }),
  errors: [
    'InvalidInputException',
    'ResourceNotFoundException',
    'ResourceInUseException',
    'ResourceAlreadyExistsException',
  ],
  async handle({ addMetrics = [], removeMetrics = [], metricsOutputConfig, metricAttributionArn }, { resources }) {
    // Not marked as required in the interface model; nothing can be updated without it.
    if (metricAttributionArn === undefined) refuse('metricAttributionArn is missing: what is to be updated?')
    const found = await resources.get(metricAttribution, metricAttributionArn)
    await checkMetrics(addMetrics, found.body.datasetGroupArn, resources)
    if (metricsOutputConfig) checkOutput(metricsOutputConfig)
    const asked = {
      metrics: changedMetrics(found, addMetrics, removeMetrics),
      metricsOutputConfig: metricsOutputConfig ?? found.body.metricsOutputConfig,
    }
    await resources.requestUpdate(metricAttribution, found, asked)
    return { metricAttributionArn }
  },
})

/** First those that go, then those that come: a metric can be replaced in one request. */
function changedMetrics(
  { arn, body }: Resource<MetricAttributionBody, unknown>,
  added: readonly TypeOf<typeof Metric>[],
  removed: readonly string[],
): MetricAttributionBody['metrics'] {
  const unknown = removed.find(name => body.metrics.every(({ metricName }) => metricName !== name))
  if (unknown !== undefined) refuse(`The metric attribution ${arn} has no metric ${unknown} to remove.`)
  const metrics = body.metrics.filter(({ metricName }) => !removed.includes(metricName))
  let number = Math.max(...body.metrics.map(each => each.number))
  for (const metric of added) {
    if (metrics.some(({ metricName }) => metricName === metric.metricName)) {
      throw new ServiceError(
        'ResourceAlreadyExistsException',
        `The metric attribution ${arn} already has a metric ${metric.metricName}.`,
      )
    }
    metrics.push({ ...metric, number: ++number })
  }
  if (metrics.length === 0) refuse(`The metric attribution ${arn} would have no metric left.`)
  if (metrics.length > METRICS_MAX) {
    refuse(`The metric attribution ${arn} would have ${metrics.length} metrics: at most ${METRICS_MAX} are possible.`)
  }
  return metrics
}

const deleteMetricAttribution = deleting('DeleteMetricAttribution', metricAttribution)

export const metricAttributionOperations = [
  createMetricAttribution,
  describeMetricAttribution,
  listMetricAttributions,
  listMetricAttributionMetrics,
  updateMetricAttribution,
  deleteMetricAttribution,
]
