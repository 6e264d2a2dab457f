/**
 * A model of any form as named tensors, and back. What a file claims is checked before a kernel trusts it.
 *
 *   every form   prior f32[n], sharpness f64[1]
 *   dense        kernel f32[K], and rows f32[n, n] unless everybody gets the prior
 *   factors      kernel.0 … kernel.F-1 f32[K_f], sources f32[F, n, d], targets f32[n, d], maybe bias f32[n]
 *   pool         of each expert i: expert.i.{kernel f32[K], blend f64[2] = weight, scale} and {offsets u32[n + 1], items i32, values f32}, or
 *                of nearest sequences {people u32[rows], offsets u32[rows + 1], items i32, steps u8[1],
 *                standIns.{offsets u32[new + 1], items i32, weights f32}};
 *                epsilon f64[1], maybe bias f32[n], maybe newItemOffset f64[1]
 *
 * The metadata say the form, a pool's combination, the names of its experts and how they were chosen.
 */
import type {
  DenseModel,
  FactorModel,
  HistoryModel,
  NearestExpert,
  PoolExpert,
  PoolModel,
  SparseExpert,
} from '../models/historyModel.ts'
import { keptSequences, listsOf } from '../models/nearestSequences.ts'
import { type Tensors, vector } from '../models/safetensors.ts'
import type { StandIns } from '../models/standIns.ts'
import type { PartMetadata, PartReader } from './modelPart.ts'

export function modelTensors(model: HistoryModel): { tensors: Tensors; metadata: PartMetadata } {
  const { form, itemCount: n, prior, sharpness } = model
  const common = { prior: vector(prior), sharpness: vector(Float64Array.of(sharpness)) }
  if (form === 'dense') {
    const { kernel, rows } = model
    return {
      tensors: { ...common, kernel: vector(kernel), ...(rows && { rows: { shape: [n, n], data: rows } }) },
      metadata: { form },
    }
  }
  const bias = model.bias && { bias: vector(model.bias) }
  if (form === 'factors') {
    const { dimension: d, kernels, sources, targets } = model
    const named = Object.fromEntries(kernels.map((kernel, f) => [`kernel.${f}`, vector(kernel)]))
    const matrices = {
      sources: { shape: [kernels.length, n, d], data: sources },
      targets: { shape: [n, d], data: targets },
    }
    return { tensors: { ...common, ...named, ...matrices, ...bias }, metadata: { form } }
  }
  const { combination, epsilon, experts, choice, newItemOffset } = model
  const named: Tensors = Object.assign({}, ...experts.map(expertTensors))
  return {
    tensors: {
      ...{ ...common, ...named, epsilon: vector(Float64Array.of(epsilon)), ...bias },
      ...(newItemOffset !== undefined && { newItemOffset: vector(Float64Array.of(newItemOffset)) }),
    },
    metadata: {
      form,
      combination,
      experts: JSON.stringify(experts.map(({ name }) => name)),
      ...(choice && { choice: JSON.stringify(choice) }),
    },
  }
}

function expertTensors(expert: PoolExpert, i: number): Tensors {
  const { kernel, weight, scale } = expert
  const { offsets, items } = 'sequences' in expert ? listsOf(expert.sequences) : expert
  return {
    [`expert.${i}.kernel`]: vector(kernel),
    [`expert.${i}.blend`]: vector(Float64Array.of(weight, scale)),
    [`expert.${i}.offsets`]: vector(offsets),
    [`expert.${i}.items`]: vector(items),
    ...('sequences' in expert
      ? {
          [`expert.${i}.people`]: vector(expert.sequences.people),
          [`expert.${i}.standIns.offsets`]: vector(expert.sequences.standIns.offsets),
          [`expert.${i}.standIns.items`]: vector(expert.sequences.standIns.items),
          [`expert.${i}.standIns.weights`]: vector(expert.sequences.standIns.weights),
          [`expert.${i}.steps`]: vector(Uint8Array.of(expert.steps ? 1 : 0)),
        }
      : { [`expert.${i}.values`]: vector(expert.values) }),
  }
}

export function modelOf(part: PartReader): HistoryModel {
  const prior = part.tensor('prior', Float32Array, [undefined])
  const [sharpness] = part.tensor('sharpness', Float64Array, [1])
  if (!(sharpness > 0 && Number.isFinite(sharpness)))
    part.refuse(`its sharpness is ${sharpness}, where a positive number was expected`)
  const common = { itemCount: prior.length, prior, sharpness }
  const { form } = part.metadata
  if (form === 'dense') return denseOf(part, common)
  if (form === 'factors') return factorsOf(part, common)
  if (form === 'pool') return poolOf(part, common)
  return part.refuse(`its form is '${form}', where dense, factors or pool was expected`)
}

type CommonPart = Pick<HistoryModel, 'itemCount' | 'prior' | 'sharpness'>

const denseOf = (part: PartReader, common: CommonPart): DenseModel => ({
  form: 'dense',
  ...common,
  kernel: part.tensor('kernel', Float32Array, [undefined]),
  rows: part.has('rows') ? part.tensor('rows', Float32Array, [common.itemCount, common.itemCount]) : undefined,
})

