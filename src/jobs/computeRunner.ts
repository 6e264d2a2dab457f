/**
 * One compute process for one piece of work, forked and watched. A training that runs out of memory takes this process with it and nothing
 * else; the API's event loop never waits for arithmetic.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Log } from '../lib/log.ts'
import { siblingModule } from '../lib/siblingModule.ts'
import type { ProgressReport } from '../lib/work.ts'
import { keepVerdict, verdict } from './kernelVerdict.ts'
import type { Assignment, FromCompute, ToCompute } from './messages.ts'

/** What is left of a process's own wish to stop after this is not waited for: stopping takes 2 s at most. */
const STOP_MS_MAX = 1_000

/** Whole functions are compiled at once instead of after a hundred slow calls; 128-bit SIMD pairs become 256-bit instructions. */
const KERNEL_FLAGS = ['--no-wasm-dynamic-tiering']
const REVECTORIZE_FLAG = '--experimental-wasm-revectorize'

export type Outcome =
  | { readonly end: 'done'; readonly result: unknown }
  | { readonly end: 'refused'; readonly reason: string; readonly retry: boolean }
  | { readonly end: 'stopped' }
  /** An assertion of ours, with its stack: trying again would end the same way. */
  | { readonly end: 'broken'; readonly error: string }
  /** The process died: signal or exit code. */
  | { readonly end: 'died'; readonly how: string }

export interface ComputeEvents {
  progress(report: ProgressReport): void
  checkpoint(name: string, value: unknown): Promise<void>
}

export interface Compute {
  readonly outcome: Promise<Outcome>
  stop(): void
}

export function startCompute(assignment: Assignment, events: ComputeEvents, log: Log): Compute {
  try {
    mkdirSync(assignment.scratchFolder, { recursive: true })
    return forkCompute(assignment, events, log)
  } catch (error) {
    // No room for the folder, or no more processes: it has died before it lived.
    return { outcome: Promise.resolve({ end: 'died', how: codeOf(error) }), stop: () => {} }
  }
}

function forkCompute(assignment: Assignment, events: ComputeEvents, log: Log): Compute {
  let stopping = false
  let child = forkProcess()
  const outcome = watch(child).then(first => {
    if (first !== 'kernelsDiffer') return first
    if (stopping) return { end: 'stopped' } as const
    verdict.revectorize = false
    child = forkProcess()
    return watch(child).then(second => {
      if (second === 'kernelsDiffer') return { end: 'broken', error: 'the kernels differ from their twins' } as const
      return second
    })
  })
  return {
    outcome,
    stop() {
      stopping = true
      tell(child, { say: 'stop' })
      setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX).unref()
    },
  }

  function forkProcess(): ChildProcess {
    const forked = fork(fileURLToPath(siblingModule(import.meta.url, 'computeProcess')), {
      execArgv: verdict.revectorize ? [...KERNEL_FLAGS, REVECTORIZE_FLAG] : KERNEL_FLAGS,
      serialization: 'advanced',
    })
    tell(forked, { say: 'begin', assignment, kernelsChecked: verdict.checked })
    return forked
  }

  function watch(process: ChildProcess): Promise<Outcome | 'kernelsDiffer'> {
    return new Promise(resolve => {
      let answer: Outcome | 'kernelsDiffer' | undefined
      process.on('message', (message: FromCompute) => {
        if (message.say === 'progress') events.progress(message.report)
        else if (message.say === 'kernelsAgree') keepVerdict()
        else if (message.say === 'checkpoint') {
          events
            .checkpoint(message.name, message.value)
            .then(() => tell(process, { say: 'saved', checkpoint: message.number }))
            .catch((error: unknown) => {
              log.error('a checkpoint could not be saved', { error: String(error) })
              process.kill('SIGKILL')
            })
        } else answer = outcomeOf(message, log)
      })
      process.on('error', error => resolve({ end: 'died', how: codeOf(error) }))
      process.on('exit', (code, signal) => {
        if (answer !== undefined && !(stopping && answer !== 'kernelsDiffer' && answer.end !== 'done')) resolve(answer)
        else resolve(stopping ? { end: 'stopped' } : { end: 'died', how: signal ?? `exit code ${code}` })
      })
    })
  }
}

/** ENOSPC, EMFILE: what its owner may know of it; paths of ours are not among that. */
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'an error'

function outcomeOf(message: FromCompute, log: Log): Outcome | 'kernelsDiffer' | undefined {
  switch (message.say) {
    case 'done':
      return { end: 'done', result: message.result }
    case 'refused':
      return { end: 'refused', reason: message.reason, retry: message.retry }
    case 'broken':
      return { end: 'broken', error: message.error }
    case 'kernelsDiffer':
      log.warn('kernels differ from their twins with the revectorizer on; starting without it', {
        kernels: message.names.join(' '),
      })
      return 'kernelsDiffer'
  }
  return undefined
}

function tell(child: ChildProcess, message: ToCompute): void {
  if (child.connected) child.send(message, () => {})
}
