/** Where the revectorizer makes kernels compute something else than their twins, the work is done without it. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startCompute } from '../../src/jobs/computeRunner.ts'
import { silentLog } from '../../src/lib/log.ts'
import { schemaText } from '../filters/sample.ts'
import { temporaryFolder } from '../support/server.ts'

const FAULT = fileURLToPath(new URL('./faultyRevectorizer.mjs', import.meta.url))

/** A piece of work that is next to nothing, in a compute process; its outcome and what the log was warned of. */
async function carriedOut() {
  const root = temporaryFolder()
  mkdirSync(join(root, 'artifacts', 'sommelier'), { recursive: true })
  const store = { kind: 'folder', root: join(root, 'artifacts') } as const
  const description = {
    expression: 'INCLUDE ItemID WHERE Items.YEAR > 1990',
    schemas: {
      ITEMS: schemaText('ITEMS', [
        { name: 'ITEM_ID', type: 'string' },
        { name: 'YEAR', type: 'int' },
      ]),
    },
    imports: { ITEMS: [] },
  }
  const warnings: unknown[] = []
  const assignment = {
    kind: 'explainFilter',
    description,
    attempt: 1,
    finished: new Map(),
    stores: { objects: store, artifacts: store },
    scratchFolder: join(root, 'scratch'),
    threads: 1,
  }
  const events = { progress: () => {}, checkpoint: async () => {} }
  const log = { ...silentLog, warn: (...told: unknown[]) => void warnings.push(told) }
  return { outcome: await startCompute(assignment, events, log).outcome, warnings }
}

test('with a faulty revectorizer the work is done without it, and the log says so, once', async t => {
  const { NODE_OPTIONS } = process.env
  process.env.NODE_OPTIONS = `--import ${FAULT}`
  t.after(() => {
    if (NODE_OPTIONS === undefined) delete process.env.NODE_OPTIONS
    else process.env.NODE_OPTIONS = NODE_OPTIONS
  })
  const { outcome, warnings } = await carriedOut()
  assert.equal(outcome.end, 'done', JSON.stringify(outcome))
  assert.equal((outcome as { result: { candidates: number } }).result.candidates, 0)
  assert.deepEqual(warnings, [
    ['kernels differ from their twins with the revectorizer on; starting without it', { kernels: 'innerProducts' }],
  ])
  // The next process is started as the last one was: there is nothing to be warned of.
  assert.deepEqual((await carriedOut()).warnings, [])
})
