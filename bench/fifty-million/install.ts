/** Puts a made model in the place of the one that a server has trained, which does not run meanwhile. `folder` is its data folder. */
import { join } from 'node:path'
import { dataVersion } from '../../src/datasets/dataVersion.ts'
import { Vocabulary, VocabularyBuilder } from '../../src/datasets/vocabulary.ts'
import { ARTIFACTS_BUCKET } from '../../src/jobs/computeContext.ts'
import { assert } from '../../src/lib/assert.ts'
import { quietControl } from '../../src/lib/work.ts'
import type { FactorModel } from '../../src/models/historyModel.ts'
import type { ObjectStore } from '../../src/objects/objectStore.ts'
import { openObjectStore } from '../../src/objects/open.ts'
import { type SavedModel, saveModel } from '../../src/recipes/modelFile.ts'
import { addressOf, FORMAT, type ModelPlace, VERSION } from '../../src/recipes/modelPart.ts'
import { historiesFile } from './files.ts'
import { type FactorWorld, ITEMS, listsOf, userId } from './world.ts'

/** By the code that saves what is trained. */
export async function installModel(folder: string, saved: SavedModel<FactorModel>): Promise<void> {
  await saveModel(await trainedIn(folder), saved, quietControl)
}

/** Its histories are written as they are drawn. `ofEvents`: they are all that the imported events tell. */
export async function installWorld(folder: string, world: FactorWorld, ofEvents: boolean): Promise<void> {
  const place = await trainedIn(folder)
  const users = new VocabularyBuilder()
  for (let user = 0; user < world.users; user++) users.add(String(userId(world.users, user)))
  const items = Vocabulary.fromIds(Array.from({ length: ITEMS }, (_, item) => String(item + 1)))
  const { model } = world
  await saveModel(place, { model, users: users.finish(), items, histories: listsOf(world, 0) }, quietControl)
  const version = ofEvents ? { wholeOf: dataVersion([{ parts: await importedIn(folder) }]) } : {}
  const metadata = { ...version, format: FORMAT, version: VERSION, part: 'histories' }
  await place.artifacts.write(addressOf(place, 'histories'), historiesFile(world, metadata))
}

const artifactsOf = (folder: string): ObjectStore =>
  openObjectStore({ kind: 'folder', root: join(folder, 'artifacts') })

async function trainedIn(folder: string): Promise<ModelPlace> {
  const [key, ...others] = (await keysByFolder(folder, 'models/')).keys()
  assert(key !== undefined && others.length === 0, 'one version has been trained')
  return { artifacts: artifactsOf(folder), prefix: { bucket: ARTIFACTS_BUCKET, key } }
}

/** The parts of the one import that is left. */
async function importedIn(folder: string): Promise<string[]> {
  const [parts, ...others] = (await keysByFolder(folder, 'imports/')).values()
  assert(parts !== undefined && others.length === 0, 'one import is left')
  return parts
}

async function keysByFolder(folder: string, prefix: string): Promise<Map<string, string[]>> {
  const keys: string[] = []
  for await (const { key } of artifactsOf(folder).list(ARTIFACTS_BUCKET, prefix)) keys.push(key)
  return Map.groupBy(keys, key => key.slice(0, key.lastIndexOf('/') + 1))
}
