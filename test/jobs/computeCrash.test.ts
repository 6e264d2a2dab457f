/** A compute process that dies, of memory or otherwise, takes nothing with it: its work is tried again, and given up with a reason. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { importFile, makeDataset, makeGroup, makeSolution } from '../support/flow.ts'
import { walks } from '../support/sequences.ts'
import { call, type ServerProcess, serverProcess, settled, temporaryFolder } from '../support/server.ts'

const CRASHES_MAX = 3
const absent = existsSync('/proc/self/task')
  ? false
  : 'processes are found through /proc, which this system does not have'

/** The compute processes of a server. */
const childrenOf = ({ process: { pid } }: ServerProcess): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)

async function nextChild(server: ServerProcess, not: number[]): Promise<number> {
  for (;;) {
    const child = childrenOf(server).find(each => !not.includes(each))
    if (child !== undefined) return child
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

for (const [crashes, end] of [
  [CRASHES_MAX - 1, 'ACTIVE'],
  [CRASHES_MAX, 'CREATE FAILED'],
] as const) {
  test(`a compute process that dies ${crashes} times: ${end}`, { skip: absent }, async t => {
    const server = await serverProcess(t, temporaryFolder())
    mkdirSync(join(server.dataFolder, 'buckets', 'bucket'), { recursive: true })
    writeFileSync(join(server.dataFolder, 'buckets', 'bucket', 'a.csv'), walks().csv)
    const group = await makeGroup(server)
    await importFile(server, await makeDataset(server, group), 's3://bucket/a.csv')
    const solutionArn = await makeSolution(server, group)
    const { solutionVersionArn } = await call(server, 'CreateSolutionVersion', { solutionArn })
    const killed: number[] = []
    while (killed.length < crashes) {
      const child = await nextChild(server, killed)
      process.kill(child, 'SIGKILL')
      killed.push(child)
    }
    const { status, failureReason } = await settled(server, 'DescribeSolutionVersion', { solutionVersionArn })
    assert.deepEqual(
      [status, failureReason],
      [
        end,
        end === 'ACTIVE'
          ? undefined
          : 'The process that did the work ended unexpectedly 3 times, last with SIGKILL: most often the machine has too little memory or disk for it.',
      ],
    )
    assert.equal(server.process.exitCode, null)
  })
}
