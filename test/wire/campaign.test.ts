import assert from 'node:assert/strict'
import { globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeSolution } from '../support/flow.ts'
import {
  arnOf,
  call,
  described,
  NOW_SECONDS,
  refuses,
  settled,
  type TestServer,
  testServer,
} from '../support/server.ts'
import { trained, trainedVersion } from '../support/serving.ts'

const dates = { creationDateTime: NOW_SECONDS, lastUpdatedDateTime: NOW_SECONDS }
const campaignArn = arnOf('campaign/c')

interface Campaign {
  readonly status: string
  readonly solutionVersionArn: string
  readonly failureReason?: string
  readonly latestCampaignUpdate?: { readonly status: string; readonly failureReason?: string }
}
const campaignOf = async (server: TestServer): Promise<Campaign> =>
  (await call<{ campaign: Campaign }>(server, 'DescribeCampaign', { campaignArn })).campaign
const updated = (server: TestServer): Promise<Campaign> =>
  described<Campaign>(server, 'DescribeCampaign', { campaignArn }, ({ latestCampaignUpdate }) =>
    /ACTIVE|FAILED/.test(latestCampaignUpdate?.status ?? ''),
  )

test('a campaign is created, described, listed, updated and deleted; its solution waits for that', async t => {
  const server = await testServer(t)
  const { datasetGroupArn, solutionArn, solutionVersionArn } = await trained(server)
  const created = await call(server, 'CreateCampaign', { name: 'c', solutionVersionArn })
  assert.deepEqual(created, { campaignArn })
  await refuses(
    server,
    'CreateCampaign',
    { name: 'c', solutionVersionArn },
    'ResourceAlreadyExistsException',
    `Another resource with Arn ${campaignArn} already exists.`,
  )
  await refuses(
    server,
    'DeleteCampaign',
    { campaignArn },
    'ResourceInUseException',
    `Resource Arn ${campaignArn} is in status ${(await campaignOf(server)).status} and cannot be deleted now.`,
  )
  await settled(server, 'DescribeCampaign', { campaignArn })
  const summary = { name: 'c', campaignArn, status: 'ACTIVE', ...dates }
  const campaign = { ...summary, solutionVersionArn, minProvisionedTPS: 1 }
  assert.deepEqual(await campaignOf(server), campaign)
  assert.deepEqual(await call(server, 'ListCampaigns', { solutionArn }), { campaigns: [summary] })
  assert.deepEqual(await call(server, 'ListCampaigns'), { campaigns: [summary] })
  const none = { solutionArn: arnOf('solution/none') }
  assert.deepEqual(await call(server, 'ListCampaigns', none), { campaigns: [] })
  await refuses(
    server,
    'DeleteSolution',
    { solutionArn },
    'ResourceInUseException',
    `The solution ${solutionArn} still has campaigns: delete them first.`,
  )

  const second = await trainedVersion(server, solutionArn)
  const campaignConfig = { enableMetadataWithRecommendations: true }
  const update = { campaignArn, solutionVersionArn: second, minProvisionedTPS: 3, campaignConfig }
  assert.deepEqual(await call(server, 'UpdateCampaign', update), { campaignArn })
  const asked = { solutionVersionArn: second, minProvisionedTPS: 3, campaignConfig }
  const between = await campaignOf(server)
  assert.match(between.latestCampaignUpdate?.status ?? '', /^CREATE (PENDING|IN_PROGRESS)$/)
  assert.deepEqual(between, {
    ...campaign,
    latestCampaignUpdate: { ...asked, status: between.latestCampaignUpdate?.status, ...dates },
  })
  for (const [operation, participle] of [
    ['UpdateCampaign', 'updated'],
    ['DeleteCampaign', 'deleted'],
  ] as const) {
    const { latestCampaignUpdate } = await campaignOf(server)
    await refuses(
      server,
      operation,
      { campaignArn },
      'ResourceInUseException',
      `Resource Arn ${campaignArn} has an update in status ${latestCampaignUpdate?.status} and cannot be ${participle} now.`,
    )
  }
  assert.deepEqual(await updated(server), {
    ...campaign,
    ...asked,
    latestCampaignUpdate: { ...asked, status: 'ACTIVE', ...dates },
  })

  assert.equal(await call(server, 'DeleteCampaign', { campaignArn }), undefined)
  await assert.rejects(settled(server, 'DescribeCampaign', { campaignArn }))
  const missing = `Resource Arn ${campaignArn} does not exist.`
  for (const operation of ['DescribeCampaign', 'UpdateCampaign', 'DeleteCampaign'])
    await refuses(server, operation, { campaignArn }, 'ResourceNotFoundException', missing)
  await call(server, 'DeleteSolution', { solutionArn })
  await assert.rejects(settled(server, 'DescribeSolution', { solutionArn }))
  assert.deepEqual(await call(server, 'ListSolutions', { datasetGroupArn }), { solutions: [] })
})

