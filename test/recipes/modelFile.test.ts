import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Vocabulary } from '../../src/datasets/vocabulary.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import { quietControl } from '../../src/lib/work.ts'
import type { ContextLifts } from '../../src/models/contextLifts.ts'
import type { DenseModel } from '../../src/models/historyModel.ts'
import { popularityModel } from '../../src/models/popularity.ts'
import { encode, type Metadata, type Tensors, vector } from '../../src/models/safetensors.ts'
import { itemLists } from '../../src/models/splits.ts'
import { openObjectStore } from '../../src/objects/open.ts'
import { withoutUsers } from '../../src/recipes/forget.ts'
import { loadModel, type SavedModel, saveModel } from '../../src/recipes/modelFile.ts'
import { modelsOfEveryForm, poolModel } from '../models/forms.ts'

let root: string
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'sommelier-model-'))
  await mkdir(join(root, 'made'))
})
after(() => rm(root, { recursive: true, force: true }))

/** A place of its own for every test. */
let places = 0
const place = () => ({
  artifacts: openObjectStore({ kind: 'folder', root }),
  prefix: { bucket: 'made', key: `models/${++places}/` },
})
const pathOf = ({ prefix }: ReturnType<typeof place>, part: string) =>
  join(root, prefix.bucket, prefix.key, `${part}.safetensors`)
const nameOf = ({ prefix }: ReturnType<typeof place>, part: string) => `s3://made/${prefix.key}${part}.safetensors`

const saved: SavedModel<DenseModel> = {
  model: {
    form: 'dense',
    itemCount: 3,
    kernel: Float32Array.of(1, 0.5),
    rows: Float32Array.from({ length: 9 }, (_, i) => i / 7),
    prior: Float32Array.of(-1, -2, -3),
    sharpness: 1 / 3,
  },
  users: Vocabulary.fromIds(['u1', 'ü2']),
  items: Vocabulary.fromIds(['a', 'b', '項']),
  histories: itemLists([Int32Array.of(0, 2), new Int32Array(0)]),
}

test('what was saved is loaded, on shared memory', async () => {
  const at = place()
  await saveModel(at, saved, quietControl)
  const loaded = await loadModel(at, quietControl)
  assert.deepEqual(loaded.model, saved.model)
  assert.deepEqual(loaded.histories, saved.histories)
  assert.equal(loaded.users.indexOf('ü2'), 1)
  assert.equal(loaded.items.idAt(2), '項')
  const { model, histories, items } = loaded
  assert.ok(model.form === 'dense')
  for (const { buffer } of [
    model.rows!,
    model.kernel,
    model.prior,
    histories.offsets,
    histories.items,
    items.tensors.bytes,
  ])
    assert.ok(buffer instanceof SharedArrayBuffer)
})

const told = {
  ...saved,
  facts: {
    eventCounts: Uint32Array.of(3, 1, 0),
    createdSeconds: Float64Array.of(1, 2, 3),
    newestSeconds: 9,
    impressions: { shown: Uint32Array.of(5, 6, 7), taken: Uint32Array.of(1, 0, 2) },
  },
  newcomers: {
    lifts: { offsets: Uint32Array.of(0, 1, 3), items: Int32Array.of(2, 0, 1), values: Float32Array.of(0.5, 1, 2) },
    rules: [
      { column: 'SIDE', category: 'left' },
      { column: 'AGE', from: 3, below: 5.5 },
    ],
    offsets: Uint32Array.of(0, 0, 2),
    codes: Int32Array.of(0, 1),
  },
  contexts: [
    {
      name: 'DEVICE',
      for: 'history',
      weight: 0.5,
      rules: [
        { column: 'DEVICE', category: 'phone' },
        { column: 'DEVICE', category: 'desk' },
      ],
      usual: Float32Array.of(-1, -2),
      offsets: Uint32Array.of(0, 1, 3),
      items: Int32Array.of(1, 0, 1),
      values: Float32Array.of(0.5, 1, 2),
    },
    {
      name: 'HOUR',
      for: 'everybody',
      weight: 1,
      rules: [
        { column: 'HOUR', below: 12 },
        { column: 'HOUR', from: 12 },
      ],
      usual: Float32Array.of(-1, -2, -3),
      offsets: Uint32Array.of(0, 0, 0),
      items: new Int32Array(0),
      values: new Float32Array(0),
    },
  ] satisfies ContextLifts[],
}

test('what was shown, and what is told of people without a history, is loaded as it was', async () => {
  const at = place()
  await saveModel(at, told, quietControl)
  const { facts, newcomers, contexts } = await loadModel(at, quietControl)
  assert.deepEqual([facts, newcomers, contexts], [told.facts, told.newcomers, told.contexts])
  const { lifts } = told.newcomers
  const damages: [object, string][] = [
    [{ codes: Int32Array.of(0, 2) }, 'somebody has the attribute 2, where there are 2'],
    [{ lifts: { ...lifts, items: Int32Array.of(2, 0, 3) } }, 'an attribute names the item 3, where there are 3'],
    [
      { lifts: { ...lifts, values: Float32Array.of(0, Number.NaN, 0) } },
      'an attribute adds something that is no number',
    ],
    [{ rules: told.newcomers.rules.slice(1) }, 'there are 1 rules of attributes, where there are 2 attributes'],
  ]
  for (const [damage, why] of damages) {
    const other = place()
    await saveModel(other, { ...told, newcomers: { ...told.newcomers, ...damage } }, quietControl)
    const message = `The model's file ${nameOf(other, 'vocabulary')} cannot be used: ${why}.`
    await assert.rejects(loadModel(other, quietControl), new Refusal(message))
  }
})

