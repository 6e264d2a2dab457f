/** Work that had begun and waits for its next try: stopping it ends it there and then, since nobody else will say that it has stopped. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../src/lib/clock.ts'
import { defaultLimits } from '../../src/resources/limits.ts'
import { Resources } from '../../src/resources/resources.ts'
import { openSqlite } from '../../src/resources/sqlite.ts'
import { type SolutionVersionBody, solutionVersion } from '../../src/resources/types.ts'
import { temporaryFolder } from '../support/server.ts'

test('a training that waits for its next try goes from CREATE STOPPING to CREATE STOPPED at once', async t => {
  const state = openSqlite(temporaryFolder())
  t.after(() => state.close())
  const scope = { account: '000000000000', region: 'us-east-1' }
  const ended = await state.transact(async transaction => {
    const resources = new Resources(transaction, scope, {
      clock: manualClock(7_000),
      limits: defaultLimits,
      secret: 'secret',
    })
    const arn = await resources.create(solutionVersion, {
      path: 's/00000000',
      name: 's/00000000',
      body: {} as SolutionVersionBody,
      hidden: { data: { interactions: [], items: [], users: [], metadata: {} } },
    })
    await resources.follow(solutionVersion, arn, 'begin', 'trainSolutionVersion')
    const before = (await resources.get(solutionVersion, arn)).status
    await resources.move(solutionVersion, arn, 'CREATE STOPPING')
    await resources.stopWork(arn)
    const work = await transaction.workOf(arn)
    return [before, (await resources.get(solutionVersion, arn)).status, work?.state, work?.finishedMs]
  })
  assert.deepEqual(ended, ['CREATE IN_PROGRESS', 'CREATE STOPPED', 'done', 7_000])
})
