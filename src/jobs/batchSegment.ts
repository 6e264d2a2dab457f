/** CreateBatchSegmentJob's work: items or attributes in, the users drawn to them out. The body is batchSegment/run.ts. */
import { batchSegmentJob } from '../resources/types.ts'
import { batchLimits } from './batchInference/limits.ts'
import type { SegmentDescription, SegmentResult } from './batchSegment/description.ts'
import { workKind } from './workKind.ts'

export const batchSegment = workKind({
  name: 'batchSegment',
  makes: batchSegmentJob,
  async describe({ body, hidden }, { limits }): Promise<SegmentDescription> {
    const recordsPerFile =
      hidden.record === 'itemId' ? limits.segmentRecordsPerFile : limits.segmentAttributeRecordsPerFile
    return {
      inputPath: body.jobInput.s3DataSource.path,
      outputPath: body.jobOutput.s3DataDestination.path,
      numResults: body.numResults,
      modelPrefix: hidden.model,
      record: hidden.record,
      items: hidden.items,
      filter: hidden.filter,
      limits: { ...batchLimits(limits), recordsPerFile },
    }
  },
  async run(description: SegmentDescription, context): Promise<SegmentResult> {
    const { runBatchSegment } = await import('./batchSegment/run.ts')
    return runBatchSegment(description, context)
  },
})
