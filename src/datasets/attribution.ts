/**
 * Metric attribution: what each campaign or other source brought, in periods of fifteen minutes, as a report in the users' bucket.
 *
 *   imported events ─► those of a metric's event type ─► SUM of a column, or SAMPLECOUNT ─► one line a metric, source and period
 *
 * The source of an event is its EVENT_ATTRIBUTION_SOURCE. The reference falls back to the campaign behind its RECOMMENDATION_ID; what is
 * imported names no recommendation that this service could know, so an event without a source has SOURCE_NAME_UNDEFINED.
 *
 * Source: spec/datasets-schemas.md §9.
 */
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { Refusal } from '../lib/refusal.ts'
import { formatAddress, ObjectError, type ObjectStore, parseAddress } from '../objects/objectStore.ts'
import { type DuckDb, sqlName, sqlString, withDuckDb } from './duckdb.ts'
import { FILE_PLACE, type ImportedParts, localParts, type PartsContext, ROW_PLACE, rowsSql } from './parts.ts'
import { type DatasetSchema, parseSchema } from './schema.ts'

/** The reference's own limit (quotas.md §2). */
const SOURCES_MAX = 100
const PERIOD_SECONDS = 900

export interface MetricDefinition {
  readonly eventType: string
  readonly metricName: string
  readonly expression: string
}

type Expression =
  | { readonly math: 'samplecount' }
  | { readonly math: 'sum'; readonly dataset: 'Items' | 'Interactions'; readonly column: string }

const EXPRESSION = /^\s*(?:SAMPLECOUNT\(\s*\)|SUM\(\s*(Items|Interactions)\.([A-Za-z_][A-Za-z\d_]*)\s*\))\s*$/i

/** Throws Refusal when it is no expression, or not one for these schemas. */
export function checkMetric(
  metric: MetricDefinition,
  interactions: DatasetSchema,
  items: DatasetSchema | undefined,
): void {
  const expression = parseExpression(metric)
  if (expression.math === 'samplecount') return
  const schema = expression.dataset === 'Items' ? items : interactions
  const of = `The metric ${metric.metricName} sums ${expression.dataset}.${expression.column}`
  if (!schema) throw new Refusal(`${of}: the dataset group has no dataset of type ITEMS.`)
  const column = schema.columns.find(({ name }) => name === expression.column)
  if (!column) throw new Refusal(`${of}: the schema has no such field.`)
  if (column.type === 'string' || column.type === 'boolean') {
    throw new Refusal(`${of}: the field is of type ${column.type}, and a numeric one was expected.`)
  }
}

function parseExpression({ metricName, expression }: MetricDefinition): Expression {
  const match = EXPRESSION.exec(expression)
  if (!match) {
    throw new Refusal(
      `The expression of the metric ${metricName} was '${expression}': SUM(Items.COLUMN), SUM(Interactions.COLUMN) or SAMPLECOUNT() was expected.`,
    )
  }
  const [, dataset, column] = match
  if (dataset === undefined) return { math: 'samplecount' }
  return { math: 'sum', dataset: dataset.toLowerCase() === 'items' ? 'Items' : 'Interactions', column }
}

export interface AttributionReport {
  readonly metrics: readonly MetricDefinition[]
  /** s3://bucket/folder */
  readonly path: string
  readonly importMode: string
  /** Names the file: the same for every attempt at one import. */
  readonly timestampMs: number
  /** Of the artifacts store. */
  readonly bucket: string
  /** What was imported now. */
  readonly interactions: ImportedParts
  readonly interactionsSchema: string
  /** What the ITEMS dataset holds; absent: there is none. */
  readonly items?: { readonly imports: readonly ImportedParts[]; readonly schema: string } | undefined
}

/** Throws Refusal, when the report cannot be made or written. */
export async function writeAttributionReport(
  report: AttributionReport,
  context: PartsContext & { readonly objects: ObjectStore },
): Promise<void> {
  checkColumns(report)
  const file = join(context.scratchFolder, 'attribution.csv')
  context.progress({ stage: 'metric attribution: report', done: 0, total: 1, unit: 'reports' })
  await withDuckDb(context, async db => {
    await makeEvents(db, report, context)
    await checkSources(db)
    const lines = report.metrics.map(metric => `(${linesSql(metric, parseExpression(metric))})`)
    await db.run(`COPY (SELECT * FROM (${lines.join(' UNION ALL ')}) ORDER BY METRIC_NAME, EVENT_TYPE, MATH_FUNCTION, EVENT_ATTRIBUTION_SOURCE, TIMESTAMP)
      TO ${sqlString(file)} (FORMAT csv, HEADER, DELIMITER ',', QUOTE '"', ESCAPE '\\', NULLSTR '')`)
  })
  const to = reportAddress(report)
  try {
    await context.objects.write(to, createReadStream(file), { signal: context.signal })
  } catch (error) {
    if (!(error instanceof ObjectError) || error.code === 'Unavailable') throw error
    throw new Refusal(`The metric attribution report could not be written to ${formatAddress(to)}. ${error.message}`)
  }
  context.progress({ stage: 'metric attribution: report', done: 1, total: 1, unit: 'reports' })
}

