/**
 * Campaigns with syncWithLatestSolutionVersion take up the newest ACTIVE version of their solution (lifecycle.md §7). Asked whenever a
 * version becomes ACTIVE, and again when a campaign has been deployed: a version may have become ACTIVE in the meantime.
 */
import { isUnderWay } from '../resources/lifecycle.ts'
import type { Resource, Resources } from '../resources/resources.ts'
import {
  type CampaignBody,
  campaign,
  type SolutionVersionBody,
  type SolutionVersionHidden,
  solutionVersion,
} from '../resources/types.ts'

export async function syncCampaigns(
  { body }: Resource<SolutionVersionBody, SolutionVersionHidden>,
  resources: Resources,
): Promise<void> {
  for (let nextToken: string | undefined; ; ) {
    const page = await resources.list(campaign, { parent: body.solutionArn, nextToken })
    for (const each of page.resources) await syncCampaign(each, resources)
    if (page.nextToken === undefined) return
    nextToken = page.nextToken
  }
}

export async function syncCampaign(
  found: Resource<CampaignBody, Record<string, never>>,
  resources: Resources,
): Promise<void> {
  const { solutionVersionArn, minProvisionedTPS, campaignConfig, latestCampaignUpdate } = found.body
  if (!campaignConfig?.syncWithLatestSolutionVersion) return
  if (found.status !== 'ACTIVE' || isUnderWay(latestCampaignUpdate?.status)) return
  const newest = await resources.firstWhere(solutionVersion, ({ status }) => status === 'ACTIVE', found.parent)
  if (!newest || newest.arn === solutionVersionArn) return
  const next = { solutionVersionArn: newest.arn, minProvisionedTPS, campaignConfig }
  await resources.requestUpdate(campaign, found, next)
}
