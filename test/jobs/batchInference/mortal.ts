/** Makes the batch inference thread that this is die of certain shards: DEATHS in its environment says how, by <input>-<shard>.<attempt>-<try>. */
import { parentPort, workerData } from 'node:worker_threads'
import type { ThreadData, ThreadReport } from '../../../src/jobs/batchInference/thread.ts'

export type Deaths = { readonly [shard: string]: 'exit' | 'throw' | 'exit afterwards' }

const deaths: Deaths = JSON.parse(process.env.DEATHS ?? '{}')
const port = parentPort!
const { work, inputs, again, attempt }: ThreadData = workerData

function deathOf(shard: number): Deaths[string] | undefined {
  const input = inputs.findLast(({ firstShard }) => firstShard <= shard)!
  const tries = again?.shard === shard ? again.tries : 1
  return deaths[`${input.index}-${shard - input.firstShard}.${attempt}-${tries}`]
}

const report = port.postMessage.bind(port)
port.postMessage = (message: ThreadReport) => {
  report(message)
  if (message.type === 'done' && deathOf(message.shard) === 'exit afterwards') process.exit(3)
}
function die(shard: number): void {
  if (deathOf(shard) === 'exit') process.exit(3)
  if (deathOf(shard) === 'throw') throw new Error('bad luck')
}
const { store, compareExchange } = Atomics
/** A thread that tries a shard again writes down that it is at it. */
Atomics.store = ((array: Int32Array, index: number, value: number) => {
  const stored = store(array, index, value)
  if (array === work.control && value === again?.shard) die(value)
  return stored
}) as typeof Atomics.store
/** Others take it from the counter. */
Atomics.compareExchange = ((array: Int32Array, index: number, expected: number, value: number) => {
  const found = compareExchange(array, index, expected, value)
  if (array === work.control && found === expected && work.done[found] === 0) die(found)
  return found
}) as typeof Atomics.compareExchange
