/** Campaigns: a solution version that answers in real time. An update takes over when it is ACTIVE; until then the old deployment answers. */
import { ServiceError } from '../protocol/errors.ts'
import { boolean, double, enumeration, integer, map, optional, structure, type TypeOf } from '../protocol/shape.ts'
import type { Resource, Resources } from '../resources/resources.ts'
import {
  type CampaignConfigBody,
  campaign,
  type SolutionVersionBody,
  type SolutionVersionHidden,
  solution,
  solutionVersion,
} from '../resources/types.ts'
import { campaignExploration, checkExploration } from './exploration.ts'
import { creating, deleting, describing, listing } from './nounOperations.ts'
import { operation } from './operation.ts'
import { recipeOfVersion } from './recipe.ts'
import { refuse, refuseNow } from './refuse.ts'
import { Arn, dates, FailureReason, HyperParameters, Name, Status } from './shapes.ts'

/** The reference's default: it bills by this number. Here it is kept and shown, and reserves nothing. */
const TPS_DEFAULT = 1

const TransactionsPerSecond = integer({ min: 1 })
const CampaignConfig = structure({
  itemExplorationConfig: optional(HyperParameters),
  enableMetadataWithRecommendations: optional(boolean),
  syncWithLatestSolutionVersion: optional(boolean),
  rankingInfluence: optional(map(enumeration(['POPULARITY', 'FRESHNESS']), double({ min: 0, max: 1 }))),
})
const deployment = {
  solutionVersionArn: optional(Arn),
  minProvisionedTPS: optional(TransactionsPerSecond),
  campaignConfig: optional(CampaignConfig),
  status: optional(Status),
  failureReason: optional(FailureReason),
  ...dates,
}

type Version = Resource<SolutionVersionBody, SolutionVersionHidden>

/** `SOLUTIONARN/$LATEST`: the newest version that is ACTIVE. */
const LATEST = /^(.+)\/\$LATEST$/

const createCampaign = creating('CreateCampaign', campaign, {
  input: {
    name: Name,
    solutionVersionArn: Arn,
    minProvisionedTPS: optional(TransactionsPerSecond),
    campaignConfig: optional(CampaignConfig),
  },
  differences:
    'ACTIVE means that the model was opened and asked once; GetRecommendations is not there yet. minProvisionedTPS is kept and shown, and reserves nothing.',
  async make({ name, solutionVersionArn, minProvisionedTPS = TPS_DEFAULT, campaignConfig }, resources) {
    const version = await versionNamed(solutionVersionArn, resources)
    checkConfig(campaignConfig, version)
    checkSync(campaignConfig, LATEST.test(solutionVersionArn))
    return {
      parent: version.body.solutionArn,
      body: { name, solutionVersionArn: version.arn, minProvisionedTPS, campaignConfig },
      hidden: {},
    }
  },
})

async function versionNamed(arn: string, resources: Resources): Promise<Version> {
  const solutionArn = LATEST.exec(arn)?.[1]
  if (solutionArn === undefined) {
    const version = await resources.getActive(solutionVersion, arn)
    await resources.getActive(solution, version.body.solutionArn)
    return version
  }
  await resources.getActive(solution, solutionArn)
  const newest = await resources.firstWhere(solutionVersion, ({ status }) => status === 'ACTIVE', solutionArn)
  if (newest) return newest
  const [unfinished] = (await resources.list(solutionVersion, { parent: solutionArn, maxResults: 1 })).resources
  if (unfinished) {
    refuseNow(
      `The solution ${solutionArn} has no version in status ACTIVE: the newest, ${unfinished.arn}, is in status ${unfinished.status}.`,
    )
  }
  throw new ServiceError(
    'ResourceNotFoundException',
    `Resource Arn ${arn} does not exist: the solution has no versions.`,
  )
}

/** Settings that are for other recipes are refused: ignoring them would give other answers than those asked for. */
function checkConfig(config: TypeOf<typeof CampaignConfig> | undefined, version: Version): void {
  const recipe = recipeOfVersion(version)
  if (recipe.type === 'USER_SEGMENTATION')
    refuse(`The recipe ${recipe.name} answers batch segment jobs only: it cannot be deployed in a campaign.`)
  if (config?.rankingInfluence !== undefined && !recipe.text)
    refuse(
      `campaignConfig.rankingInfluence was given: it is for aws-semantic-similarity, this solution version is of ${recipe.name}.`,
    )
  if (config?.itemExplorationConfig === undefined) return
  if (recipe.name !== 'aws-user-personalization')
    refuse(
      `campaignConfig.itemExplorationConfig was given: it is for aws-user-personalization, this solution version is of ${recipe.name}.`,
    )
  checkExploration(campaignExploration, config.itemExplorationConfig, 'campaignConfig.itemExplorationConfig')
}

function checkSync(config: CampaignConfigBody | undefined, isLatest: boolean): void {
  if (!config?.syncWithLatestSolutionVersion || isLatest) return
  refuse(
    'campaignConfig.syncWithLatestSolutionVersion was true: it needs a solutionVersionArn of the form SOLUTIONARN/$LATEST.',
  )
}

const describeCampaign = describing('DescribeCampaign', campaign, {
  name: optional(Name),
  campaignArn: optional(Arn),
  ...deployment,
  latestCampaignUpdate: optional(structure(deployment)),
})

const summary = {
  name: optional(Name),
  campaignArn: optional(Arn),
  status: optional(Status),
  ...dates,
  failureReason: optional(FailureReason),
}

const listCampaigns = listing('ListCampaigns', campaign, summary, { within: 'solutionArn' })

/** What is not given stays as it is; a campaignConfig that is given replaces the old one whole. */
const updateCampaign = operation({
  name: 'UpdateCampaign',
  input: structure({
    campaignArn: Arn,
    solutionVersionArn: optional(Arn),
    minProvisionedTPS: optional(TransactionsPerSecond),
    campaignConfig: optional(CampaignConfig),
  }),
  output: structure({ campaignArn: optional(Arn) }),
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
  differences: 'A campaign stays with its solution: a version of another is refused.',
  async handle(input, { resources }) {
    const found = await resources.get(campaign, input.campaignArn)
    const { solutionVersionArn: asked = found.body.solutionVersionArn } = input
    const version = await versionNamed(asked, resources)
    if (version.body.solutionArn !== found.parent) {
      refuse(
        `solutionVersionArn was ${version.arn}: a version of ${found.parent} was expected, the solution that the campaign ${found.arn} is of.`,
      )
    }
    const { minProvisionedTPS = found.body.minProvisionedTPS, campaignConfig = found.body.campaignConfig } = input
    checkConfig(campaignConfig, version)
    const synced = input.solutionVersionArn === undefined && found.body.campaignConfig?.syncWithLatestSolutionVersion
    checkSync(campaignConfig, LATEST.test(asked) || synced === true)
    const next = { solutionVersionArn: version.arn, minProvisionedTPS, campaignConfig }
    await resources.requestUpdate(campaign, found, next)
    return { campaignArn: found.arn }
  },
})

const deleteCampaign = deleting('DeleteCampaign', campaign)

export const campaignOperations = [createCampaign, describeCampaign, listCampaigns, updateCampaign, deleteCampaign]
