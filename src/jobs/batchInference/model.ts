/** The model of a job, placed once in memory that all threads share. */
import { placeModel } from '../../inference/ranker.ts'
import { isPriorAlone } from '../../models/historyModel.ts'
import type { ItemLists } from '../../models/splits.ts'
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
  const subjects =
    recipe.record === 'itemId' ? { ids: items, histories: onlyItself(items.size) } : { ids: users, histories }
  return {
    placed: placeModel(model, { threads: threadCount, blockSize: BLOCK_RECORDS }),
    sharpness: model.sharpness,
    subjects: subjects.ids.tensors,
    histories: isPriorAlone(model) ? undefined : subjects.histories,
    itemIds: items.tensors,
    items: encodeItems(items),
    filter: filter && (await placeFilter(filter, items, context, threadCount)),
    recipe,
    numResults,
    stores,
  }
}

/** What somebody who has done nothing but that has done: the history that an item is asked about with. */
function onlyItself(itemCount: number): ItemLists {
  const words = () => new SharedArrayBuffer(4 * (itemCount + 1))
  const [offsets, items] = [new Uint32Array(words()), new Int32Array(words())]
  for (let item = 0; item < itemCount; item++) {
    offsets[item + 1] = item + 1
    items[item] = item
  }
  return { offsets, items }
}
