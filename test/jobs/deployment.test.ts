import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Vocabulary } from '../../src/datasets/vocabulary.ts'
import type { ComputeContext } from '../../src/jobs/computeContext.ts'
import { openDeployment } from '../../src/jobs/deployment.ts'
import { quietControl } from '../../src/lib/work.ts'
import { openObjectStore } from '../../src/objects/open.ts'
import { saveModel } from '../../src/recipes/modelFile.ts'
import { temporaryFolder } from '../support/server.ts'

const MODEL = 'models/1-1/'

/** A model of three items that has been saved, with the histories of so many users, and what opens it. */
async function saved(userCount: number, rows: boolean) {
  const root = temporaryFolder()
  mkdirSync(join(root, 'sommelier'))
  const artifacts = openObjectStore({ kind: 'folder', root })
  await saveModel(
    { artifacts, prefix: { bucket: 'sommelier', key: MODEL } },
    {
      model: {
        form: 'dense',
        itemCount: 3,
        kernel: Float32Array.of(1, 0.5),
        rows: rows ? Float32Array.of(0, 2, 1, 1, 0, 2, 2, 1, 0) : undefined,
        prior: Float32Array.of(-1, -1.1, -1.2),
        sharpness: 1,
      },
      users: Vocabulary.fromIds(Array.from({ length: userCount }, (_, user) => `user ${user}`)),
      items: Vocabulary.fromIds(['a', 'b', 'c']),
      histories: {
        offsets: Uint32Array.from({ length: userCount + 1 }, (_, user) => user),
        items: new Int32Array(userCount),
      },
    },
    quietControl,
  )
  return { ...quietControl, artifacts } as ComputeContext
}

test('a model is opened whether it has rows or a prior alone, for many users and for none', async () => {
  for (const rows of [true, false])
    for (const userCount of [0, 1, 30]) {
      const stages: string[] = []
      const context = {
        ...(await saved(userCount, rows)),
        progress: (report: { done: number }) => stages.push(`${report.done}`),
      }
      await openDeployment({ modelPrefix: MODEL }, context as unknown as ComputeContext)
      assert.deepEqual(stages, ['0', '1'])
    }
})

test('a file that is not there or not whole is refused by its name', async () => {
  for (const part of ['model', 'vocabulary', 'histories']) {
    const context = await saved(2, true)
    const address = { bucket: 'sommelier', key: `${MODEL}${part}.safetensors` }
    const file = `The model's file s3://sommelier/${address.key}`
    await context.artifacts.write(address, Buffer.from('cut'), quietControl)
    await assert.rejects(openDeployment({ modelPrefix: MODEL }, context), ({ name, message }: Error) => {
      assert.equal(name, 'Refusal')
      return message.startsWith(`${file} is damaged. `)
    })
    await context.artifacts.remove(address)
    await assert.rejects(openDeployment({ modelPrefix: MODEL }, context), {
      name: 'Refusal',
      message: `${file} cannot be used: it is not there.`,
    })
  }
})