test('contexts that would lead out of the model are refused', async () => {
  const [device, hour] = told.contexts
  const damages: [object, string][] = [
    [{ usual: new Float32Array(4) }, 'the context DEVICE tells of 4 items, where there are 3'],
    [{ items: Int32Array.of(1, 2, 1) }, 'the context DEVICE names the item 2, where it tells of 2'],
    [{ usual: Float32Array.of(0, Number.NaN) }, 'the context DEVICE adds something that is no number'],
    [{ offsets: Uint32Array.of(0, 4, 3) }, "tensor 'contexts.0.offsets' does not ascend from 0 to 3"],
    [{ rules: [] }, "tensor 'contexts.0.offsets' has the shape [3], where [1] was expected"],
  ]
  for (const [damage, why] of damages) {
    const other = place()
    await saveModel(other, { ...told, contexts: [{ ...device, ...damage }, hour] }, quietControl)
    const message = `The model's file ${nameOf(other, 'vocabulary')} cannot be used: ${why}.`
    await assert.rejects(loadModel(other, quietControl), new Refusal(message))
  }
})

test('without some users and items the rest of what is told stays', () => {
  const left = withoutUsers(told, { users: Vocabulary.fromIds(['u1']), items: Vocabulary.fromIds(['a']) })!
  assert.deepEqual(left.facts!.impressions, { shown: Uint32Array.of(6, 7), taken: Uint32Array.of(0, 2) })
  const [device, hour] = left.contexts!
  const kept = { usual: Float32Array.of(-2), offsets: Uint32Array.of(0, 1, 2), items: Int32Array.of(0, 0) }
  assert.deepEqual(device, { ...told.contexts[0], ...kept, values: Float32Array.of(0.5, 2) })
  assert.deepEqual(hour, { ...told.contexts[1], usual: Float32Array.of(-2, -3) })
  assert.deepEqual(left.newcomers, {
    lifts: { offsets: Uint32Array.of(0, 1, 2), items: Int32Array.of(1, 0), values: Float32Array.of(0.5, 2) },
    rules: told.newcomers.rules,
    offsets: Uint32Array.of(0, 2),
    codes: Int32Array.of(0, 1),
  })
})

test('a model without rows, a catalogue of nothing, users without events', async () => {
  const at = place()
  const popular = { ...saved, model: popularityModel(Float64Array.of(3, 2, 1)) }
  await saveModel(at, popular, quietControl)
  assert.deepEqual((await loadModel(at, quietControl)).model, popular.model)
  const nothing = {
    model: popularityModel(new Float64Array(0)),
    users: Vocabulary.fromIds([]),
    items: Vocabulary.fromIds([]),
    histories: itemLists([]),
  }
  await saveModel(at, nothing, quietControl)
  assert.deepEqual((await loadModel(at, quietControl)).model, nothing.model)
})

test('a model of every form is loaded as it was saved', async () => {
  for (const model of [...modelsOfEveryForm(3), ...modelsOfEveryForm(0)]) {
    const at = place()
    const none = model.itemCount === 0
    const items = none ? Vocabulary.fromIds([]) : saved.items
    const histories = none ? itemLists([new Int32Array(0), new Int32Array(0)]) : saved.histories
    await saveModel(at, { ...saved, model, items, histories }, quietControl)
    assert.deepEqual(
      (await loadModel(at, quietControl)).model,
      model.form === 'factors' && none ? { ...model, dimension: 1 } : model,
    )
  }
})

test('how far a pool lowers new items is loaded as it was saved, and refused where it is no number of at most 0', async () => {
  const model = { ...poolModel(3, 3, 'log'), newItemOffset: -1.25 }
  const at = place()
  await saveModel(at, { ...saved, model }, quietControl)
  assert.deepEqual((await loadModel(at, quietControl)).model, model)
  for (const newItemOffset of [0.25, Number.NaN]) {
    await saveModel(at, { ...saved, model: { ...model, newItemOffset } }, quietControl)
    const why = `its new items have the offset ${newItemOffset}, where a number of at most 0 was expected`
    await assert.rejects(
      loadModel(at, quietControl),
      new Refusal(`The model's file ${nameOf(at, 'model')} cannot be used: ${why}.`),
    )
  }
})

test('equal models are equal bytes', async () => {
  const [one, two] = [place(), place()]
  await saveModel(one, saved, quietControl)
  await saveModel(two, saved, quietControl)
  for (const part of ['model', 'vocabulary', 'histories'])
    assert.deepEqual(await readFile(pathOf(one, part)), await readFile(pathOf(two, part)))
})

