/** What every adapter of the state port must do. `open` opens the store at a place; opening the same place again finds what was there. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { NewResource, StateStore } from '../../src/resources/stateStore.ts'

const scope = { account: '000000000000', region: 'us-east-1' }

const resource = (name: string, change: Partial<NewResource> = {}): NewResource => ({
  arn: `arn:${name}`,
  type: 'thing',
  ...scope,
  name,
  parent: undefined,
  group: undefined,
  status: 'CREATE PENDING',
  createdMs: 1,
  updatedMs: 1,
  failureReason: undefined,
  body: { name, deep: [1, 'zwei', { drei: null }] },
  hidden: {},
  ...change,
})

export function stateStoreContract(name: string, fresh: () => { open(): StateStore; clean(): void }): void {
  describe(name, () => {
    let place: ReturnType<typeof fresh>
    let state: StateStore
    beforeEach(async t => {
      place = fresh()
      state = place.open()
      if ('after' in t) {
        t.after(async () => {
          await state.close()
          place.clean()
        })
      }
    })

    test('a resource comes back as it went in, also after closing', async () => {
      const put = resource('a', { parent: 'arn:p', failureReason: 'because' })
      await state.transact(transaction => transaction.insert(put))
      await state.close()
      state = place.open()
      const found = await state.transact(transaction => transaction.find('arn:a'))
      assert.deepEqual(found, { ...put, sequence: 1 })
      assert.equal(await state.transact(transaction => transaction.find('arn:b')), undefined)
    })

    test('what throws leaves no trace, and the next transaction works', async () => {
      const failing = state.transact(async transaction => {
        await transaction.insert(resource('a'))
        await transaction.enqueue({ arn: 'arn:a', kind: 'make', nowMs: 1 })
        throw new Error('changed my mind')
      })
      await assert.rejects(failing, { message: 'changed my mind' })
      const left = await state.transact(async transaction => [
        await transaction.find('arn:a'),
        await transaction.workIn(['queued'], { limit: 10 }),
      ])
      assert.deepEqual(left, [undefined, []])
    })

    test('transactions do not mix, however they are started', async () => {
      await state.transact(transaction => transaction.insert(resource('a', { body: 0 })))
      const increment = () =>
        state.transact(async transaction => {
          const { body } = (await transaction.find('arn:a'))!
          await transaction.update('arn:a', { body: (body as number) + 1, updatedMs: 2 })
        })
      await Promise.all(Array.from({ length: 50 }, increment))
      assert.equal((await state.transact(transaction => transaction.find('arn:a')))?.body, 50)
    })

    test('an ARN is taken once', async () => {
      await state.transact(transaction => transaction.insert(resource('a')))
      await assert.rejects(state.transact(transaction => transaction.insert(resource('a'))))
    })

    test('update changes what it names and nothing else', async () => {
      await state.transact(transaction => transaction.insert(resource('a')))
      await state.transact(transaction => transaction.update('arn:a', { status: 'ACTIVE', updatedMs: 9 }))
      const found = await state.transact(transaction => transaction.find('arn:a'))
      assert.deepEqual(found, { ...resource('a'), status: 'ACTIVE', updatedMs: 9, sequence: 1 })
      await assert.rejects(state.transact(transaction => transaction.update('arn:none', { updatedMs: 9 })))
      const reasonAfter = async (failureReason?: string | null) => {
        const change = { updatedMs: 9, ...(failureReason !== undefined && { failureReason }) }
        await state.transact(transaction => transaction.update('arn:a', change))
        return (await state.transact(transaction => transaction.find('arn:a')))?.failureReason
      }
      assert.equal(await reasonAfter('because'), 'because')
      assert.equal(await reasonAfter(), 'because')
      assert.equal(await reasonAfter(null), undefined)
    })

    test('lists are newest first, by type, scope, parent and status, page by page', async () => {
      await state.transact(async transaction => {
        for (let i = 0; i < 7; i++)
          await transaction.insert(resource(`t${i}`, { parent: i % 2 ? 'arn:odd' : 'arn:even' }))
        await transaction.insert(resource('other', { type: 'other' }))
        await transaction.insert(resource('far', { region: 'eu-west-1', group: 'arn:group' }))
        await transaction.update('arn:t3', { status: 'ACTIVE', updatedMs: 2 })
      })
      const names = (query: object, page: { limit: number; before?: number }) =>
        state.transact(async transaction =>
          (await transaction.list({ type: 'thing', ...scope, ...query }, page)).map(each => each.name),
        )
      assert.deepEqual(await names({}, { limit: 100 }), ['t6', 't5', 't4', 't3', 't2', 't1', 't0'])
      assert.deepEqual(await names({ parent: 'arn:odd' }, { limit: 2 }), ['t5', 't3'])
      assert.deepEqual(await names({ parent: 'arn:odd' }, { limit: 2, before: 4 }), ['t1'])
      assert.deepEqual(await names({ statuses: ['ACTIVE'] }, { limit: 9 }), ['t3'])
      const counts = await state.transact(async transaction => [
        await transaction.count({ type: 'thing', ...scope }),
        await transaction.count({ type: 'thing' }),
        await transaction.count({ type: 'thing', ...scope, parent: 'arn:even' }),
        await transaction.count({ type: 'thing', ...scope, statuses: ['ACTIVE', 'CREATE FAILED'] }),
        await transaction.count({ type: 'thing', group: 'arn:group' }),
        await transaction.count({ type: 'thing', ...scope, group: 'arn:group' }),
      ])
      assert.deepEqual(counts, [7, 8, 4, 1, 1, 0])
    })

    test('a sequence is never given twice, so pages stay where they were', async () => {
      await state.transact(async transaction => {
        await transaction.insert(resource('a'))
        await transaction.remove('arn:a')
        await transaction.insert(resource('a'))
      })
      assert.equal((await state.transact(transaction => transaction.find('arn:a')))?.sequence, 2)
    })

    test('tags are taken away by key, from one resource alone', async () => {
      const tags = [
        { tagKey: 'A', tagValue: '1' },
        { tagKey: 'a', tagValue: '2' },
      ]
      const left = await state.transact(async transaction => {
        for (const name of ['a', 'b']) {
          await transaction.insert(resource(name))
          await transaction.setTags(`arn:${name}`, tags)
        }
        await transaction.removeTags('arn:a', ['a', 'none'])
        return [await transaction.tagsOf('arn:a'), await transaction.tagsOf('arn:b')]
      })
      assert.deepEqual(left, [[tags[0]], tags])
    })

    test('removing takes tags, work and checkpoints along', async () => {
      await state.transact(async transaction => {
        await transaction.insert(resource('a'))
        await transaction.setTags('arn:a', [
          { tagKey: 'k', tagValue: 'old' },
          { tagKey: 'k', tagValue: 'new' },
          { tagKey: 'a', tagValue: '' },
        ])
        await transaction.enqueue({ arn: 'arn:a', kind: 'make', nowMs: 5 })
        await transaction.saveCheckpoint(1, 'shard 1', { bytes: 3 })
      })
      const before = await state.transact(transaction => transaction.tagsOf('arn:a'))
      assert.deepEqual(before, [
        { tagKey: 'a', tagValue: '' },
        { tagKey: 'k', tagValue: 'new' },
      ])
      await state.transact(transaction => transaction.remove('arn:a'))
      const left = await state.transact(async transaction => [
        await transaction.tagsOf('arn:a'),
        await transaction.workOf('arn:a'),
        [...(await transaction.checkpointsOf(1))],
      ])
      assert.deepEqual(left, [[], undefined, []])
    })

    test('work is queued in order, changes state, and keeps its checkpoints', async () => {
      await state.transact(async transaction => {
        for (const name of ['a', 'b']) {
          await transaction.insert(resource(name))
          await transaction.enqueue({ arn: `arn:${name}`, kind: 'make', nowMs: 5 })
        }
      })
      const queued = await state.transact(transaction => transaction.workIn(['queued'], { limit: 10 }))
      assert.deepEqual(queued[0], {
        id: 1,
        arn: 'arn:a',
        kind: 'make',
        state: 'queued',
        attempt: 0,
        crashes: 0,
        refusals: 0,
        notBeforeMs: 0,
        queuedMs: 5,
        startedMs: undefined,
        finishedMs: undefined,
        progress: undefined,
      })
      await state.transact(async transaction => {
        await transaction.changeWork(1, { state: 'running', attempt: 1, startedMs: 6, progress: { done: 1 } })
        await transaction.saveCheckpoint(1, 'x', [1])
        await transaction.saveCheckpoint(1, 'x', [2])
        await transaction.saveCheckpoint(1, 'w', null)
      })
      const running = await state.transact(transaction => transaction.workIn(['running'], { limit: 10 }))
      assert.deepEqual(running, [{ ...queued[0], state: 'running', attempt: 1, startedMs: 6, progress: { done: 1 } }])
      await state.transact(async transaction => {
        await transaction.changeWork(1, { crashes: 2, refusals: 3 })
        await transaction.saveCheckpoint(1, 'w', null)
      })
      const { crashes, refusals } = (await state.transact(transaction => transaction.workOf('arn:a')))!
      assert.deepEqual([crashes, refusals], [0, 0])
      assert.deepEqual(
        [...(await state.transact(transaction => transaction.checkpointsOf(1)))],
        [
          ['w', null],
          ['x', [2]],
        ],
      )
      await state.transact(transaction => transaction.clearCheckpoints(1))
      assert.equal((await state.transact(transaction => transaction.checkpointsOf(1))).size, 0)
    })

    test('of finished work the newest is kept, of unfinished all', async () => {
      await state.transact(async transaction => {
        for (let i = 1; i <= 6; i++) {
          await transaction.insert(resource(`${i}`))
          await transaction.enqueue({ arn: `arn:${i}`, kind: 'make', nowMs: i })
          if (i !== 2) await transaction.changeWork(i, { state: i === 3 ? 'failed' : 'done', finishedMs: i })
        }
        await transaction.pruneWork(2)
      })
      const left = await state.transact(transaction => transaction.listWork(scope, { limit: 10 }))
      assert.deepEqual(
        left.map(each => each.id),
        [6, 5, 2],
      )
      const page = await state.transact(transaction => transaction.listWork(scope, { limit: 1, before: 6 }))
      assert.deepEqual(
        page.map(each => each.id),
        [5],
      )
    })

    test('the secret stays', async () => {
      const { secret } = state
      assert.match(secret, /^[0-9a-f]{64}$/)
      await state.close()
      state = place.open()
      assert.equal(state.secret, secret)
    })
  })
}
