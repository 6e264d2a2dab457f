/** The schedule as a table: what waits and what runs, in a word each, and what begins or gives way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Scheduled, schedule } from '../../src/jobs/schedule.ts'
import type { StoredWork } from '../../src/resources/stateStore.ts'

const run = async () => undefined
const kinds = {
  ready: {},
  load: { run, ordered: true },
  import: { run },
  delete: { run, alone: true },
  auto: { run, background: true },
}

/** 'import@g1' or, with a time before which it may not begin, 'import@g1+5'. The number of a piece of work is its place in the list. */
function works(list: string, first = 1): Scheduled[] {
  return list
    .split(' ')
    .filter(each => each !== '')
    .map((each, i) => {
      const [, kind, group, notBeforeMs = '0'] = /^(\w+)@(\w+)(?:\+(\d+))?$/.exec(each)!
      const work = { id: first + i, notBeforeMs: Number(notBeforeMs) } as StoredWork
      return { work, kind: kinds[kind as keyof typeof kinds], group, parent: group }
    })
}

const cases: [what: string, queued: string, running: string, begin: number[], giveWay?: number[]][] = [
  ['nothing', '', '', []],
  ['two bodies at most', 'import@a import@b import@c', '', [1, 2]],
  ['one place is taken', 'import@a import@b', 'import@c', [1]],
  ['what has no body begins at once', 'import@a import@b import@c ready@a ready@b', '', [1, 2, 4, 5]],
  ['what is put off lets others pass', 'import@a+9 import@b import@c ready@a+9', '', [2, 3]],
  ['what is put off for longer than any pause is due: the clock was set back', 'import@a+3600000', '', [1]],
  ['a deletion runs alone', 'delete@a import@a import@b', '', [1, 3]],
  ['and waits for what runs', 'delete@a', 'import@a', []],
  ['and for what was asked for before it', 'import@a+9 delete@a', '', []],
  ['what was asked for later waits for it', 'delete@a import@a', 'import@a', []],
  ['and while it runs', 'import@a', 'delete@a', []],
  ['ordered work waits for earlier work on its parent', 'load@a load@a load@b', '', [1, 3]],
  ['that runs', 'load@a load@b', 'load@a', [2]],
  ['or is put off', 'load@a+9 load@a load@b', '', [3]],
  ['other work does not', 'load@a+9 import@a', '', [2]],
  ['in other groups nothing waits', 'import@b', 'delete@a', [1]],
  ['two deletions of one group, one after the other', 'delete@a delete@a', '', [1]],
  ['of two groups, together', 'delete@a delete@b', '', [1, 2]],
  ['a deletion does not wait for one in the background that waits', 'auto@a delete@a', '', [2]],
  ['what has no body does not wait for it', 'delete@a ready@a', '', [1, 2]],
  ['the background runs when nobody else does', 'auto@a auto@b', '', [1, 2]],
  ['not while others wait', 'auto@a import@b+9', '', []],
  ['not while others run', 'auto@a', 'import@b', []],
  ['it gives way', 'import@a', 'auto@b', [1], [101]],
  ['also where its place is not needed yet', 'delete@b', 'auto@b', [], [101]],
  ['but not to what needs no body', 'ready@a', 'auto@b', [1]],
  ['nor to its like', 'auto@a', 'auto@b', [1]],
]
for (const [what, queued, running, begin, giveWay = []] of cases) {
  test(`${what}: ${queued} | ${running}`, () => {
    const found = schedule(works(queued), works(running, 101), 0)
    assert.deepEqual([found.begin.map(({ id }) => id), found.giveWay], [begin, giveWay])
  })
}

test('idle is when nothing that has a body waits or runs', () => {
  const idle = (queued: string, running: string) => schedule(works(queued), works(running), 0).idle
  assert.deepEqual(
    [idle('', ''), idle('ready@a', 'ready@b'), idle('import@a+9', ''), idle('', 'auto@a'), idle('auto@a', '')],
    [true, true, false, false, false],
  )
})
