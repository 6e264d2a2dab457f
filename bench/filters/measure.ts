/**
 * One process's rounds of one filter: `node bench/filters/measure.ts` with an order as JSON for its argument (Order); a line of JSON is what it
 * measured (Measured). Where its memory happens to lie moves all of a process's rounds by a point or two, so main.ts starts several.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Vocabulary } from '../../src/datasets/vocabulary.ts'
import { FilterMasks } from '../../src/filters/masks.ts'
import { openRanker } from '../../src/inference/ranker.ts'
import { StageClock } from '../../src/jobs/batchInference/answerLines.ts'
import { ByteBlocks } from '../../src/jobs/batchInference/byteBlocks.ts'
import type { PlacedFilter } from '../../src/jobs/batchInference/filtering.ts'
import { openSubjectHistories } from '../../src/jobs/batchInference/histories.ts'
import { BLOCK_RECORDS, BLOCK_RECORDS_WITH_VALUES } from '../../src/jobs/batchInference/limits.ts'
import { idTables, placeBytes } from '../../src/jobs/batchInference/placeBytes.ts'
import { ShardAnswerer } from '../../src/jobs/batchInference/shard.ts'
import { assert } from '../../src/lib/assert.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { openObjectStore } from '../../src/objects/open.ts'
import { caseNamed, type Measured, type Order, RECORDS, RESULTS, VALUE_SETS } from './cases.ts'
import { makeFilter, makeLines, makeModel, makeWorld } from './world.ts'

const { items: itemCount, filter: name, rounds } = JSON.parse(process.argv[2]) as Order
const [INPUT, PART, OUTPUT] = ['in', 'part', 'out'].map(key => ({ bucket: 'bench', key }))
const folder = mkdtempSync(join(tmpdir(), 'sommelier-bench-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
const store = openObjectStore({ kind: 'folder', root: folder })
await store.createBucket('bench')
process.stdout.write(`${JSON.stringify(await measured())}\n`)

async function measured(): Promise<Measured> {
  const world = makeWorld(itemCount)
  const placed = makeModel(itemCount)
  const each = caseNamed(name)
  const made = stopwatchSeconds()
  const { plan, data } = makeFilter(world, each.expression)
  const madeSeconds = stopwatchSeconds() - made
  const first = stopwatchSeconds()
  new FilterMasks(plan, data).allowed({ userId: 'u1', values: each.values?.(1) as Record<string, string> | undefined })
  const firstMs = (stopwatchSeconds() - first) * 1e3
  const input = makeLines(RECORDS, set => each.values?.(set), each.values ? VALUE_SETS : 0)
  const items = Vocabulary.fromIds(Array.from({ length: world.itemCount }, (_, item) => `i${item}`))
  const asking = data.users && Vocabulary.fromTensors(data.users)
  const answererOf = (filter: PlacedFilter | undefined) => {
    const blockRecords = filter && plan.placeholders.size > 0 ? BLOCK_RECORDS_WITH_VALUES : BLOCK_RECORDS
    const tables = idTables(world.users, filter && asking)
    const recipe = { record: 'userId' as const, scores: true, reasons: true }
    return new ShardAnswerer({
      ranker: openRanker(placed, 0),
      bytes: new ByteBlocks(placeBytes({ tables, items, recipe, k: RESULTS, threads: 1, blockRecords }), 0),
      subjectTable: 0,
      askerTable: filter && asking && tables.length - 1,
      histories: openSubjectHistories(world.histories, world.itemCount),
      itemCount: world.itemCount,
      sharpness: 1,
      contexts: undefined,
      recipe,
      filter,
      exploration: undefined,
      newcomers: undefined,
      k: RESULTS,
    })
  }
  const without = answererOf(undefined)
  const filtered = answererOf({ plan, data, threads: 1 })
  const times: [number[], number[]] = [[], []]
  let firstMicros = 0
  const sides = [without, filtered]
  for (let round = 0; round <= rounds; round++)
    // Who goes first changes: what the other has left in the caches, or a machine that slows down, is nobody's gain.
    for (const place of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const micros = (await seconds(sides[place], input)) * (1e6 / RECORDS)
      // The first round is for the compiler; what it makes of masks stays. It has a column of its own.
      if (round > 0) times[place].push(micros)
      else firstMicros = micros
    }
  const [plain, filtering] = times
  return { plain, filtering, madeSeconds, firstMs, firstMicros }
}

/** CPU seconds of this process: the machine's other work is not in them. */
async function seconds(answerer: ShardAnswerer, input: Buffer): Promise<number> {
  await store.write(INPUT, input)
  const before = process.cpuUsage()
  let answered = 0
  const count = (more: number, failed: number) => {
    assert(failed === 0, 'every record is answered')
    answered += more
  }
  const file = openSync(await store.localFile(INPUT, folder), 'r')
  async function* pieces() {
    const fill = (target: Buffer) => readSync(file, target)
    for await (const piece of answerer.answer({ fill, firstLine: 1, clock: new StageClock(), answered: count }))
      yield Buffer.from(piece.bytes)
  }
  await store.write(PART, pieces())
  closeSync(file)
  await store.write(OUTPUT, await store.read(PART))
  assert(answered === RECORDS, 'every record is answered')
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
