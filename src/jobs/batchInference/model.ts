/** The model of a job, placed once in memory that all threads share. */
import { placeModel } from '../../inference/ranker.ts'
import { isPriorAlone } from '../../models/historyModel.ts'
import { loadModel } from '../../recipes/modelFile.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from '../computeContext.ts'
import { encodeItems } from './answers.ts'
import type { BatchDescription } from './description.ts'
import { placeFilter } from './filtering.ts'
import { BLOCK_RECORDS } from './limits.ts'
import type { ThreadData } from './thread.ts'

/** What is loaded and not in the result is garbage when this resolves: `placed` has a copy of the rows of its own. */
export async function loadThreadData(
  { modelPrefix, recipe, numResults, filter }: BatchDescription,
  context: ComputeContext,
  threadCount: number,
): Promise<Omit<ThreadData, 'slot'>> {
  const { artifacts, stores, signal } = context
  const place = { artifacts, prefix: { bucket: ARTIFACTS_BUCKET, key: modelPrefix } }
  const { model, users, items, histories } = await loadModel(place, { signal })
  return {
    placed: placeModel(model, { threads: threadCount, blockSize: BLOCK_RECORDS }),
    users: users.tensors,
    histories: isPriorAlone(model) ? undefined : histories,
    items: encodeItems(items),
    filter: filter && (await placeFilter(filter, items, context, threadCount)),
    recipe,
    numResults,
    stores,
  }
}
