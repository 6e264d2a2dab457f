/** CreateDatasetImportJob's work: CSV → checked Parquet in the artifacts bucket. What the dataset holds changes in the last transaction. */
import type { AttributionReport } from '../datasets/attribution.ts'
import type { ImportDescription, ImportResult } from '../datasets/import.ts'
import { openObjectStore, withRole } from '../objects/open.ts'
import type { Resource, Resources } from '../resources/resources.ts'
import {
  type DatasetBody,
  type DatasetImportJobBody,
  dataset,
  datasetImportJob,
  type ImportedData,
  metricAttribution,
  schema,
} from '../resources/types.ts'
import { ARTIFACTS_BUCKET } from './computeContext.ts'
import { workKind } from './workKind.ts'

/** Of a report: all but what the import itself brings. */
type ReportDescription = Pick<AttributionReport, 'metrics' | 'path' | 'timestampMs'> & {
  readonly items: { readonly imports: readonly ImportedData[]; readonly schema: string } | undefined
  /** Of the metric attribution: the import's own may read and need not write. */
  readonly roleArn: string
}

export const importDataset = workKind({
  name: 'importDataset',
  makes: datasetImportJob,
  ordered: true,
  async describe(
    job,
    resources,
    { workId, attempt },
  ): Promise<ImportDescription & { readonly reports: readonly ReportDescription[] }> {
    const { body } = job
    const target = await resources.get(dataset, body.datasetArn)
    const { body: of } = await resources.get(schema, target.body.schemaArn)
    const reports = body.publishAttributionMetricsToS3 ? await reportsOf(job, target.body, resources) : []
    await resources.keep(job, { reads: reports.flatMap(({ items }) => items?.imports ?? []) })
    return {
      source: body.dataSource.dataLocation ?? '',
      datasetType: target.body.datasetType,
      schema: of.schema,
      importMode: body.importMode,
      sourceBytesMax:
        body.importMode === 'FULL' ? resources.limits.importBytes : resources.limits.incrementalImportBytes,
      bucket: ARTIFACTS_BUCKET,
      targetPrefix: `imports/${workId}-${attempt}/`,
      reports,
    }
  },
  async run({ reports, ...description }, context): Promise<ImportResult> {
    const { importCsv } = await import('../datasets/import.ts')
    const { writeAttributionReport } = await import('../datasets/attribution.ts')
    const result = await importCsv(description, context)
    // An import whose report cannot be written fails: whoever asked for both would otherwise not learn of it.
    for (const { roleArn, ...report } of reports) {
      const { bucket, importMode, schema } = description
      const objects = openObjectStore(withRole(context.stores.objects, roleArn, 'sommelier-attribution'))
      await writeAttributionReport(
        { ...report, bucket, importMode, interactions: result, interactionsSchema: schema },
        { ...context, objects },
      )
    }
    // The last report stays with the job: what it brought, for whoever looks at it later.
    const { rowCount } = result
    context.progress({ stage: 'import: done', done: rowCount, total: rowCount, unit: 'rows' })
    return result
  },
  async settle({ body }, { parts, rowCount }, resources) {
    const target = await resources.get(dataset, body.datasetArn)
    const before = body.importMode === 'FULL' ? [] : target.hidden.imports
    await resources.keep(target, { imports: [...before, { parts, rowCount }], arrivedMs: resources.nowMs })
    return undefined
  },
})

/** One for each metric attribution of the group that has a destination: there is one, unless the operator has raised the quota. */
async function reportsOf(
  { createdMs }: Resource<DatasetImportJobBody, unknown>,
  { datasetGroupArn }: DatasetBody,
  resources: Resources,
): Promise<ReportDescription[]> {
  const { resources: attributions } = await resources.list(metricAttribution, { parent: datasetGroupArn })
  const items = await resources.firstWhere(dataset, each => each.body.datasetType === 'ITEMS', datasetGroupArn)
  const itemsSchema = items && (await resources.get(schema, items.body.schemaArn)).body.schema
  return attributions.flatMap(({ body: { metrics, metricsOutputConfig } }) => {
    const path = metricsOutputConfig.s3DataDestination?.path
    if (path === undefined) return []
    const itemsOf = items && itemsSchema ? { imports: items.hidden.imports, schema: itemsSchema } : undefined
    return [{ metrics, path, timestampMs: createdMs, items: itemsOf, roleArn: metricsOutputConfig.roleArn }]
  })
}
