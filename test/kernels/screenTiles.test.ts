/** The screen's tiles against their plain twin and against each other, where sums are as great as they can be and where panels and fours end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { openFactorRanker } from '../../src/inference/factorRanker.ts'
import { placeFactors } from '../../src/inference/placeFactors.ts'
import * as at from '../../src/kernels/factorParameters.ts'
import { instantiate } from '../../src/kernels/load.ts'
import { screenStart } from '../../src/kernels/plain/factors.ts'
import { plainMemory, roundedMadd } from '../../src/kernels/plain/memory.ts'
import { ALL_TILES, takeTiles } from '../../src/kernels/tileShape.ts'
import { seededRandom } from '../../src/lib/random.ts'

// As the compute process has it; the self-test and the rankers' tests run without.
setFlagsFromString('--no-wasm-dynamic-tiering')
setFlagsFromString('--experimental-wasm-revectorize')

/** More than a group, so that tiles of queries are made; the last panel is not full. */
const ITEMS = 300

/** Rows that meet rows like them: their products are all positive, all negative, or those of the first two of each four against the other two. */
const rows: Record<string, (row: number, x: number) => number> = {
  'all alike': () => 1,
  'as opposite as can be': row => (row % 2 === 0 ? 1 : -1),
  'halves of each four against each other': (row, x) => (row % 2 === 0 || (x & 2) === 0 ? 1 : -1),
  'halves of each pair against each other': (row, x) => (row % 2 === 0 || (x & 1) === 0 ? 1 : -1),
  'one dimension each': (row, x) => (x === 0 || row % 7 === x ? (row % 3) - 1 : 0),
}

/** The screen's scores of the first group and the greatest of its columns, for the tile that was made of the first five items' rows. */
function scoresOf(dimension: number, value: (row: number, x: number) => number) {
  const targets = Float32Array.from({ length: ITEMS * dimension }, (_, i) =>
    value(Math.floor(i / dimension), i % dimension),
  )
  const placed = placeFactors(
    {
      form: 'factors',
      itemCount: ITEMS,
      dimension,
      kernels: [Float32Array.of(1)],
      sources: targets,
      targets,
      bias: undefined,
      prior: new Float32Array(ITEMS),
      sharpness: 1,
    },
    { threads: 1, tiles: ALL_TILES[0] },
  )
  const queries = Int32Array.of(0, 1, 2, 3, 4)
  openFactorRanker(placed, 0).rank({ count: 5, k: 1, offsets: Uint32Array.of(0, 1, 2, 3, 4, 5), items: queries })
  const { params } = placed.slots[0]
  const words = new Uint32Array(placed.memory.buffer, params, at.FACTOR_WORDS)
  const results = (buffer: ArrayBufferLike) => [
    new Int16Array(buffer, words[at.FACTOR_START_ROWS], at.FACTOR_TILE_ROWS * at.FACTOR_GROUP).slice(),
    new Int16Array(buffer, words[at.FACTOR_SMALL], 16 * at.FACTOR_TILE_ROWS).slice(),
  ]
  const plain = plainMemory(new Uint8Array(placed.memory.buffer).slice().buffer, roundedMadd)
  screenStart(plain, params, 0)
  const kernels = instantiate(placed.module, placed.memory, 0)
  const compiled = ALL_TILES.map(tiles => {
    takeTiles(words, tiles)
    kernels.screenStart(params, 0)
    return results(placed.memory.buffer)
  })
  return { plain: results(plain.i32.buffer), compiled }
}

for (const [name, value] of Object.entries(rows))
  test(`every tile gives the scores of its twin: ${name}`, () => {
    for (const dimension of [1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 64, 65, 127, 255, 256]) {
      const { plain, compiled } = scoresOf(dimension, value)
      for (const [tile, results] of compiled.entries())
        assert.deepEqual(results, plain, `${dimension} dimensions, ${JSON.stringify(ALL_TILES[tile])}`)
    }
  })

test('and of any numbers', () => {
  const random = seededRandom(5)
  for (let dimension = 1; dimension <= 256; dimension += 1 + random.below(9)) {
    const { plain, compiled } = scoresOf(dimension, () => random.normal() ** 3)
    for (const results of compiled) assert.deepEqual(results, plain)
  }
})

test('sums come near to all that 16 bits hold', () => {
  const scores = [64, 255, 256].flatMap(dimension => [...scoresOf(dimension, rows['as opposite as can be']).plain[0]])
  assert.ok(Math.max(...scores) > 30_000 && Math.min(...scores) < -30_000)
})
