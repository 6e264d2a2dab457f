/** Every kind of work there is. Nothing else lists them. */
import { assert } from '../lib/assert.ts'
import { batchInference } from './batchInference.ts'
import { batchSegment } from './batchSegment.ts'
import { deleteUsers } from './deleteUsers.ts'
import { deployCampaign } from './deployCampaign.ts'
import { explainFilter } from './explainFilter.ts'
import { explainRecommendations } from './explainRecommendations.ts'
import { exportDataset } from './exportDataset.ts'
import { forget } from './forget.ts'
import { importDataset } from './importDataset.ts'
import { makeReady } from './makeReady.ts'
import { readEvaluation } from './readEvaluation.ts'
import { redeployCampaign } from './redeployCampaign.ts'
import { startRecommender } from './startRecommender.ts'
import { stopRecommender } from './stopRecommender.ts'
import { trainRecommender } from './trainRecommender.ts'
import { trainAutomatically, trainSolutionVersion } from './trainSolutionVersion.ts'
import { updateDataset } from './updateDataset.ts'
import { updateMetricAttribution } from './updateMetricAttribution.ts'
import { updateRecommender } from './updateRecommender.ts'
import { updateSolution } from './updateSolution.ts'
import type { AnyWorkKind } from './workKind.ts'

const workKinds: readonly AnyWorkKind[] = [
  makeReady,
  forget,
  importDataset,
  exportDataset,
  deleteUsers,
  updateDataset,
  updateMetricAttribution,
  trainSolutionVersion,
  trainAutomatically,
  batchInference,
  batchSegment,
  explainFilter,
  explainRecommendations,
  readEvaluation,
  deployCampaign,
  redeployCampaign,
  trainRecommender,
  updateRecommender,
  startRecommender,
  stopRecommender,
  updateSolution,
] as unknown as AnyWorkKind[]

export function workKindNamed(name: string): AnyWorkKind {
  const found = workKinds.find(each => each.name === name)
  assert(found, `no kind of work is called ${name}`)
  return found
}
