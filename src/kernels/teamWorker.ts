/** A thread of a team (team.ts): takes orders until it is terminated, and says when it finds no more tasks. */
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../lib/assert.ts'
import { instantiate } from './load.ts'
import { TEAM_FINISHED, TEAM_NEXT_TASK, TEAM_STOPPED, TEAM_WORDS } from './parameters.ts'
import type { TeamOrder, TeamThreadData } from './team.ts'

assert(parentPort, 'teamWorker runs as a worker thread')
const port = parentPort
const { module, memory, thread }: TeamThreadData = workerData
const kernels = instantiate(module, memory, thread)
const counters = new Int32Array(memory.buffer, 0, TEAM_WORDS)

port.on('message', ({ kernel, params, taskCount }: TeamOrder) => {
  const run = kernels[kernel]
  while (Atomics.load(counters, TEAM_STOPPED) === 0) {
    const task = Atomics.add(counters, TEAM_NEXT_TASK, 1)
    if (task >= taskCount) break
    run(params, task)
    Atomics.add(counters, TEAM_FINISHED, 1)
  }
  port.postMessage('idle')
})
port.postMessage('ready')
