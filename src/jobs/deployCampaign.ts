/** CreateCampaign's work: the solution version's model is opened once. ACTIVE means that it can answer. */
import type { Resources } from '../resources/resources.ts'
import { campaign, solutionVersion } from '../resources/types.ts'
import type { ComputeContext } from './computeContext.ts'
import type { DeploymentDescription } from './deployment.ts'
import { syncCampaign } from './syncCampaigns.ts'
import { workKind } from './workKind.ts'

export const deployCampaign = workKind({
  name: 'deployCampaign',
  makes: campaign,
  describe: ({ body }, resources) => describeDeployment(body.solutionVersionArn, resources),
  run: openInProcess,
  after: syncCampaign,
})

/** Where the model of an ACTIVE version lies. It stays there for as long as the campaign: its solution cannot be deleted before. */
export async function describeDeployment(versionArn: string, resources: Resources): Promise<DeploymentDescription> {
  const { hidden } = await resources.get(solutionVersion, versionArn)
  if (hidden.model === undefined) throw new Error(`${versionArn} is to be deployed and has no model`)
  return { modelPrefix: hidden.model }
}

/** `run` of every kind that opens a model and does nothing else. */
export async function openInProcess(description: DeploymentDescription, context: ComputeContext): Promise<void> {
  const { openDeployment } = await import('./deployment.ts')
  return openDeployment(description, context)
}