async function refuses(at: ReturnType<typeof place>, message: string) {
  await assert.rejects(loadModel(at, quietControl), new Refusal(message))
}

test('an absent file is named', async () => {
  const at = place()
  await saveModel(at, saved, quietControl)
  await rm(pathOf(at, 'histories'))
  await refuses(at, `The model's file ${nameOf(at, 'histories')} cannot be used: it is not there.`)
})

test('a damaged file is named', async () => {
  const at = place()
  await saveModel(at, saved, quietControl)
  await writeFile(pathOf(at, 'model'), (await readFile(pathOf(at, 'model'))).subarray(0, -1))
  await refuses(
    at,
    `The model's file ${nameOf(at, 'model')} is damaged. This is not a whole safetensors file: tensor 'rows' ends at byte 64 of the data, of which there are 63.`,
  )
})

/** Saves a good model, then another file in place of one part. */
async function replaced(part: string, tensors: Tensors, metadata: Metadata = {}) {
  const at = place()
  await saveModel(at, saved, quietControl)
  const key = `${at.prefix.key}${part}.safetensors`
  const content = encode(tensors, { format: 'sommelier history model', version: '4', part, form: 'dense', ...metadata })
  await at.artifacts.write({ bucket: at.prefix.bucket, key }, content)
  return { at, refused: (why: string) => refuses(at, `The model's file ${nameOf(at, part)} cannot be used: ${why}.`) }
}

const model: Tensors = {
  kernel: vector(Float32Array.of(1)),
  prior: vector(Float32Array.of(-1, -2, -3)),
  sharpness: vector(Float64Array.of(2)),
}

test('another format, part or version is refused', async () => {
  await (await replaced('model', model, { format: 'pt' })).refused(
    "it is 'pt', part 'model', where 'sommelier history model', part 'model' was expected",
  )
  await (await replaced('model', model, { part: 'histories' })).refused(
    "it is 'sommelier history model', part 'histories', where 'sommelier history model', part 'model' was expected",
  )
  await (await replaced('model', model, { version: '3' })).refused("it is of version '3', where '4' was expected")
})

test('tensors that are absent, of another type or shape, or do not fit together are refused', async () => {
  const { kernel: _, ...withoutKernel } = model
  await (await replaced('model', withoutKernel)).refused("it has no tensor 'kernel'")
  await (await replaced('model', { ...model, prior: vector(Float64Array.of(1)) })).refused(
    "tensor 'prior' is a Float64Array, where a Float32Array was expected",
  )
  await (await replaced('model', { ...model, rows: vector(new Float32Array(9)) })).refused(
    "tensor 'rows' has the shape [9], where [3,3] was expected",
  )
  await (await replaced('model', { ...model, sharpness: vector(Float64Array.of(Number.NaN)) })).refused(
    'its sharpness is NaN, where a positive number was expected',
  )
  const { refused } = await replaced('vocabulary', {})
  await refused("it has no tensor 'users.bytes'")
})

test('a vocabulary of another size than the model is refused', async () => {
  const tensorsOf = (name: string, { tensors }: Vocabulary) =>
    Object.fromEntries(Object.entries(tensors).map(([part, data]) => [`${name}.${part}`, vector(data)]))
  const items = Vocabulary.fromIds(['a', 'b'])
  const { refused } = await replaced('vocabulary', { ...tensorsOf('users', saved.users), ...tensorsOf('items', items) })
  await refused('it has 2 items, where the model has 3')
})

test('a vocabulary whose ids lie outside its bytes is refused', async () => {
  const vocabulary = { 'users.bytes': vector(Uint8Array.of(97)), 'users.offsets': vector(Uint32Array.of(0, 2)) }
  await (await replaced('vocabulary', vocabulary)).refused("tensor 'users.offsets' does not ascend from 0 to 1")
  const none = { ...vocabulary, 'users.offsets': vector(new Uint32Array(0)) }
  await (await replaced('vocabulary', none)).refused("tensor 'users.offsets' does not ascend from 0 to 1")
})

test('histories that would lead a kernel out of its memory are refused', async () => {
  const histories = (offsets: number[], items: number[]) =>
    replaced('histories', { offsets: vector(Uint32Array.from(offsets)), items: vector(Int32Array.from(items)) })
  await (await histories([0, 1], [0])).refused("tensor 'offsets' has the shape [2], where [3] was expected")
  await (await histories([0, 2, 1], [0])).refused("tensor 'offsets' does not ascend from 0 to 1")
  await (await histories([0, 1, 3], [0, 1])).refused("tensor 'offsets' does not ascend from 0 to 2")
  await (await histories([1, 1, 1], [0])).refused("tensor 'offsets' does not ascend from 0 to 1")
  await (await histories([0, 1, 2], [0, 3])).refused('it names the item 3, where the model has 3')
  await (await histories([0, 1, 2], [0, -1])).refused('it names the item -1, where the model has 3')
})
