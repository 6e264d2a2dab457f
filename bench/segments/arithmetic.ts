/**
 * What a batch segment job does with a model once it is loaded: scores, the best in order, and their ids as JSON; beside it the same in plain TypeScript
 * (plain.ts), on some of the people.
 */

import { Vocabulary } from '../../src/datasets/vocabulary.ts'
import { IdRoom } from '../../src/jobs/batchInference/idRoom.ts'
import { IdTexts } from '../../src/jobs/batchSegment/idTexts.ts'
import { assert } from '../../src/lib/assert.ts'
import { quietControl } from '../../src/lib/work.ts'
import { bestRows } from '../../src/models/bestRows.ts'
import type { FactorModel } from '../../src/models/historyModel.ts'
import { targetOf } from '../../src/models/userAffinity.ts'
import { openUserRanking } from '../../src/models/userRanking.ts'
import type { SavedModel } from '../../src/recipes/modelFile.ts'
import { plainAffinities, plainText } from './plain.ts'
import { DIMENSION } from './world.ts'

/** Segments asked for at once, and the share of the people that each is to have. */
const ASKED = [
  { targets: 1, share: 1 },
  { targets: 10, share: 1 },
  { targets: 25, share: 0.01 },
]
/** People on whom plain TypeScript is timed: their scores take as much memory as they do the service. */
const PLAIN_USERS = 500_000

/** A table, and what it took. */
export async function arithmetic(world: SavedModel<FactorModel>, threads: number): Promise<string[]> {
  const { histories, users } = world
  const lines = [
    `${users.size} people with ${histories.items.length} events, ${world.model.itemCount} items, ${DIMENSION} factors; nanoseconds of CPU of all threads a person and segment, in brackets`,
    `those of plain TypeScript in the same run on the first ${Math.min(PLAIN_USERS, users.size)} people; seconds by the clock on ${threads} threads.`,
    '',
    '| segments at once | people in each | the best in order | of it scores | their ids as JSON | all | seconds |',
    '| ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
  ]
  for (const { targets, share } of ASKED) {
    const k = Math.ceil(users.size * share)
    const fast = await byKernels(world, targets, k, threads)
    const plain = await byPlain(peopleOf(world, PLAIN_USERS), targets, share)
    const cell = (stage: keyof Stages) => `${fast.stages[stage].toFixed(0)} (${plain[stage].toFixed(0)})`
    const all = ({ best, texts }: Stages) => (best + texts).toFixed(0)
    lines.push(
      `| ${targets} | ${k} | ${cell('best')} | ${cell('scores')} | ${cell('texts')} | ${all(fast.stages)} (${all(plain)}) | ${fast.seconds.toFixed(2)} |`,
    )
  }
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024)
  const made = Math.round((histories.items.length * 4) / 1e6)
  return [...lines, '', `Memory at the peak: ${megabytes} MB, of which the made histories are ${made} MB.`]
}

/** ns a person and segment */
interface Stages {
  /** Scores too. */
  readonly best: number
  readonly scores: number
  readonly texts: number
}

const targetsOf = ({ model }: SavedModel<FactorModel>, count: number) =>
  Array.from({ length: count }, (_, t) => targetOf(model, Math.floor((t * model.itemCount) / count)))

async function byKernels(world: SavedModel<FactorModel>, targetCount: number, k: number, threads: number) {
  const { model, histories, users } = world
  const options = { signal: quietControl.signal, threads, targetCount, k }
  const ranking = await openUserRanking(model, histories, options)
  const texts = textsOf(users)
  const perSegment = 1e9 / users.size / targetCount
  const targets = targetsOf(world, targetCount)
  let [scores, best, written, seconds] = [0, 0, 0, 0]
  try {
    for (let from = 0; from < targetCount; from += ranking.targetsMax) {
      const group = targets.slice(from, from + ranking.targetsMax)
      const since = performance.now()
      let rows: Uint32Array[] = []
      best += await cpuSeconds(async () => {
        rows = await ranking.best(group)
      })
      written += await cpuSeconds(() => {
        for (const each of rows) for (const piece of texts.of(each)) assert(piece.length > 0)
      })
      seconds += (performance.now() - since) / 1000
      scores += await cpuSeconds(() => ranking.affinities(group))
    }
  } finally {
    await ranking.close()
  }
  return { stages: { scores: scores * perSegment, best: best * perSegment, texts: written * perSegment }, seconds }
}

/** As a job loads them. */
function textsOf(users: Vocabulary): IdTexts {
  const room = new IdRoom()
  const { bytes, offsets, slots } = users.tensors
  const moved = <T extends Uint8Array | Uint32Array>(array: T): Uint8Array => {
    const place = room.reserve(array.byteLength)
    place.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    return place
  }
  const words = (place: Uint8Array) => new Uint32Array(place.buffer, place.byteOffset, place.length / 4)
  const tensors = { bytes: moved(bytes), offsets: words(moved(offsets)), slots: words(moved(slots)) }
  return new IdTexts(room, Vocabulary.fromTensors(tensors))
}

async function byPlain(world: SavedModel<FactorModel>, targetCount: number, share: number): Promise<Stages> {
  const userCount = world.histories.offsets.length - 1
  const k = Math.ceil(userCount * share)
  const perSegment = 1e9 / userCount / targetCount
  let affinities: Float32Array[] = []
  let rows: Uint32Array[] = []
  const scores = await cpuSeconds(() => {
    affinities = plainAffinities(world, targetsOf(world, targetCount))
  })
  const best = await cpuSeconds(() => {
    rows = affinities.map(affinity => bestRows(affinity, k))
  })
  const texts = await cpuSeconds(() => {
    for (const each of rows) assert(plainText(world, each) > 0)
  })
  return { scores: scores * perSegment, best: (scores + best) * perSegment, texts: texts * perSegment }
}

/** The first `count` of them. */
function peopleOf(world: SavedModel<FactorModel>, count: number): SavedModel<FactorModel> {
  const offsets = world.histories.offsets.subarray(0, Math.min(count, world.users.size) + 1)
  return { ...world, histories: { offsets, items: world.histories.items.subarray(0, offsets[offsets.length - 1]) } }
}

async function cpuSeconds(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
