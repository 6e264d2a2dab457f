/** A disk that is full while a piece of work ends: nothing hangs, and when there is room again the work is over. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { startEngine } from '../../src/jobs/engine.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { openObjectStore } from '../../src/objects/open.ts'
import { defaultLimits } from '../../src/resources/limits.ts'
import { Resources } from '../../src/resources/resources.ts'
import { openSqlite } from '../../src/resources/sqlite.ts'
import { type StateStore, StateUnwritable } from '../../src/resources/stateStore.ts'
import { datasetGroup } from '../../src/resources/types.ts'
import { temporaryFolder } from '../support/server.ts'

test('the end of a piece of work waits for room on the disk', async t => {
  const folder = temporaryFolder()
  const state = openSqlite(folder)
  const artifacts = { kind: 'folder', root: join(folder, 'artifacts') } as const
  await openObjectStore(artifacts).createBucket('sommelier')
  const options = { clock: systemClock, limits: defaultLimits, secret: state.secret }
  const refused: string[] = []
  let room = true
  const full: StateStore = {
    ...state,
    transact: async body => {
      if (!room) {
        refused.push('full')
        throw new StateUnwritable('The state cannot be written: full.')
      }
      try {
        return await state.transact(body)
      } finally {
        // The first transaction that takes work up is the last for which there is room.
        if (watching) room = false
      }
    },
  }
  let watching = false
  const engine = await startEngine({
    ...options,
    state: full,
    stores: { objects: artifacts, artifacts },
    scratchFolder: join(folder, 'scratch'),
    threads: 1,
    autoTraining: false,
    log: silentLog,
  })
  t.after(async () => {
    await engine.stop()
    await state.close()
  })
  const scope = { account: '000000000000', region: 'us-east-1' }
  const arn = await state.transact(transaction =>
    new Resources(transaction, scope, options).create(datasetGroup, {
      path: 'g',
      name: 'g',
      body: { name: 'g' },
      hidden: {},
    }),
  )
  const status = async () => (await state.transact(transaction => transaction.find(arn)))?.status
  watching = true
  engine.wake()
  while (refused.length < 2) await new Promise(resolve => setTimeout(resolve, 10))
  assert.notEqual(await status(), 'ACTIVE')
  watching = false
  room = true
  while ((await status()) !== 'ACTIVE') await new Promise(resolve => setTimeout(resolve, 10))
})