test('CreateCampaign and UpdateCampaign refuse what cannot be deployed', async t => {
  const server = await testServer(t, ['--limits', 'campaigns=1'])
  const { datasetGroupArn, solutionArn, solutionVersionArn } = await trained(server)
  const empty = await makeSolution(server, datasetGroupArn, 'aws-popularity-count', { name: 'empty' })
  const input = { name: 'c', solutionVersionArn }
  const at = 'campaignConfig.itemExplorationConfig'
  const cases: [object, string, string][] = [
    [
      { solutionVersionArn: solutionArn },
      'ResourceNotFoundException',
      `Resource Arn ${solutionArn} does not exist. It is that of a solution: that of a solution version was expected, solution/NAME/ID.`,
    ],
    [
      { solutionVersionArn: arnOf('solution/none/$LATEST') },
      'ResourceNotFoundException',
      `Resource Arn ${arnOf('solution/none')} does not exist.`,
    ],
    [
      { solutionVersionArn: `${empty}/$LATEST` },
      'ResourceNotFoundException',
      `Resource Arn ${empty}/$LATEST does not exist: the solution has no versions.`,
    ],
    [
      { campaignConfig: { syncWithLatestSolutionVersion: true } },
      'InvalidInputException',
      'campaignConfig.syncWithLatestSolutionVersion was true: it needs a solutionVersionArn of the form SOLUTIONARN/$LATEST.',
    ],
    [
      { campaignConfig: { rankingInfluence: { POPULARITY: 0.5 } } },
      'InvalidInputException',
      'campaignConfig.rankingInfluence was given: it is for aws-semantic-similarity, this solution version is of aws-popularity-count.',
    ],
    [
      { campaignConfig: { itemExplorationConfig: { explorationWeight: '0.3' } } },
      'InvalidInputException',
      `${at} was given: it is for aws-user-personalization, this solution version is of aws-popularity-count.`,
    ],
  ]
  for (const [change, name, message] of cases)
    await refuses(server, 'CreateCampaign', { ...input, ...change }, name, message)

  await call(server, 'CreateCampaign', input)
  await refuses(
    server,
    'CreateCampaign',
    { ...input, name: 'd' },
    'LimitExceededException',
    'Cannot create a campaign. More than 1 resources in ACTIVE state. Please delete some and try again.',
  )
  await settled(server, 'DescribeCampaign', { campaignArn })
  for (const [change, name, message] of cases)
    await refuses(server, 'UpdateCampaign', { campaignArn, ...change }, name, message)
  assert.equal((await campaignOf(server)).latestCampaignUpdate, undefined)

  const other = await makeSolution(server, datasetGroupArn, 'aws-popularity-count', { name: 'other' })
  const foreign = await trainedVersion(server, other)
  await refuses(
    server,
    'UpdateCampaign',
    { campaignArn, solutionVersionArn: foreign },
    'InvalidInputException',
    `solutionVersionArn was ${foreign}: a version of ${solutionArn} was expected, the solution that the campaign ${campaignArn} is of.`,
  )
})

test('exploration settings of aws-user-personalization are checked and echoed', async t => {
  const server = await testServer(t)
  const { solutionVersionArn } = await trained(server, 'aws-user-personalization')
  const at = 'campaignConfig.itemExplorationConfig'
  const cases: [Record<string, string>, string][] = [
    [{ explorationWeight: '1.1' }, `${at}.explorationWeight was '1.1': a number from 0 to 1 was expected.`],
    [{ explorationWeight: ' ' }, `${at}.explorationWeight was ' ': a number from 0 to 1 was expected.`],
    [
      { explorationItemAgeCutOff: '0' },
      `${at}.explorationItemAgeCutOff was '0': a number of days above 0 was expected.`,
    ],
    [{ curiosity: '1' }, `${at} has 'curiosity': it takes explorationWeight and explorationItemAgeCutOff.`],
    [{ toString: '1' }, `${at} has 'toString': it takes explorationWeight and explorationItemAgeCutOff.`],
  ]
  for (const [itemExplorationConfig, message] of cases) {
    const input = { name: 'c', solutionVersionArn, campaignConfig: { itemExplorationConfig } }
    await refuses(server, 'CreateCampaign', input, 'InvalidInputException', message)
  }
  const campaignConfig = { itemExplorationConfig: { explorationWeight: '0.3', explorationItemAgeCutOff: '30' } }
  await call(server, 'CreateCampaign', { name: 'c', solutionVersionArn, minProvisionedTPS: 2, campaignConfig })
  assert.equal((await settled(server, 'DescribeCampaign', { campaignArn })).status, 'ACTIVE')
  assert.deepEqual(await campaignOf(server), {
    name: 'c',
    campaignArn,
    solutionVersionArn,
    minProvisionedTPS: 2,
    campaignConfig,
    status: 'ACTIVE',
    ...dates,
  })
})

