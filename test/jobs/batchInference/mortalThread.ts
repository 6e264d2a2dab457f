/** The real thread, but it dies of certain tasks: DEATHS in its environment says how, by the name of the part. */
import { parentPort } from 'node:worker_threads'
import type { ShardTask, ThreadReport } from '../../../src/jobs/batchInference/thread.ts'

export type Deaths = { readonly [part: string]: 'exit' | 'throw' | 'exit afterwards' }

const deaths: Deaths = JSON.parse(process.env.DEATHS ?? '{}')
const port = parentPort!
const report = port.postMessage.bind(port)
let death: Deaths[string] | undefined
port.postMessage = (message: ThreadReport) => {
  report(message)
  if (message.type === 'done' && death === 'exit afterwards') process.exit(3)
}
port.on('message', ({ part }: ShardTask) => {
  death = deaths[part.key.slice(part.key.lastIndexOf('/') + 1)]
  if (death === 'exit') process.exit(3)
  if (death === 'throw') throw new Error('bad luck')
})
await import('../../../src/jobs/batchInference/thread.ts')
