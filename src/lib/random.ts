/**
 * Seeded randomness: the same seed gives the same numbers on every machine. Nothing outside `lib/` calls Math.random().
 * Generator: mulberry32 (Tommy Ettinger, public domain), 32 bits of state; enough for splits and synthetic data, not for secrets.
 */
export interface Random {
  /** An integer in [0, 2³²). */
  uint32(): number
  /** A number in [0, 1). */
  uniform(): number
  /** An integer in [0, bound). */
  below(bound: number): number
  /** A number from the standard normal distribution (Box and Muller 1958). */
  normal(): number
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const uint32 = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
  const uniform = () => uint32() / 2 ** 32
  return {
    uint32,
    uniform,
    below: bound => Math.floor(uniform() * bound),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  }
}

/** A seed of its own for one part of the work (a user, a split), so that order and threads cannot change what it draws. FNV-1a. */
export function derivedSeed(seed: number, ...parts: (string | number)[]): number {
  let hash = 0x811c9dc5 ^ (seed >>> 0)
  for (const part of parts) {
    for (const char of `${part}/`) {
      hash ^= char.codePointAt(0)!
      hash = Math.imul(hash, 0x01000193) >>> 0
    }
  }
  return hash >>> 0
}

/** `order` shuffled in place (Fisher and Yates, as in Knuth's algorithm P). */
export function shuffle<T extends { [index: number]: unknown; length: number }>(order: T, random: Random): T {
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const held = order[i]
    order[i] = order[j]
    order[j] = held
  }
  return order
}
