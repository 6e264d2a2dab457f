/** StartRecommender's work: the model that was trained before is opened again; nothing is trained (runtime-events.md §2). */
import { recommender } from '../resources/types.ts'
import { openInProcess } from './deployCampaign.ts'
import type { DeploymentDescription } from './deployment.ts'
import { workKind } from './workKind.ts'

export const startRecommender = workKind({
  name: 'startRecommender',
  makes: recommender,
  async describe({ arn, hidden }): Promise<DeploymentDescription> {
    if (hidden.model === undefined) throw new Error(`${arn} was ACTIVE once and has no model`)
    return { modelPrefix: hidden.model }
  },
  run: openInProcess,
})
