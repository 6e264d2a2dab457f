/**
 * Are the kernels, as this machine's V8 compiled them, what the plain twins say? Every kernel runs on two copies of one memory, compiled
 * and plain, on random and adversarial data small enough for start-up (a second), and every bit outside scratch must agree. It guards
 * against a fault in V8's revectorizer, which is still an experiment.
 */
import { assert } from '../lib/assert.ts'
import { seededRandom } from '../lib/random.ts'
import { ARENA_START_BYTES, createArena } from './arena.ts'
import { instantiate, KERNEL_NAMES, type Kernels, kernelModule, sharedMemory } from './load.ts'
import { plainKernels } from './plain/index.ts'
import { fusedMadd, type Madd, plainMemory, roundedMadd } from './plain/memory.ts'
import { byteCase } from './selfTestBytes.ts'
import { CASE_BYTES, type Case, extremeCase, rankCase, type Step } from './selfTestCases.ts'
import { codeCase } from './selfTestCodes.ts'
import { bestCase, roundingCase, viewCase } from './selfTestFactors.ts'
import { lowRankCase } from './selfTestLowRank.ts'
import { neighbourCase, systemCase } from './selfTestPairs.ts'
import { poolCase } from './selfTestPool.ts'
import { bestRowsCase, userCase } from './selfTestUsers.ts'

export interface SelfTest {
  readonly identical: boolean
  /** Names of the kernels that are not what their twin says. */
  readonly differing: readonly string[]
  /** Whether multiply-add rounds once on this machine. */
  readonly fused: boolean
}

const SEED = 1

export function selfTest(): SelfTest {
  const fused = maddIsFused()
  const differing = new Set<string>()
  const compared = new Set<string>()
  const cases = [
    systemCase,
    neighbourCase,
    rankCase,
    poolCase,
    extremeCase,
    lowRankCase,
    byteCase,
    codeCase,
    roundingCase,
    bestCase,
    viewCase,
    userCase,
    bestRowsCase,
  ]
  for (const build of cases) {
    const memory = sharedMemory(CASE_BYTES)
    const { steps, scratch } = build(createArena(memory), seededRandom(SEED))
    compare(memory, steps, scratch, fused ? fusedMadd : roundedMadd, differing)
    for (const step of steps) if ('kernel' in step && step.tasks > 0) compared.add(step.kernel)
  }
  for (const name of KERNEL_NAMES) assert(compared.has(name), `${name} is compared with its twin`)
  return { identical: differing.size === 0, differing: KERNEL_NAMES.filter(name => differing.has(name)), fused }
}

function compare(
  memory: WebAssembly.Memory,
  steps: readonly Step[],
  scratch: Case['scratch'],
  madd: Madd,
  differing: Set<string>,
): void {
  const kernels = instantiate(kernelModule(), memory, 0)
  const compiled = new Int32Array(memory.buffer)
  const plain = plainMemory(compiled.slice().buffer, madd)
  for (const step of steps) {
    if ('word' in step) {
      compiled[step.params / 4 + step.word] = plain.i32[step.params / 4 + step.word] = step.value
      continue
    }
    for (let task = 0; task < step.tasks; task++) {
      kernels[step.kernel](step.params, task)
      plainKernels[step.kernel](plain, step.params, task)
    }
    for (const { from, to } of scratch) plain.i32.set(compiled.subarray(from / 4, to / 4), from / 4)
    if (Buffer.compare(Buffer.from(memory.buffer), Buffer.from(plain.i32.buffer)) === 0) continue
    differing.add(step.kernel)
    plain.i32.set(compiled) // so that the next kernel is judged by itself
  }
}

/** (1 + 2⁻¹²)² - (1 + 2⁻¹¹) is 2⁻²⁴ when rounded once, and 0 when the product is rounded first, to even. */
function maddIsFused(): boolean {
  const memory = sharedMemory(ARENA_START_BYTES + 128)
  const kernels: Kernels = instantiate(kernelModule(), memory, 0)
  const { ptr, view } = createArena(memory).reserveF32(32)
  view.fill(1 + 2 ** -12, 8, 24).fill(-(1 + 2 ** -11), 24)
  kernels.probeMadd(ptr, 0)
  assert(
    view.subarray(0, 8).every(value => value === view[0]),
    'multiply-add rounds differently from lane to lane',
  )
  return view[0] !== 0
}
