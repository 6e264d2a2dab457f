/**
 * What befalls the processes of a server under test. Node loads it before their own code, where NODE_OPTIONS names it (`misfortune`); the
 * product knows nothing of it.
 */
import { isMainThread, workerData } from 'node:worker_threads'
import type { ThreadData } from '../../src/jobs/batchInference/thread.ts'
import type { Deaths } from '../jobs/batchInference/mortal.ts'

export interface Misfortune {
  /** Of the threads of batch inference jobs, by the name of their input. */
  readonly deaths?: { readonly [file: string]: Deaths }
  /** What a process is told that it may take. */
  readonly memoryBytes?: number
}

/** The environment that brings it about. */
export const misfortune = (of: Misfortune): NodeJS.ProcessEnv => ({
  NODE_OPTIONS: `--import=${import.meta.url}`,
  MISFORTUNE: JSON.stringify(of),
})

const { deaths, memoryBytes }: Misfortune = JSON.parse(process.env.MISFORTUNE ?? '{}')
if (memoryBytes !== undefined) process.constrainedMemory = () => memoryBytes
const thread: Partial<ThreadData> | undefined = isMainThread ? undefined : workerData
const file = thread?.inputs?.[0].from.key
if (file !== undefined && deaths?.[file]) {
  process.env.DEATHS = JSON.stringify(deaths[file])
  await import('../jobs/batchInference/mortal.ts')
}
