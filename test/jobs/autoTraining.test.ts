/** When solutions are trained by themselves, on a clock that the test turns. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { startAutomaticTraining } from '../../src/jobs/autoTraining.ts'
import { newSolutionVersion } from '../../src/jobs/newSolutionVersion.ts'
import { manualClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import type { Status } from '../../src/resources/lifecycle.ts'
import { defaultLimits } from '../../src/resources/limits.ts'
import { Resources } from '../../src/resources/resources.ts'
import { openSqlite } from '../../src/resources/sqlite.ts'
import {
  dataset,
  datasetGroup,
  type SolutionBody,
  schema,
  solution,
  solutionVersion,
} from '../../src/resources/types.ts'
import { importFile, makeDataset, makeGroup, makeSolution } from '../support/flow.ts'
import { interactionsSchema } from '../support/interactionsSchema.ts'
import { walks } from '../support/sequences.ts'
import { call, NOW_SECONDS, post, ROLE, settled, type TestServer, temporaryFolder } from '../support/server.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const START = 1_000 * DAY
const scope = { account: '000000000000', region: 'us-east-1' }

/** A group with data that came in at START, and a solution that is ACTIVE since then. */
async function world(t: TestContext, { data = true, ...settings }: Partial<SolutionBody> & { data?: boolean } = {}) {
  const folder = temporaryFolder()
  const clock = manualClock(START - MINUTE)
  let state = openSqlite(folder)
  t.after(() => state.close())
  const options = { clock, limits: defaultLimits, secret: 'secret', log: silentLog }
  const within = <T>(body: (resources: Resources) => Promise<T>) =>
    state.transact(transaction => body(new Resources(transaction, scope, options)))
  const set = (arn: string, status: Status) =>
    within(({ transaction }) => transaction.update(arn, { status, updatedMs: clock.nowMs() }))
  const [interactions, solutionArn] = await within(async resources => {
    const made = { path: 'g', name: 'g', hidden: {} }
    const group = await resources.create(datasetGroup, { ...made, body: { name: 'g' } })
    const schemaArn = await resources.create(schema, {
      ...{ ...made, path: 's' },
      body: { name: 's', schema: interactionsSchema() },
    })
    const of = { name: 'd', datasetGroupArn: group, schemaArn }
    const target = await resources.create(dataset, {
      ...{ ...made, parent: group },
      body: { ...of, datasetType: 'INTERACTIONS' as const },
      hidden: { imports: [] },
    })
    const body: SolutionBody = {
      name: 's',
      performHPO: false,
      performAutoML: false,
      performAutoTraining: true,
      performIncrementalUpdate: false,
      recipeArn: 'arn:aws:personalize:::recipe/aws-popularity-count',
      datasetGroupArn: group,
      ...settings,
    }
    return [target, await resources.create(solution, { ...made, parent: group, body })]
  })
  const arrive = () =>
    within(async resources =>
      resources.keep(await resources.get(dataset, interactions), { imports: [], arrivedMs: clock.nowMs() }),
    )
  if (data) await arrive()
  clock.advance(MINUTE)
  await set(solutionArn, 'ACTIVE')
  return {
    clock,
    set,
    arrive,
    within,
    solutionArn,
    /** What a look finds to do. */
    look: () => state.transact(transaction => startAutomaticTraining(transaction, options)),
    byHand: () =>
      within(async resources =>
        newSolutionVersion(resources, await resources.get(solution, solutionArn), { trainingType: 'MANUAL' }),
      ),
    versions: () =>
      within(async resources =>
        (await resources.list(solutionVersion, { parent: solutionArn })).resources.map(({ arn, body, status }) => ({
          arn,
          status,
          trainingType: body.trainingType,
          trainingMode: body.trainingMode,
        })),
      ),
    async restart() {
      await state.close()
      state = openSqlite(folder)
    },
  }
}
type World = Awaited<ReturnType<typeof world>>

/** Turns the clock a minute at a time and looks each time; in which minutes a training began, and each ends well at once. */
async function minutes(it: World, count: number): Promise<number[]> {
  const found: number[] = []
  for (let minute = 1; minute <= count; minute++) {
    it.clock.advance(MINUTE)
    if (!(await it.look())) continue
    found.push(minute)
    const [{ arn }] = await it.versions()
    await it.set(arn, 'ACTIVE')
  }
  return found
}
/** The same, a turn of hours at a time. */
async function hours(it: World, count: number): Promise<number[]> {
  const found: number[] = []
  for (let hour = 1; hour <= count; hour++) {
    it.clock.advance(HOUR)
    if (!(await it.look())) continue
    found.push(hour)
    const [{ arn }] = await it.versions()
    await it.set(arn, 'ACTIVE')
  }
  return found
}

