/**
 * Kernels that do one thing a machine can do and nothing else: what they reach is the limit of all others. Written here rather than in
 * assembly/, since the service has no use for them, and compiled when a bench asks.
 */
import { compileText } from '../../scripts/compileText.mjs'

/**
 * Accumulators of 128 bits, in pairs: as many as our widest tile has, and more than enough to hide the latency of a multiplication and an
 * addition one after the other.
 */
const ACCUMULATORS = 24
/** Steps of every accumulator in a round of the loop, so that the loop itself is nothing beside them. */
const UNROLLED = 4

interface Arithmetic {
  /** What an accumulator becomes. */
  readonly step: (accumulator: string, a: string, b: string) => string
  /** Multiplications and additions of one step. */
  readonly operations: number
}

/**
 * The multiplications that tiles are made of. Those of integers that are not added in one instruction take the accumulator itself: a product of two
 * constants would be computed once, before the loop.
 */
const ARITHMETIC = {
  f32: { step: (c, a, b) => `f32x4.relaxed_madd(${a}, ${b}, ${c})`, operations: 8 },
  i16: { step: (c, a) => `i32x4.add(${c}, i32x4.dot_i16x8_s(${a}, ${c}))`, operations: 16 },
  i8: { step: (c, a) => `i16x8.add(${c}, i16x8.relaxed_dot_i8x16_i7x16_s(${a}, ${c}))`, operations: 32 },
  i8By4: { step: (c, a, b) => `i32x4.relaxed_dot_i8x16_i7x16_add_s(${a}, ${b}, ${c})`, operations: 32 },
} satisfies Record<string, Arithmetic>
export type ArithmeticName = keyof typeof ARITHMETIC
export const ARITHMETIC_NAMES = Object.keys(ARITHMETIC) as ArithmeticName[]

/** Of a call with so many rounds. */
export const operationsOf = (name: ArithmeticName, rounds: number): number =>
  rounds * UNROLLED * ACCUMULATORS * ARITHMETIC[name].operations

export const MEMORY_NAMES = ['read', 'write', 'copy'] as const
export type MemoryName = (typeof MEMORY_NAMES)[number]

/** Each (at, rounds) or (at, bytes). */
export type LimitKernels = Readonly<Record<ArithmeticName | MemoryName, (at: number, amount: number) => void>>

const range = (count: number) => Array.from({ length: count }, (_, i) => i)

/** Reads accumulators and constants at `at` and writes the accumulators back: pairs of stores are what V8 makes 256 bits of. */
function arithmeticSource(name: ArithmeticName): string {
  const each = (line: (i: number) => string) => range(ACCUMULATORS).map(line).join('\n')
  const constants = ['a0', 'a1', 'b0', 'b1'].map((name, i) => `${name} = v128.load(at, ${16 * (ACCUMULATORS + i)})`)
  const step = each(i => `c${i} = ${ARITHMETIC[name].step(`c${i}`, `a${i % 2}`, `b${i % 2}`)}`)
  return `export function ${name}(at: usize, rounds: i32): void {
const ${constants.join(', ')}
${each(i => `let c${i} = v128.load(at, ${16 * i})`)}
for (let round = 0; round < rounds; round++) {
${range(UNROLLED)
  .map(() => step)
  .join('\n')}
}
${each(i => `v128.store(at, c${i}, ${16 * i})`)}
}
`
}

/** Two cache lines a round; writing and copying are what the C library does of them. */
const MEMORY_SOURCE = `export function read(at: usize, bytes: usize): void {
${range(8)
  .map(i => `let c${i} = v128.load(at, ${16 * i})`)
  .join('\n')}
for (let from = at; from < at + bytes; from += 128) {
${range(8)
  .map(i => `c${i} = f32x4.add(c${i}, v128.load(from, ${16 * i}))`)
  .join('\n')}
}
${range(8)
  .map(i => `v128.store(at, c${i}, ${16 * i})`)
  .join('\n')}
}
export function write(at: usize, bytes: usize): void { memory.fill(at, 1, bytes) }
export function copy(at: usize, bytes: usize): void { memory.copy(at, at + (bytes >> 1), bytes >> 1) }
`

/** The module, on a shared memory. */
export async function compileLimitKernels(): Promise<WebAssembly.Module> {
  return new WebAssembly.Module(await compileText(ARITHMETIC_NAMES.map(arithmeticSource).join('\n') + MEMORY_SOURCE))
}
