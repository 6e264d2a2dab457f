import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { bitsFor, unpackBits } from '../../src/lib/packedBits.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { packedBytes, packHistories } from '../../src/recipes/packedHistories.ts'

const folder = mkdtempSync(join(tmpdir(), 'sommelier-packed-'))
after(() => rmSync(folder, { recursive: true }))

/** Histories of 0 to 6 events in a file behind 12 bytes of something else. */
function storedHistories(items: Int32Array) {
  const random = seededRandom(3)
  const offsets = [0]
  while (offsets.at(-1)! < items.length) offsets.push(Math.min(items.length, offsets.at(-1)! + random.below(7)))
  const path = join(folder, 'histories')
  writeFileSync(path, Buffer.concat([Buffer.alloc(12, 'x'), new Uint8Array(items.buffer)]))
  return { offsets: Uint32Array.from(offsets), file: { path, start: 12 } }
}

test('as many bits as name an item', () => {
  const cases = [1, 2, 3, 4, 5, 256, 257, 20_000, 32_768, 32_769, 2 ** 31]
  assert.deepEqual(cases.map(bitsFor), [1, 1, 2, 2, 3, 8, 9, 15, 15, 16, 31])
  assert.equal(packedBytes(1_800_000_000, 20_000), 3_375_000_004)
})

test('every history comes back, whatever the width', async () => {
  const random = seededRandom(4)
  for (const itemCount of [1, 2, 3, 5, 257, 20_000, 65_537, 2 ** 31 - 1]) {
    const items = Int32Array.from({ length: 1000 }, (_, i) => (i % 9 === 0 ? itemCount - 1 : random.below(itemCount)))
    const packed = await packHistories(storedHistories(items), itemCount, quietControl)
    for (let user = 0; user + 1 < packed.offsets.length; user++) {
      const [from, to] = packed.offsets.subarray(user, user + 2)
      const list = new Int32Array(to - from + 2).fill(-7)
      unpackBits(packed.packed, packed.bits, from * packed.bits, list, 1, to - from)
      assert.deepEqual([...list], [-7, ...items.subarray(from, to), -7], `${itemCount} items, user ${user}`)
    }
  }
})

test('more events than are read at once', async () => {
  const items = Int32Array.from({ length: 2 ** 20 + 33 }, (_, i) => (i * 7919) % 20_000)
  const packed = await packHistories(storedHistories(items), 20_000, quietControl)
  const list = new Int32Array(items.length)
  unpackBits(packed.packed, packed.bits, 0, list, 0, items.length)
  assert.deepEqual(list, items)
})

test('what is none of the model’s items is refused, and a file that ends too early', async () => {
  await assert.rejects(packHistories(storedHistories(Int32Array.of(1, 2, 3)), 3, quietControl), {
    name: 'Refusal',
    message: 'The histories of the model name the item 3, where the model has 3.',
  })
  await assert.rejects(packHistories(storedHistories(Int32Array.of(-1)), 3, quietControl), {
    message: 'The histories of the model name the item -1, where the model has 3.',
  })
  const { offsets, file } = storedHistories(Int32Array.of(1, 2))
  await assert.rejects(packHistories({ offsets: offsets.map(o => 2 * o), file }, 3, quietControl), {
    name: 'Refusal',
    message: 'The histories of the model end before their last one.',
  })
})