test('the first training begins within an hour, and once', async t => {
  const it = await world(t)
  assert.deepEqual(await minutes(it, 24 * 60), [55])
  const [{ arn, ...version }] = await it.versions()
  assert.deepEqual(version, { status: 'ACTIVE', trainingType: 'AUTOMATIC', trainingMode: 'FULL' })
  assert.equal((await it.within(resources => resources.workOf(arn)))?.kind, 'trainAutomatically')
})

test('a version made by hand in that hour takes its place', async t => {
  const it = await world(t)
  it.clock.advance(30 * MINUTE)
  const arn = await it.byHand()
  await it.set(arn, 'ACTIVE')
  assert.deepEqual(await hours(it, 24), [])
  await it.arrive()
  assert.deepEqual(await hours(it, 6 * 24), [6 * 24], 'the next moment is seven days after the solution became ACTIVE')
})

test('every N days, when new data has come', async t => {
  const it = await world(t, { solutionConfig: { autoTrainingConfig: { schedulingExpression: 'rate(2 days)' } } })
  assert.deepEqual(await hours(it, 24), [1])
  await it.arrive()
  assert.deepEqual(await hours(it, 24), [24])
  assert.deepEqual(await hours(it, 24 * 4), [], 'no data came')
  await it.arrive()
  assert.deepEqual(await hours(it, 24 * 3), [24 * 2])
})

test('a moment without data is over: what comes later waits for the next one', async t => {
  const it = await world(t, { data: false })
  assert.deepEqual(await hours(it, 2), [])
  await it.arrive()
  assert.deepEqual(await hours(it, 24 * 8), [24 * 7 - 2])
})

test('the default is seven days, by the clock of the first', async t => {
  const it = await world(t)
  assert.deepEqual(await hours(it, 2), [1])
  await it.arrive()
  assert.deepEqual(await hours(it, 24 * 8), [24 * 7 - 2])
})

test('a training that failed is not the last one: its data is still new', async t => {
  const it = await world(t, { solutionConfig: { autoTrainingConfig: { schedulingExpression: 'rate(1 day)' } } })
  it.clock.advance(HOUR)
  assert.equal(await it.look(), true)
  await it.set((await it.versions())[0].arn, 'CREATE FAILED')
  assert.equal(await it.look(), false, 'one try a moment')
  assert.deepEqual(await hours(it, 24), [23])
})

test('a solution that says no, is not ACTIVE, or is being updated has no schedule', async t => {
  const no = await world(t, { performAutoTraining: false })
  assert.deepEqual(await hours(no, 24 * 8), [])
  const going = await world(t)
  await going.set(going.solutionArn, 'DELETE PENDING')
  assert.deepEqual(await hours(going, 24), [])
  const asked = { performAutoTraining: true, performIncrementalUpdate: false }
  const updating = await world(t)
  await updating.within(async resources =>
    resources.requestUpdate(solution, await resources.get(solution, updating.solutionArn), asked),
  )
  assert.deepEqual(await hours(updating, 24), [])
})

test('an update begins the schedule anew', async t => {
  const it = await world(t)
  assert.deepEqual(await hours(it, 1), [1])
  it.clock.advance(3 * DAY)
  await it.arrive()
  await it.set(it.solutionArn, 'ACTIVE')
  assert.deepEqual(await minutes(it, 60), [55])
})

test('a restart changes nothing, and of the moments missed one is made up for', async t => {
  const it = await world(t, { solutionConfig: { autoTrainingConfig: { schedulingExpression: 'rate(1 day)' } } })
  assert.deepEqual(await hours(it, 2), [1])
  await it.restart()
  assert.deepEqual(await hours(it, 2), [])
  await it.arrive()
  it.clock.advance(5 * DAY)
  await it.restart()
  assert.deepEqual(await minutes(it, 3), [1])
  await it.restart()
  assert.deepEqual(await minutes(it, 60), [])
})

test('one at a time: the other solution has its turn at the next look', async t => {
  const it = await world(t)
  await it.within(async resources => {
    const { body, parent } = await resources.get(solution, it.solutionArn)
    await resources.create(solution, { path: 'other', name: 'other', parent: parent!, body, hidden: {} })
  })
  const other = it.solutionArn.replace(/[^/]*$/, 'other')
  await it.set(other, 'ACTIVE')
  it.clock.advance(HOUR)
  assert.deepEqual([await it.look(), await it.look(), await it.look()], [true, true, false])
  assert.equal((await it.versions()).length, 1)
})