const biasOf = (part: PartReader, itemCount: number): Float32Array | undefined =>
  part.has('bias') ? part.tensor('bias', Float32Array, [itemCount]) : undefined

function factorsOf(part: PartReader, common: CommonPart): FactorModel {
  const n = common.itemCount
  const kernels: Float32Array[] = []
  while (part.has(`kernel.${kernels.length}`))
    kernels.push(part.tensor(`kernel.${kernels.length}`, Float32Array, [undefined]))
  if (kernels.length === 0) part.refuse("it has no tensor 'kernel.0'")
  const targets = part.tensor('targets', Float32Array, [n, undefined])
  const dimension = n === 0 ? 1 : targets.length / n
  const sources = part.tensor('sources', Float32Array, [kernels.length, n, n === 0 ? undefined : dimension])
  return { form: 'factors', ...common, dimension, kernels, sources, targets, bias: biasOf(part, n) }
}

function poolOf(part: PartReader, common: CommonPart): PoolModel {
  const { combination, experts: list = '[]', choice } = part.metadata
  if (combination !== 'log' && combination !== 'linear')
    return part.refuse(`its combination is '${combination}', where log or linear was expected`)
  const [epsilon] = part.tensor('epsilon', Float64Array, [1])
  if (!(epsilon > 0)) part.refuse(`its epsilon is ${epsilon}, where a positive number was expected`)
  const names: string[] = JSON.parse(list)
  const experts = names.map((name, i) => expertOf(part, name, i, common.itemCount))
  if (experts.length === 0) part.refuse('it has no expert')
  return {
    form: 'pool',
    ...common,
    combination,
    epsilon,
    experts,
    bias: biasOf(part, common.itemCount),
    ...(part.has('newItemOffset') && { newItemOffset: offsetOf(part) }),
    ...(choice !== undefined && { choice: JSON.parse(choice) }),
  }
}

function offsetOf(part: PartReader): number {
  const [offset] = part.tensor('newItemOffset', Float64Array, [1])
  if (!(offset <= 0 && Number.isFinite(offset)))
    part.refuse(`its new items have the offset ${offset}, where a number of at most 0 was expected`)
  return offset
}

function expertOf(part: PartReader, name: string, i: number, itemCount: number): PoolExpert {
  const [weight, scale] = part.tensor(`expert.${i}.blend`, Float64Array, [2])
  if (!(weight >= 0 && scale > 0)) part.refuse(`its expert '${name}' has the weight ${weight} and the scale ${scale}`)
  const kernel = part.tensor(`expert.${i}.kernel`, Float32Array, [undefined])
  const voice = { name, kernel, weight, scale }
  return { ...voice, ...(part.has(`expert.${i}.people`) ? nearestOf : rowsOf)(part, i, itemCount) }
}

function nearestOf(part: PartReader, i: number, itemCount: number): Pick<NearestExpert, 'steps' | 'sequences'> {
  const people = part.tensor(`expert.${i}.people`, Uint32Array, [undefined])
  const offsets = part.tensor(`expert.${i}.offsets`, Uint32Array, [people.length + 1])
  const items = part.tensor(`expert.${i}.items`, Int32Array, [undefined])
  part.checkOffsets(`expert.${i}.offsets`, offsets, items.length)
  const standIns = standInsOf(part, `expert.${i}.standIns`, itemCount)
  const known = itemCount - (standIns.offsets.length - 1)
  const stray = items.find(item => item < 0 || item >= known)
  if (stray !== undefined)
    part.refuse(`tensor 'expert.${i}.items' names the item ${stray}, where at most ${known} have events`)
  const [steps] = part.tensor(`expert.${i}.steps`, Uint8Array, [1])
  return { steps: steps !== 0, sequences: keptSequences({ offsets, items }, itemCount, people, standIns) }
}

/** Of the last items, by those before them. */
function standInsOf(part: PartReader, name: string, itemCount: number): StandIns {
  const offsets = part.tensor(`${name}.offsets`, Uint32Array, [undefined])
  const items = part.tensor(`${name}.items`, Int32Array, [undefined])
  const weights = part.tensor(`${name}.weights`, Float32Array, [items.length])
  part.checkOffsets(`${name}.offsets`, offsets, items.length)
  const known = itemCount - (offsets.length - 1)
  if (items.some(item => item < 0 || item >= known) || !weights.every(Number.isFinite))
    part.refuse(`tensor '${name}.items' does not name items below ${known}, or their weights are no numbers`)
  return { offsets, items, weights }
}

function rowsOf(part: PartReader, i: number, itemCount: number): Pick<SparseExpert, 'offsets' | 'items' | 'values'> {
  const offsets = part.tensor(`expert.${i}.offsets`, Uint32Array, [itemCount + 1])
  const items = part.tensor(`expert.${i}.items`, Int32Array, [undefined])
  part.checkOffsets(`expert.${i}.offsets`, offsets, items.length)
  for (let row = 0; row < itemCount; row++) {
    for (let at = offsets[row], before = -1; at < offsets[row + 1]; before = items[at++])
      if (items[at] <= before || items[at] >= itemCount)
        part.refuse(`row ${row} of 'expert.${i}.items' does not ascend within the ${itemCount} items`)
  }
  return { offsets, items, values: part.tensor(`expert.${i}.values`, Float32Array, [items.length]) }
}
