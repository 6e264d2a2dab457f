/** The byte path on small tables, and chunks poured into it. */
import { Vocabulary } from '../../../src/datasets/vocabulary.ts'
import { ByteBlocks, type Fill } from '../../../src/jobs/batchInference/byteBlocks.ts'
import type { BatchDescription } from '../../../src/jobs/batchInference/description.ts'
import { placeBytes } from '../../../src/jobs/batchInference/placeBytes.ts'

export const openBytes = (
  users: readonly string[],
  items: readonly string[],
  recipe: BatchDescription['recipe'] = { record: 'userId', scores: true, reasons: false },
  k = 5,
): ByteBlocks => {
  const [table, itemTable] = [users, items].map(ids => Vocabulary.fromIds(ids))
  return new ByteBlocks(placeBytes({ tables: [table], items: itemTable, recipe, k, threads: 1 }), 0)
}

export function fillFrom(chunks: AsyncIterable<Buffer>): Fill {
  const turns = chunks[Symbol.asyncIterator]()
  let chunk: Buffer = Buffer.alloc(0)
  return async target => {
    while (chunk.length === 0) {
      const { done, value } = await turns.next()
      if (done) return 0
      chunk = value
    }
    const count = chunk.copy(target)
    chunk = chunk.subarray(count)
    return count
  }
}
