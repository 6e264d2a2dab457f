/**
 * A world in which everything that can be refused is: every region has resources in each state that matters, and as many of each as its limit
 * allows. Written into the state as records without work, so that nothing moves; the server is started on it afterwards.
 */
import type { Status } from '../../src/resources/lifecycle.ts'
import { openSqlite } from '../../src/resources/sqlite.ts'
import type { NewResource, Transaction } from '../../src/resources/stateStore.ts'
import * as types from '../../src/resources/types.ts'
import { interactionsSchema } from '../support/flow.ts'
import { itemsSchema, usersSchema } from '../support/metadata.ts'

const ACCOUNT = '000000000000'
const ROLE = `arn:aws:iam::${ACCOUNT}:role/personalize`
const NOW_MS = 1_700_000_000_123
const V2 = 'arn:aws:personalize:::recipe/aws-user-personalization-v2'
const MOST_POPULAR = 'arn:aws:personalize:::recipe/aws-vod-most-popular'

export async function makeWorld(folder: string, regions: readonly string[]): Promise<void> {
  const state = openSqlite(folder)
  for (const region of regions) await state.transact(transaction => new Region(transaction, region).fill())
  await state.close()
}

interface Made<B, H> {
  readonly status?: Status
  readonly parent?: string
  readonly group?: string
  readonly body: B
  readonly hidden?: H
}

class Region {
  readonly #transaction: Transaction
  readonly #region: string
  constructor(transaction: Transaction, region: string) {
    this.#transaction = transaction
    this.#region = region
  }

  arn(resource: string): string {
    return `arn:aws:personalize:${this.#region}:${ACCOUNT}:${resource}`
  }

