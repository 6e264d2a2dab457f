/** The only way to the time of day. Tests hand in a manual clock; nothing outside `lib/` calls Date.now(). */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number
}

export const systemClock: Clock = { nowMs: () => Date.now() }

export function manualClock(startMs: number): Clock & { advance(ms: number): void } {
  let now = startMs
  return {
    nowMs: () => now,
    advance(ms) {
      now += ms
    },
  }
}

/** Seconds from an arbitrary start that never run backwards: for rates and durations. */
export const stopwatchSeconds = (): number => performance.now() / 1000
