/** UpdateCampaign's work, and that of a campaign which follows its solution. Until it is done the campaign answers as before. */
import { campaign } from '../resources/types.ts'
import { describeDeployment, openInProcess } from './deployCampaign.ts'
import { syncCampaign } from './syncCampaigns.ts'
import { workKind } from './workKind.ts'

export const redeployCampaign = workKind({
  name: 'redeployCampaign',
  makes: campaign,
  describe: ({ body }, resources) => describeDeployment(body.latestCampaignUpdate!.solutionVersionArn, resources),
  run: openInProcess,
  async settle({ body }) {
    const { solutionVersionArn, minProvisionedTPS, campaignConfig } = body.latestCampaignUpdate!
    return { body: { ...body, solutionVersionArn, minProvisionedTPS, campaignConfig } }
  },
  after: syncCampaign,
})
