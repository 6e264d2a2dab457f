/** The world as a command sees it. Tests hand in one of their own; `processIo` is the real one. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, systemClock } from '../lib/clock.ts'

export interface Terminal {
  write(text: string): unknown
  /** Whether a person is watching: then lines are redrawn in place and coloured, otherwise they are plain and few. */
  readonly isTTY?: boolean
  /** Characters a line; absent where there is no terminal. */
  readonly columns?: number
}

export interface Io {
  readonly out: Terminal
  readonly err: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Aborted by Control-C. */
  readonly signal: AbortSignal
  /** Resolves after `ms`; rejects with the signal's reason when that comes first. */
  wait(ms: number): Promise<void>
}

export const processIo = (signal: AbortSignal): Io => ({
  out: process.stdout,
  err: process.stderr,
  env: process.env,
  clock: systemClock,
  signal,
  async wait(ms) {
    await sleep(ms, undefined, { signal }).catch(() => {})
    signal.throwIfAborted()
  },
})