test('a campaign that syncs takes up a newer version when that is ACTIVE; one that does not stays', async t => {
  const server = await testServer(t)
  const { solutionArn, solutionVersionArn } = await trained(server)
  const latest = `${solutionArn}/$LATEST`
  const campaignConfig = { syncWithLatestSolutionVersion: true }
  await call(server, 'CreateCampaign', { name: 'c', solutionVersionArn: latest, campaignConfig })
  await call(server, 'CreateCampaign', { name: 'still', solutionVersionArn: latest })
  await settled(server, 'DescribeCampaign', { campaignArn })
  await settled(server, 'DescribeCampaign', { campaignArn: arnOf('campaign/still') })
  const before = await campaignOf(server)
  assert.deepEqual([before.solutionVersionArn, before.latestCampaignUpdate], [solutionVersionArn, undefined])

  const newer = await trainedVersion(server, solutionArn)
  await described<Campaign>(server, 'DescribeCampaign', { campaignArn }, each => each.solutionVersionArn === newer)
  const asked = { solutionVersionArn: newer, minProvisionedTPS: 1, campaignConfig }
  assert.deepEqual((await campaignOf(server)).latestCampaignUpdate, { ...asked, status: 'ACTIVE', ...dates })
  const { campaign: still } = await call<{ campaign: Campaign }>(server, 'DescribeCampaign', {
    campaignArn: arnOf('campaign/still'),
  })
  assert.deepEqual([still.solutionVersionArn, still.latestCampaignUpdate], [solutionVersionArn, undefined])

  // Syncing goes on through an update that does not speak of it, and stands against a version by name.
  await call(server, 'UpdateCampaign', { campaignArn, minProvisionedTPS: 2 })
  await updated(server)
  await refuses(
    server,
    'UpdateCampaign',
    { campaignArn, solutionVersionArn },
    'InvalidInputException',
    'campaignConfig.syncWithLatestSolutionVersion was true: it needs a solutionVersionArn of the form SOLUTIONARN/$LATEST.',
  )
  // Two at once: the campaign ends on the newest, whichever is done first.
  const more = await Promise.all([trainedVersion(server, solutionArn), trainedVersion(server, solutionArn)])
  const { solutionVersions } = await call<{ solutionVersions: { solutionVersionArn: string }[] }>(
    server,
    'ListSolutionVersions',
    { solutionArn, maxResults: 1 },
  )
  const [{ solutionVersionArn: newest }] = solutionVersions
  assert.ok(more.includes(newest))
  await described<Campaign>(server, 'DescribeCampaign', { campaignArn }, each => each.solutionVersionArn === newest)
})

test('a model that cannot be opened fails the deployment; a later update mends it, and a failing one changes nothing', async t => {
  const server = await testServer(t)
  const { solutionArn, solutionVersionArn } = await trained(server)
  const [file] = globSync(join(server.dataFolder, 'artifacts/sommelier/models/*/model.safetensors'))
  writeFileSync(file, 'not a model')
  await call(server, 'CreateCampaign', { name: 'c', solutionVersionArn })
  const { status, failureReason } = await settled(server, 'DescribeCampaign', { campaignArn })
  const key = file.slice(file.indexOf('sommelier/models'))
  assert.equal(status, 'CREATE FAILED')
  assert.match(failureReason ?? '', new RegExp(`^The model's file s3://${key} is damaged\\. `))

  const sound = await trainedVersion(server, solutionArn)
  await call(server, 'UpdateCampaign', { campaignArn, solutionVersionArn: sound })
  const mended = await updated(server)
  assert.deepEqual([mended.status, mended.failureReason, mended.solutionVersionArn], ['ACTIVE', undefined, sound])

  await call(server, 'UpdateCampaign', { campaignArn, solutionVersionArn })
  const after = await updated(server)
  assert.deepEqual([after.status, after.failureReason, after.solutionVersionArn], ['ACTIVE', undefined, sound])
  assert.deepEqual(
    [after.latestCampaignUpdate?.status, after.latestCampaignUpdate?.failureReason],
    ['CREATE FAILED', failureReason],
  )
  await call(server, 'DeleteCampaign', { campaignArn })
  await assert.rejects(settled(server, 'DescribeCampaign', { campaignArn }))
})
