/** kill -9 while something is being deployed: the next server does it, and what was deployed before stays until then. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { arnOf, call, described, serverProcess, settled, temporaryFolder } from '../support/server.ts'
import { shop, trained, trainedVersion } from '../support/serving.ts'

interface Campaign {
  readonly status: string
  readonly solutionVersionArn: string
  readonly latestCampaignUpdate?: { readonly status: string }
}

test('a campaign is created and updated across deaths of the server', async t => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'buckets', 'bucket'), { recursive: true })
  const campaignArn = arnOf('campaign/c')
  const first = await serverProcess(t, folder)
  const { solutionArn, solutionVersionArn } = await trained(first)
  const newer = await trainedVersion(first, solutionArn)
  await call(first, 'CreateCampaign', { name: 'c', solutionVersionArn })
  await described<Campaign>(first, 'DescribeCampaign', { campaignArn }, ({ status }) => status === 'CREATE IN_PROGRESS')
  await first.kill('SIGKILL')

  const second = await serverProcess(t, folder)
  assert.equal((await settled(second, 'DescribeCampaign', { campaignArn })).status, 'ACTIVE')
  await call(second, 'UpdateCampaign', { campaignArn, solutionVersionArn: newer })
  await described<Campaign>(
    second,
    'DescribeCampaign',
    { campaignArn },
    ({ latestCampaignUpdate }) => latestCampaignUpdate?.status === 'CREATE IN_PROGRESS',
  )
  await second.kill('SIGKILL')

  const third = await serverProcess(t, folder)
  const { campaign } = await call<{ campaign: Campaign }>(third, 'DescribeCampaign', { campaignArn })
  assert.deepEqual([campaign.status, campaign.solutionVersionArn], ['ACTIVE', solutionVersionArn])
  const after = await described<Campaign>(
    third,
    'DescribeCampaign',
    { campaignArn },
    ({ latestCampaignUpdate }) => latestCampaignUpdate?.status === 'ACTIVE',
  )
  assert.equal(after.solutionVersionArn, newer)
})

test('a recommender is trained by the next server', async t => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'buckets', 'bucket'), { recursive: true })
  const first = await serverProcess(t, folder)
  const { datasetGroupArn } = await shop(first)
  const { recommenderArn } = await call<{ recommenderArn: string }>(first, 'CreateRecommender', {
    name: 'r',
    datasetGroupArn,
    recipeArn: 'arn:aws:personalize:::recipe/aws-ecomm-recommended-for-you',
  })
  await described<Campaign>(
    first,
    'DescribeRecommender',
    { recommenderArn },
    ({ status }) => status === 'CREATE IN_PROGRESS',
  )
  await first.kill('SIGKILL')
  const second = await serverProcess(t, folder)
  assert.equal((await settled(second, 'DescribeRecommender', { recommenderArn })).status, 'ACTIVE')
})