  /** `path` is the ARN's part after the type's word; what ends with it is its name. */
  async put<B, H>(type: types.ResourceType<B, H>, path: string, made: Made<B, H>): Promise<string> {
    const [word] = (type.arnForm ?? `${type.type}/NAME`).split('/')
    const arn = this.arn(`${word}/${path}`)
    await this.#transaction.insert({
      arn,
      type: type.type,
      account: ACCOUNT,
      region: this.#region,
      name: path,
      parent: made.parent,
      group: made.group,
      status: made.status,
      createdMs: NOW_MS,
      updatedMs: NOW_MS,
      failureReason: undefined,
      body: made.body,
      hidden: made.hidden ?? {},
    } satisfies NewResource)
    return arn
  }

  async fill(): Promise<void> {
    await this.schemas()
    for (const [name, status] of [
      ['shop', 'ACTIVE'],
      ['empty', 'ACTIVE'],
      ['full', 'ACTIVE'],
      ['making', 'CREATE PENDING'],
      ['going', 'DELETE IN_PROGRESS'],
    ] as const)
      await this.put(types.datasetGroup, name, { status, body: { name } })
    // One of each thing that keeps a group from being deleted. What has failed is not counted.
    for (const name of ['keeps-solution', 'keeps-recommender', 'keeps-filter', 'keeps-tracker', 'keeps-metrics'])
      await this.put(types.datasetGroup, name, { status: 'CREATE FAILED', body: { name } })
    const films = { name: 'films', domain: 'VIDEO_ON_DEMAND' } as const
    await this.put(types.datasetGroup, 'films', { status: 'ACTIVE', body: films })
    await this.datasets()
    await this.solutions()
    await this.campaigns()
    await this.recommenders()
    await this.others()
    await this.children()
    await this.jobs()
  }

  async schemas(): Promise<void> {
    const event = { name: 'EVENT_TYPE', type: 'string' }
    const texts = {
      interactions: interactionsSchema([event, { name: 'EVENT_VALUE', type: ['null', 'float'] }]),
      plain: interactionsSchema(),
      items: itemsSchema(),
      users: usersSchema(),
      unused: interactionsSchema(),
      'items-other': itemsSchema().replace('PRICE', 'COST'),
    }
    for (const [name, schema] of Object.entries(texts)) await this.put(types.schema, name, { body: { name, schema } })
    const domain = 'VIDEO_ON_DEMAND' as const
    await this.put(types.schema, 'films', { body: { name: 'films', schema: interactionsSchema([event]), domain } })
    for (let i = 7; i < 500; i++) {
      const name = `filler-${i}`
      await this.put(types.schema, name, { body: { name, schema: interactionsSchema() } })
    }
  }

  async datasets(): Promise<void> {
    const put = (group: string, datasetType: types.DatasetTypeName, schema: string, status: Status = 'ACTIVE') => {
      const datasetGroupArn = this.arn(`dataset-group/${group}`)
      const body = {
        name: `${group}-${datasetType}`,
        datasetGroupArn,
        datasetType,
        schemaArn: this.arn(`schema/${schema}`),
      }
      const place = { parent: datasetGroupArn, group: datasetGroupArn, status }
      return this.put(types.dataset, `${group}/${datasetType}`, { ...place, body, hidden: { imports: [] } })
    }
    await put('shop', 'INTERACTIONS', 'interactions')
    await put('shop', 'ITEMS', 'items')
    await put('shop', 'USERS', 'users', 'CREATE PENDING')
    await put('full', 'INTERACTIONS', 'interactions')
    await put('full', 'USERS', 'users', 'DELETE PENDING')
    await put('films', 'INTERACTIONS', 'films')
  }

  async solutions(): Promise<void> {
    const put = (group: string, name: string, status: Status = 'ACTIVE', more: Partial<types.SolutionBody> = {}) => {
      const datasetGroupArn = this.arn(`dataset-group/${group}`)
      const off = {
        performHPO: false,
        performAutoML: false,
        performAutoTraining: false,
        performIncrementalUpdate: false,
      }
      const body = { name, datasetGroupArn, recipeArn: V2, ...off, ...more }
      return this.put(types.solution, name, { status, parent: datasetGroupArn, group: datasetGroupArn, body })
    }
    await put('shop', 'next')
    await put('shop', 'idle')
    await put('shop', 'untrained', 'ACTIVE', { recipeArn: 'arn:aws:personalize:::recipe/aws-user-personalization' })
    await put('shop', 'making', 'CREATE IN_PROGRESS')
    const asked = { performAutoTraining: true, performIncrementalUpdate: false, status: 'CREATE IN_PROGRESS' } as const
    const dates = { creationDateTime: NOW_MS / 1000, lastUpdatedDateTime: NOW_MS / 1000 }
    await put('shop', 'changing', 'ACTIVE', { latestSolutionUpdate: { ...asked, ...dates } })
    await put('keeps-solution', 'failed', 'CREATE FAILED')
    for (let i = 0; i < 10; i++) await put('full', `full-${i}`)
    await this.version('shop', 'next', 'aaaaaaaa', 'ACTIVE')
    await this.version('shop', 'next', 'cccccccc', 'CREATE FAILED')
    await this.version('shop', 'making', 'bbbbbbbb', 'CREATE PENDING')
    await this.version('full', 'full-0', 'dddddddd', 'ACTIVE')
    for (let i = 1; i < 20; i++) await this.version('full', 'full-1', `0000000${i.toString(32)}`, 'CREATE IN_PROGRESS')
  }

  version(group: string, solution: string, id: string, status: Status): Promise<string> {
    const [datasetGroupArn, solutionArn] = [this.arn(`dataset-group/${group}`), this.arn(`solution/${solution}`)]
    return this.put(types.solutionVersion, `${solution}/${id}`, {
      status,
      parent: solutionArn,
      group: datasetGroupArn,
      body: {
        name: `${solution}/${id}`,
        solutionArn,
        datasetGroupArn,
        recipeArn: V2,
        performHPO: false,
        performAutoML: false,
        performIncrementalUpdate: false,
        solutionConfig: {},
        trainingMode: 'FULL',
        trainingType: 'MANUAL',
      },
      hidden: {
        data: { interactions: [], items: [], users: [], metadata: {} },
        model: 'sommelier/models/none',
        metrics: {},
      },
    })
  }

  async campaigns(): Promise<void> {
    const group = this.arn('dataset-group/full')
    const solutionVersionArn = this.arn('solution/full-0/dddddddd')
    const deployed = { solutionVersionArn, minProvisionedTPS: 1 }
    const dates = { creationDateTime: NOW_MS / 1000, lastUpdatedDateTime: NOW_MS / 1000 }
    const latestCampaignUpdate = { ...deployed, ...dates, status: 'CREATE PENDING' } as const
    for (const [name, status, more] of [
      ['live', 'ACTIVE', {}],
      ['making', 'CREATE PENDING', {}],
      ['changing', 'ACTIVE', { latestCampaignUpdate }],
      ['live-1', 'ACTIVE', {}],
      ['live-2', 'ACTIVE', {}],
    ] as const) {
      const body = { name, ...deployed, ...more }
      await this.put(types.campaign, name, { status, parent: this.arn('solution/full-0'), group, body })
    }
  }

  async recommenders(): Promise<void> {
    const group = this.arn('dataset-group/films')
    const recommenderConfig = { minRecommendationRequestsPerSecond: 1 }
    const dates = { creationDateTime: NOW_MS / 1000, lastUpdatedDateTime: NOW_MS / 1000 }
    const asked = { recommenderConfig, retrain: false, status: 'CREATE IN_PROGRESS', ...dates } as const
    for (const [name, status, more] of [
      ['ready', 'ACTIVE', {}],
      ['making', 'CREATE IN_PROGRESS', {}],
      ['stopped', 'INACTIVE', {}],
      ['changing', 'ACTIVE', { latestRecommenderUpdate: asked }],
      ['stopping', 'STOP PENDING', {}],
    ] as const) {
      const body = { name, datasetGroupArn: group, recipeArn: MOST_POPULAR, recommenderConfig, ...more }
      await this.put(types.recommender, name, { status, parent: group, group, body })
    }
  }

  /** Filters, event trackers, metric attributions. */
  async others(): Promise<void> {
    const filter = (group: string, name: string, filterExpression: string, status: Status = 'ACTIVE') => {
      const datasetGroupArn = this.arn(`dataset-group/${group}`)
      const body = { name, datasetGroupArn, filterExpression }
      const place = { parent: datasetGroupArn, group: datasetGroupArn, status }
      return this.put(types.filter, name, { ...place, body, hidden: { fields: [] } })
    }
    const expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")'
    await filter('shop', 'bought', expression)
    await filter('shop', 'people', 'INCLUDE UserID WHERE Users.AGE > 20')
    await filter('shop', 'related', 'INCLUDE ItemID WHERE Items.PRICE > CurrentItem.PRICE')
    await filter('shop', 'making', expression, 'CREATE PENDING')
    for (let i = 0; i < 30; i++) await filter('full', `full-${i}`, expression)
    for (const [group, id, status] of [
      ['full', '0a1b2c3d', 'ACTIVE'],
      ['films', '00000001', 'CREATE PENDING'],
    ] as const) {
      const datasetGroupArn = this.arn(`dataset-group/${group}`)
      const body = { name: `${group}-events`, accountId: ACCOUNT, trackingId: id, datasetGroupArn }
      await this.put(types.eventTracker, id, { status, parent: datasetGroupArn, group: datasetGroupArn, body })
      const metric = { eventType: 'buy', metricName: 'buys', expression: 'SAMPLECOUNT()', number: 0 }
      const attribution = { name: group, datasetGroupArn, metrics: [metric], metricsOutputConfig: { roleArn: ROLE } }
      const place = { status, parent: datasetGroupArn, group: datasetGroupArn }
      await this.put(types.metricAttribution, group, { ...place, body: attribution })
    }
  }

  /** What hangs on the groups that cannot be deleted for that reason alone. */
  async children(): Promise<void> {
    const inside = (name: string) => {
      const datasetGroupArn = this.arn(`dataset-group/${name}`)
      const place = { status: 'CREATE FAILED', parent: datasetGroupArn, group: datasetGroupArn } as const
      return { place, body: { name, datasetGroupArn } }
    }
    const recommender = inside('keeps-recommender')
    const recommenderConfig = { minRecommendationRequestsPerSecond: 1 }
    await this.put(types.recommender, 'failed', {
      ...recommender.place,
      body: { ...recommender.body, recipeArn: MOST_POPULAR, recommenderConfig },
    })
    const filter = inside('keeps-filter')
    const filterExpression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")'
    await this.put(types.filter, 'failed', {
      ...filter.place,
      body: { ...filter.body, filterExpression },
      hidden: { fields: [] },
    })
    const tracker = inside('keeps-tracker')
    const trackerBody = { ...tracker.body, accountId: ACCOUNT, trackingId: 'failed' }
    await this.put(types.eventTracker, '0000fa11', { ...tracker.place, body: trackerBody })
    const metrics = inside('keeps-metrics')
    const metricsOutputConfig = { roleArn: ROLE }
    await this.put(types.metricAttribution, 'failed', {
      ...metrics.place,
      body: { ...metrics.body, metrics: [], metricsOutputConfig },
    })
  }

  /** As many as may wait, and one of each kind that is done. */
  async jobs(): Promise<void> {
    const [shop, full] = [this.arn('dataset-group/shop'), this.arn('dataset-group/full')]
    const [items, version] = [this.arn('dataset/shop/ITEMS'), this.arn('solution/next/aaaaaaaa')]
    const dataSource = { dataLocation: 's3://bucket/x.csv' }
    const jobOutput = { s3DataDestination: { path: 's3://bucket/out/' } }
    const jobInput = { s3DataSource: { path: 's3://bucket/in.json' } }
    for (let i = 0; i < 6; i++) {
      const [jobName, status] = i === 0 ? (['done', 'ACTIVE'] as const) : ([`waits-${i}`, 'CREATE PENDING'] as const)
      const ofItems = { status, parent: items, group: shop }
      const job = { jobName, datasetArn: items, roleArn: ROLE }
      await this.put(types.datasetImportJob, jobName, { ...ofItems, body: { ...job, dataSource, importMode: 'FULL' } })
      await this.put(types.datasetExportJob, jobName, { ...ofItems, body: { ...job, jobOutput, ingestionMode: 'ALL' } })
      await this.put(types.dataDeletionJob, jobName, {
        status: i === 0 ? 'COMPLETED' : 'PENDING',
        parent: full,
        group: full,
        body: { jobName, datasetGroupArn: full, dataSource, roleArn: ROLE },
      })
      const ofVersion = { status, parent: version, group: shop }
      const batch = { jobName, solutionVersionArn: version, numResults: 25, jobInput, jobOutput, roleArn: ROLE }
      await this.put(types.batchInferenceJob, jobName, {
        ...ofVersion,
        body: { ...batch, batchInferenceJobMode: 'BATCH_INFERENCE', filterArn: this.arn('filter/bought') },
        hidden: { model: 'sommelier/models/none', recipe: 'aws-user-personalization-v2' },
      })
      await this.put(types.batchSegmentJob, jobName, { ...ofVersion, body: batch })
    }
  }
}
