/**
 * The same through the API: a server trains a version on some people's events, in whose place come the made factors and everybody's histories (a training
 * evaluates on hundreds of items, minutes at five million people); then a batch segment job, from CreateBatchSegmentJob until ACTIVE, asks for
 * everybody in order for two items. What it cost it says itself, in the server's log.
 */
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { assert } from '../../src/lib/assert.ts'
import { seededRandom } from '../../src/lib/random.ts'
import type { FactorModel } from '../../src/models/historyModel.ts'
import type { SavedModel } from '../../src/recipes/modelFile.ts'
import { installModel } from '../fifty-million/install.ts'
import { Service } from '../fifty-million/service.ts'

/** What is trained on serves nobody. */
const SAMPLE_USERS = 2_000
const FIRST_SECOND = 1_700_000_000
const PLACES_CHECKED = 1_000
/** Of a float32 sum of some hundred terms. */
const TOLERANCE = 1e-4

/** What the job took. Throws where its answer is not everybody, once each, in order. */
export async function segmentJob(world: SavedModel<FactorModel>): Promise<string[]> {
  const userCount = world.users.size
  const folder = await mkdtemp(join(tmpdir(), 'bench-segments-'))
  const service = new Service(folder)
  try {
    await mkdir(dirname(service.file('sample.csv')), { recursive: true })
    await writeFile(service.file('sample.csv'), eventsOf(world, Math.min(SAMPLE_USERS, userCount)))
    await service.start(availableParallelism())
    await service.train('sample.csv', 'aws-item-affinity')
    await service.stop()
    await installModel(folder, world)
    const asked = [0, Math.floor(world.model.itemCount / 2)]
    await writeFile(service.file('items.jsonl'), asked.map(item => `{"itemId": "${item + 1}"}\n`).join(''))
    const cost = await service.segment('items.jsonl', userCount)
    const output = service.file('segments/items.jsonl.out')
    await checkSegments(output, world, asked)
    const megabytes = Math.round((await stat(output)).size / 1e6)
    return [
      `A batch segment job through the API, ${asked.length} items and numResults ${userCount}: ${cost.wholeSeconds.toFixed(1)} s from CreateBatchSegmentJob until ACTIVE,`,
      `${cost.loadedSeconds.toFixed(1)} s of CPU until the model was loaded and ${(cost.userSeconds + cost.systemSeconds).toFixed(1)} s after it; ${cost.residentMegabytes} MB resident at the peak of the compute process;`,
      `${megabytes} MB of output. Everybody is in it once for each item, and ${PLACES_CHECKED} random neighbours and the first ${PLACES_CHECKED} people are in order by brute force.`,
    ]
  } finally {
    await service.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** What the first `userCount` people did, as a CSV of INTERACTIONS. */
function eventsOf({ histories: { offsets, items } }: SavedModel<FactorModel>, userCount: number): string {
  let text = 'USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n'
  for (let user = 0; user < userCount; user++)
    for (let at = offsets[user]; at < offsets[user + 1]; at++)
      text += `${user + 1},${items[at] + 1},${FIRST_SECOND + 60 * (at - offsets[user])},v\n`
  return text
}

async function checkSegments(file: string, world: SavedModel<FactorModel>, asked: readonly number[]): Promise<void> {
  const random = seededRandom(2)
  const userCount = world.users.size
  let line = 0
  for await (const text of createInterface({ input: createReadStream(file) })) {
    const { input, output, error } = JSON.parse(text)
    const item = asked[line++]
    assert(error === null && input.itemId === String(item + 1), `line ${line} answers another record`)
    const users = Int32Array.from(output.usersList, id => Number(id) - 1)
    const met = new Uint8Array(userCount)
    for (const user of users) met[user] = 1
    assert(users.length === userCount && !met.includes(0), `line ${line} has everybody once`)
    const inOrder = (place: number) => {
      const [better, worse] = [affinity(world, users[place], item), affinity(world, users[place + 1], item)]
      return better >= worse - TOLERANCE * (1 + Math.abs(worse))
    }
    for (let n = 0; n < Math.min(PLACES_CHECKED, userCount - 1); n++)
      for (const place of [n, random.below(userCount - 1)]) assert(inOrder(place), `line ${line}, place ${place}`)
  }
  assert(line === asked.length, 'a line for each record')
}

/** In float64, by definition (models/userAffinity.ts). */
function affinity({ model, histories }: SavedModel<FactorModel>, user: number, item: number): number {
  const { dimension, sources, targets } = model
  const [kernel] = model.kernels
  const history = histories.items.subarray(histories.offsets[user], histories.offsets[user + 1]).toReversed()
  const newest = history.subarray(0, kernel.length)
  let score = 0
  for (const [k, met] of newest.entries())
    for (let x = 0; x < dimension; x++)
      score += kernel[k] * sources[met * dimension + x] * targets[item * dimension + x]
  return score > 0 ? score * Math.sqrt(newest.length) : score
}