/** The datasets may be others than those that the metrics were made for. Without ITEMS a sum over them is of nothing, and 0. */
function checkColumns({ metrics, interactionsSchema, items }: AttributionReport): void {
  const beginning = 'The metric attribution report could not be drawn.'
  const interactions = parseSchema(interactionsSchema)
  const things = items && parseSchema(items.schema)
  if (!interactions.columns.some(({ name }) => name === 'EVENT_TYPE'))
    throw new Refusal(`${beginning} The schema of INTERACTIONS has no field EVENT_TYPE.`)
  for (const metric of metrics) {
    const expression = parseExpression(metric)
    if (!things && expression.math === 'sum' && expression.dataset === 'Items') continue
    try {
      checkMetric(metric, interactions, things)
    } catch (error) {
      throw error instanceof Refusal ? new Refusal(`${beginning} ${error.message}`) : error
    }
  }
}

function reportAddress({ path, importMode, timestampMs }: AttributionReport) {
  const { bucket, key } = parseAddress(path)
  const folder = key === '' || key.endsWith('/') ? key : `${key}/`
  return { bucket, key: `${folder}AggregatedAttributionMetrics - ${importMode} - ${timestampMs}.csv` }
}

/** Columns of `events`. No name in a schema has a '#'. */
const SOURCE = '"#source"'
const PERIOD = '"#period"'

/** `events`: what was imported, with its source and period, and the columns of its item under names that begin with 'Items.'. */
async function makeEvents(db: DuckDb, report: AttributionReport, context: PartsContext): Promise<void> {
  const schema = parseSchema(report.interactionsSchema)
  const files = await localParts([report.interactions], 'attribution-interactions', report.bucket, context)
  const hasSource = schema.columns.some(({ name }) => name === 'EVENT_ATTRIBUTION_SOURCE')
  const source = hasSource ? "coalesce(EVENT_ATTRIBUTION_SOURCE, 'SOURCE_NAME_UNDEFINED')" : "'SOURCE_NAME_UNDEFINED'"
  await db.run(`CREATE TEMP VIEW interactions AS SELECT *, ${source} AS ${SOURCE},
    (floor(TIMESTAMP / ${PERIOD_SECONDS}) * ${PERIOD_SECONDS})::BIGINT AS ${PERIOD}
    FROM (${await rowsSql(db, files, schema)})`)
  const summed = itemColumns(report)
  const itemFiles = report.items
    ? await localParts(report.items.imports, 'attribution-items', report.bucket, context)
    : []
  const columns = summed.map(name => `, newest.${sqlName(name)} AS ${sqlName(`Items.${name}`)}`)
  if (summed.length === 0) await db.run('CREATE TEMP VIEW events AS SELECT * FROM interactions')
  else if (itemFiles.length === 0) {
    const nulls = summed.map(name => `, NULL::DOUBLE AS ${sqlName(`Items.${name}`)}`)
    await db.run(`CREATE TEMP VIEW events AS SELECT *${nulls.join('')} FROM interactions`)
  } else {
    await db.run(`CREATE TEMP TABLE newest AS SELECT * FROM (${await rowsSql(db, itemFiles, parseSchema(report.items!.schema))})
      QUALIFY row_number() OVER (PARTITION BY ITEM_ID ORDER BY ${FILE_PLACE} DESC, ${ROW_PLACE} DESC) = 1`)
    await db.run(`CREATE TEMP VIEW events AS SELECT interactions.*${columns.join('')}
      FROM interactions LEFT JOIN newest ON interactions.ITEM_ID = newest.ITEM_ID`)
  }
}

const itemColumns = ({ metrics }: AttributionReport): string[] => [
  ...new Set(
    metrics
      .map(parseExpression)
      .flatMap(each => (each.math === 'sum' && each.dataset === 'Items' ? [each.column] : [])),
  ),
]

async function checkSources(db: DuckDb): Promise<void> {
  const [[count]] = await db.rows(`SELECT count(DISTINCT ${SOURCE}) FROM events`)
  if (Number(count) <= SOURCES_MAX) return
  throw new Refusal(`The events have ${count} attribution sources: a report has at most ${SOURCES_MAX}.`)
}

function linesSql({ eventType, metricName }: MetricDefinition, expression: Expression): string {
  const column =
    expression.math === 'sum' ? sqlName(`${expression.dataset === 'Items' ? 'Items.' : ''}${expression.column}`) : ''
  // In the order of the rows: the same sum for any number of threads. A sum of nothing but nulls is 0.
  const value =
    expression.math === 'sum' ? `coalesce(sum(${column} ORDER BY ${FILE_PLACE}, ${ROW_PLACE}), 0)` : 'count(*)'
  return `SELECT ${sqlString(metricName.toUpperCase())} AS METRIC_NAME, ${sqlString(eventType.toUpperCase())} AS EVENT_TYPE,
    ${value}::DOUBLE AS VALUE, ${sqlString(expression.math)} AS MATH_FUNCTION,
    ${SOURCE} AS EVENT_ATTRIBUTION_SOURCE, ${PERIOD} AS TIMESTAMP
    FROM events WHERE lower(EVENT_TYPE) = lower(${sqlString(eventType)}) GROUP BY ${SOURCE}, ${PERIOD}`
}
