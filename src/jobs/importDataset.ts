/** CreateDatasetImportJob's work: CSV → checked Parquet in the artifacts bucket. What the dataset holds changes in the last transaction. */
import type { ImportDescription, ImportResult } from '../datasets/import.ts'
import { dataset, datasetImportJob, schema } from '../resources/types.ts'
import { ARTIFACTS_BUCKET } from './computeContext.ts'
import { workKind } from './workKind.ts'

export const importDataset = workKind({
  name: 'importDataset',
  makes: datasetImportJob,
  async describe({ body }, resources, { workId, attempt }): Promise<ImportDescription> {
    const target = await resources.get(dataset, body.datasetArn)
    const { body: of } = await resources.get(schema, target.body.schemaArn)
    return {
      source: body.dataSource.dataLocation ?? '',
      datasetType: target.body.datasetType,
      schema: of.schema,
      importMode: body.importMode,
      bucket: ARTIFACTS_BUCKET,
      targetPrefix: `imports/${workId}-${attempt}/`,
    }
  },
  async run(description: ImportDescription, context): Promise<ImportResult> {
    const { importCsv } = await import('../datasets/import.ts')
    return importCsv(description, context)
  },
  async settle({ body }, { parts, rowCount }, resources) {
    const target = await resources.get(dataset, body.datasetArn)
    const before = body.importMode === 'FULL' ? [] : target.hidden.imports
    await resources.keep(target, { imports: [...before, { parts, rowCount }] })
    return undefined
  },
})
