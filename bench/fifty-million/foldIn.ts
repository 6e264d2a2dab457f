/**
 * How much of ranking is folding histories in: what stored vectors would save at most, before anything it takes to read them. On this thread,
 * with the service's flags, block after block of the world's users; shares of the same block's time, so that other work does not matter.
 */
import { setFlagsFromString } from 'node:v8'
import { placeFactors } from '../../src/inference/placeFactors.ts'
import { openRanker } from '../../src/inference/ranker.ts'
import { BLOCK_RECORDS } from '../../src/jobs/batchInference/limits.ts'
import { instantiate } from '../../src/kernels/load.ts'
import { fastestTiles } from '../../src/kernels/tileShape.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { type FactorWorld, listsOf, RESULTS } from './world.ts'

const BLOCKS = 200

/** The median share, between 0 and 1. */
export function foldInShare(world: FactorWorld): number {
  setFlagsFromString('--no-wasm-dynamic-tiering')
  setFlagsFromString('--experimental-wasm-revectorize')
  const blocks = Math.min(BLOCKS, Math.floor(world.users / BLOCK_RECORDS))
  const histories = listsOf(world, blocks * BLOCK_RECORDS)
  const placed = placeFactors(world.model, { threads: 1, blockSize: BLOCK_RECORDS, tiles: fastestTiles() })
  const ranker = openRanker(placed, 0)
  const kernels = instantiate(placed.module, placed.memory, 0)
  const { params } = placed.slots[0]
  const shares: number[] = []
  for (let block = 0; block < blocks; block++) {
    const offsets = histories.offsets.slice(block * BLOCK_RECORDS, (block + 1) * BLOCK_RECORDS + 1)
    const start = stopwatchSeconds()
    ranker.rank({ count: BLOCK_RECORDS, k: RESULTS, offsets, items: histories.items })
    const ranked = stopwatchSeconds()
    // The block's lists still lie where the ranker put them, and its rows have been driven out of the caches by the items' since.
    for (let query = 0; query < BLOCK_RECORDS; query++) kernels.foldIn(params, query)
    shares.push((stopwatchSeconds() - ranked) / (ranked - start))
  }
  return shares.sort((a, b) => a - b)[shares.length >> 1]
}
