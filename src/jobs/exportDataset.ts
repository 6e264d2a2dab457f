/** CreateDatasetExportJob's work: the rows of a dataset → `<path>/<jobName>/part-00000.csv`, whole or not at all. */
import { createReadStream } from 'node:fs'
import { exportCsv } from '../datasets/export.ts'
import { formatAddress, ObjectError, parseAddress } from '../objects/objectStore.ts'
import { dataset, datasetExportJob, type ImportedData, schema } from '../resources/types.ts'
import { explained } from './batchInference/inputs.ts'
import { ARTIFACTS_BUCKET } from './computeContext.ts'
import { workKind } from './workKind.ts'

interface ExportDescription {
  readonly imports: readonly ImportedData[]
  readonly schema: string
  readonly newestOnly: boolean
  /** s3://bucket/folder */
  readonly path: string
  readonly jobName: string
}

export const exportDataset = workKind({
  name: 'exportDataset',
  makes: datasetExportJob,
  async describe(job, resources): Promise<ExportDescription> {
    const { body } = job
    const from = await resources.get(dataset, body.datasetArn)
    const { body: of } = await resources.get(schema, from.body.schemaArn)
    // Records that are put one by one are not taken in by this version: there are none to export.
    const imports = body.ingestionMode === 'PUT' ? [] : from.hidden.imports
    await resources.keep(job, { reads: imports })
    return {
      imports,
      schema: of.schema,
      newestOnly: body.ingestionMode === 'ALL',
      path: body.jobOutput.s3DataDestination.path,
      jobName: body.jobName,
    }
  },
  async run(description: ExportDescription, context): Promise<{ rowCount: number }> {
    const to = outputAddress(description)
    const { file, rowCount } = await exportCsv({ bucket: ARTIFACTS_BUCKET, ...description }, context)
    try {
      await context.objects.write(to, createReadStream(file), { signal: context.signal })
      return { rowCount }
    } catch (error) {
      throw error instanceof ObjectError ? explained(error, 'output', formatAddress(to)) : error
    }
  },
})

function outputAddress({ path, jobName }: ExportDescription) {
  const { bucket, key } = parseAddress(path)
  const folder = key === '' || key.endsWith('/') ? key : `${key}/`
  return { bucket, key: `${folder}${jobName}/part-00000.csv` }
}
