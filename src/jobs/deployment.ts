/**
 * Opening a deployment: the model's files are read, checked, placed as a ranker wants them, and asked once. What passes can answer; what
 * does not is refused now, with the file's name, and not at the first request of a user. Runs in the compute process.
 */
import { actionScores } from '../inference/actionScores.ts'
import { openRanker, placeModel } from '../inference/ranker.ts'
import { assert } from '../lib/assert.ts'
import { loadModel } from '../recipes/modelFile.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from './computeContext.ts'

export interface DeploymentDescription {
  readonly modelPrefix: string
}

/** Throws Refusal naming the file that cannot be used. */
export async function openDeployment(
  { modelPrefix }: DeploymentDescription,
  { artifacts, signal, progress }: ComputeContext,
): Promise<void> {
  progress({ stage: 'opening the model', done: 0, total: 1, unit: 'models' })
  const place = { artifacts, prefix: { bucket: ARTIFACTS_BUCKET, key: modelPrefix } }
  const { model, histories, actions } = await loadModel(place, { signal })
  const ranker = openRanker(placeModel(model, { threads: 1 }), 0)
  // The first user's history; an empty one when every user has been deleted since.
  const length = histories.offsets[1] ?? 0
  const offsets = Uint32Array.of(0, length)
  const history = histories.items.subarray(0, length)
  const { counts } = ranker.rank({ count: 1, k: 1, offsets, items: history })
  assert(counts[0] === 1, `the model at ${modelPrefix} gives no answer`)
  // Of somebody who met nothing, before anything expires: every action is an answer.
  const offered = actions && actionScores(model, actions, { history, user: -1, nowSeconds: Number.NEGATIVE_INFINITY })
  assert(offered?.length === actions?.ids.size, `the model at ${modelPrefix} leaves out actions`)
  progress({ stage: 'opening the model', done: 1, total: 1, unit: 'models' })
}