/** A server whose clock the test turns; `wakes` it by a request that changes next to nothing. */
async function serving(t: TestContext, flags: string[] = []) {
  const dataFolder = temporaryFolder()
  mkdirSync(join(dataFolder, 'buckets', 'bucket'), { recursive: true })
  const clock = manualClock(NOW_SECONDS * 1000)
  const app = await startApp(readConfig(['--port', '0', '--data', dataFolder, ...flags], {}), silentLog, clock)
  t.after(() => app.stop())
  const server: TestServer = { url: `http://127.0.0.1:${app.port}`, dataFolder }
  let wakes = 0
  const wake = () => makeGroup(server, `wake-${wakes++}`)
  return { server, clock, wake }
}

async function withData(server: TestServer, csv: string): Promise<{ solutionArn: string; datasetArn: string }> {
  writeFileSync(join(server.dataFolder, 'buckets/bucket/a.csv'), csv)
  const group = await makeGroup(server)
  const datasetArn = await makeDataset(server, group)
  assert.equal((await importFile(server, datasetArn, 's3://bucket/a.csv')).status, 'ACTIVE')
  return { datasetArn, solutionArn: await makeSolution(server, group) }
}

type Versions = { solutionVersions: { solutionVersionArn: string; status: string; trainingType: string }[] }
const versionsOf = async (server: TestServer, solutionArn: string) =>
  (await call<Versions>(server, 'ListSolutionVersions', { solutionArn })).solutionVersions

async function workOf(server: TestServer, resourceArn: string) {
  const answer = await post(server, 'Sommelier.DescribeWork', JSON.stringify({ resourceArn }))
  return (JSON.parse(answer.text) as { work: { kind: string; attempt: number; state: string } }).work
}

const SOON_TRIES = 3000
async function soon<T>(find: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < SOON_TRIES; tries++) {
    const found = await find()
    if (found !== undefined) return found
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  assert.fail('it did not come')
}

test("a running server trains by its clock, and gives way to a person's job", async t => {
  const { server, clock, wake } = await serving(t)
  const { solutionArn, datasetArn } = await withData(server, walks({ users: 200, items: 1500, events: 40 }).csv)
  clock.advance(54 * MINUTE)
  await wake()
  assert.deepEqual(await versionsOf(server, solutionArn), [])
  clock.advance(MINUTE)
  await wake()
  const { solutionVersionArn, trainingType } = await soon(async () => {
    const [version] = await versionsOf(server, solutionArn)
    return version?.status === 'CREATE IN_PROGRESS' ? version : undefined
  })
  assert.equal(trainingType, 'AUTOMATIC')
  // The import is begun at once and ends while the training waits for it.
  assert.equal((await importFile(server, datasetArn, 's3://bucket/a.csv', { jobName: 'mine' })).status, 'ACTIVE')
  const { status } = await settled(server, 'DescribeSolutionVersion', { solutionVersionArn })
  assert.equal(status, 'ACTIVE')
  const work = await workOf(server, solutionVersionArn)
  assert.deepEqual([work.kind, work.attempt, work.state], ['trainAutomatically', 2, 'DONE'])
})

test('a training that has given way can be stopped for good', async t => {
  const { server, clock, wake } = await serving(t)
  const { solutionArn, datasetArn } = await withData(server, walks({ users: 200, items: 1500, events: 40 }).csv)
  clock.advance(HOUR)
  await wake()
  const { solutionVersionArn } = await soon(async () => {
    const [version] = await versionsOf(server, solutionArn)
    return version?.status === 'CREATE IN_PROGRESS' ? version : undefined
  })
  const mine = { datasetArn, dataSource: { dataLocation: 's3://bucket/a.csv' }, roleArn: ROLE }
  await call(server, 'CreateDatasetImportJob', { jobName: 'mine', ...mine })
  const { attempt } = await soon(async () => {
    const work = await workOf(server, solutionVersionArn)
    assert.notEqual(work.state, 'DONE', 'it gives way before it is done')
    return work.state === 'QUEUED' || work.attempt > 1 ? work : undefined
  })
  t.diagnostic(`stopped in attempt ${attempt}`)
  await call(server, 'StopSolutionVersionCreation', { solutionVersionArn })
  const { status } = await settled(server, 'DescribeSolutionVersion', { solutionVersionArn })
  assert.equal(status, 'CREATE STOPPED')
})

test('--auto-training off: nothing is trained by itself', async t => {
  const { server, clock, wake } = await serving(t, ['--auto-training', 'off'])
  const { solutionArn } = await withData(server, walks().csv)
  for (let i = 0; i < 3; i++) {
    clock.advance(10 * DAY)
    await wake()
  }
  assert.deepEqual(await versionsOf(server, solutionArn), [])
  assert.throws(() => readConfig(['--auto-training', 'no'], {}), {
    name: 'Refusal',
    message: "--auto-training (SOMMELIER_AUTO_TRAINING) was 'no': 'on' or 'off' was expected.",
  })
})
