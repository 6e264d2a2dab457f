/** The report of an evaluation over the wire: of a version, of what becomes of its model, and of what has none. */
import assert from 'node:assert/strict'
import { globSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cliCommands } from '../../src/cli/index.ts'
import { recordedIo } from '../cli/terminal.ts'
import { arnOf, call, post, ROLE, settled, type TestServer, testServer } from '../support/server.ts'
import { trained } from '../support/serving.ts'

const ask = (server: TestServer, resourceArn: string) =>
  post(server, 'Sommelier.DescribeEvaluation', JSON.stringify({ resourceArn }))

type Means = Record<string, { value: number; low: number; high: number }>
const rounded = (means: Means) =>
  Object.fromEntries(Object.entries(means).map(([name, { value }]) => [name, Math.round(value * 1e4) / 1e4]))

test('the report holds the metrics of GetSolutionMetrics with their intervals, and outlives a data deletion job', async t => {
  const server = await testServer(t)
  const { solutionVersionArn, datasetGroupArn } = await trained(server, 'aws-user-personalization-v2')
  const { status, text } = await ask(server, solutionVersionArn)
  assert.equal(status, 200, text)
  const report = JSON.parse(text)
  const { metrics } = await call<{ metrics: Record<string, number> }>(server, 'GetSolutionMetrics', {
    solutionVersionArn,
  })
  const shown = rounded(report.model.metrics)
  for (const [name, value] of Object.entries(metrics))
    assert.equal(name === 'coverage' ? Math.round(report.model.coverage * 1e4) / 1e4 : shown[name], value, name)
  for (const { value, low, high } of Object.values(report.model.metrics as Means))
    assert.ok(low <= value && value <= high && low >= 0 && high <= 1)
  assert.deepEqual(Object.keys(report.gain), Object.keys(report.popularity.metrics))
  assert.deepEqual(
    [report.userCount, report.resamples, report.resourceArn, report.recipeArn],
    [6, 1000, solutionVersionArn, 'arn:aws:personalize:::recipe/aws-user-personalization-v2'],
  )
  // Everybody walks for half an hour, so the newest week is all there is.
  assert.deepEqual(report.recentPopularity, report.popularity)
  assert.deepEqual(
    report.byHistoryLength.map(({ from, to, userCount }: Record<string, number>) => [from, to, userCount]),
    [[20, 49, 6]],
  )
  assert.equal(report.choice.fittedBy, 'default')
  assert.equal(report.choice.experts.length, 6)

  const io = recordedIo()
  assert.equal(await cliCommands.evaluate.run([solutionVersionArn, '--json', '--endpoint', server.url], io), 0)
  assert.deepEqual(JSON.parse(io.said.out), report)

  const reports = () =>
    globSync('**/evaluation.json', { cwd: server.dataFolder }).map(path => join(server.dataFolder, path))
  const before = reports()
  assert.equal(before.length, 1)
  writeFileSync(join(server.dataFolder, 'buckets', 'bucket', 'gone.csv'), 'USER_ID\nuser-3\n')
  const { dataDeletionJobArn } = await call(server, 'CreateDataDeletionJob', {
    jobName: 'gone',
    datasetGroupArn,
    dataSource: { dataLocation: 's3://bucket/gone.csv' },
    roleArn: ROLE,
  })
  assert.equal((await settled(server, 'DescribeDataDeletionJob', { dataDeletionJobArn })).status, 'COMPLETED')
  // The old model goes with a sweep, which may have been before we look.
  const [after, ...more] = reports().filter(path => !before.includes(path))
  assert.ok(after)
  assert.deepEqual(more, [])
  rmSync(before[0], { force: true })
  assert.equal((await ask(server, solutionVersionArn)).text, text)

  rmSync(after)
  const absent = await ask(server, solutionVersionArn)
  assert.deepEqual(
    [absent.status, JSON.parse(absent.text)],
    [
      400,
      {
        __type: 'InvalidInputException',
        message:
          'There is no report of its evaluation: it was trained before reports of its kind were kept, or there was nothing to judge it by.',
      },
    ],
  )
})

test('segments are reported beside the people who did the most', async t => {
  const server = await testServer(t)
  const { solutionVersionArn } = await trained(server, 'aws-item-affinity')
  const { comparison, model } = JSON.parse((await ask(server, solutionVersionArn)).text)
  assert.equal(model, undefined)
  const { metrics } = await call<{ metrics: Record<string, number> }>(server, 'GetSolutionMetrics', {
    solutionVersionArn,
  })
  const shown: Means = Object.fromEntries(
    comparison.metrics.map(({ name, model }: { name: string; model: Means[string] }) => [name, model]),
  )
  assert.deepEqual({ coverage: Math.round(comparison.coverage.model * 1e4) / 1e4, ...rounded(shown) }, metrics)
  assert.deepEqual(
    comparison.bySize.buckets.reduce((sum: number, { count }: { count: number }) => sum + count, 0),
    comparison.metrics[0].count,
  )
  const io = recordedIo()
  assert.equal(await cliCommands.evaluate.run([solutionVersionArn, '--endpoint', server.url], io), 0)
  assert.match(io.said.out, /recall at 1 % .*EVENTS OF THE ITEM/s)
})

test('a report that cannot be used is refused, and so is what has none yet', async t => {
  const server = await testServer(t)
  const { solutionVersionArn } = await trained(server)
  const [path] = globSync('**/evaluation.json', { cwd: server.dataFolder })
  const report = JSON.parse((await ask(server, solutionVersionArn)).text)
  assert.deepEqual(report.model, report.popularity)
  assert.equal(report.choice, undefined)
  assert.ok(Object.values(report.gain as Means).every(({ low, high }) => low === 0 && high === 0))
  const key = path.slice(path.indexOf('models/'))
  const damages: [string, string][] = [
    ['{', 'it is not JSON'],
    ['{"version":7}', 'it is of version 7, where 1 was expected'],
    [' '.repeat(262_145), 'it has 262145 bytes, where at most 262144 were expected'],
  ]
  for (const [content, why] of damages) {
    writeFileSync(join(server.dataFolder, path), content)
    const { text } = await ask(server, solutionVersionArn)
    assert.equal(JSON.parse(text).message, `The report s3://sommelier/${key} cannot be used: ${why}.`)
  }
  const none = arnOf('solution/none/0a1b2c3d')
  assert.deepEqual(JSON.parse((await ask(server, none)).text), {
    __type: 'ResourceNotFoundException',
    message: `Resource Arn ${none} does not exist.`,
  })
})
