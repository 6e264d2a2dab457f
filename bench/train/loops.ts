/** The trainer's inner loops on one thread beside numpy's and scipy's (peer.py), in the same run: ours, theirs, ours again. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pythonEnvironment } from '../../scripts/python.mjs'
import { factor, reserveSystem, solve, systemBytes } from '../../src/kernels/linearSystem.ts'
import {
  LANES,
  LOW_DIRECTIONS,
  LOW_IMAGES,
  LOW_STEPS,
  TALL_PARTS,
  TALL_TASK_ROWS,
  TILE_COLUMNS,
} from '../../src/kernels/parameters.ts'
import { startTeam, type Team } from '../../src/kernels/team.ts'
import { assert } from '../../src/lib/assert.ts'
import { type Random, seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { type LowRankSize, lowRankBytes, placeLowRank } from '../../src/models/lowRankMemory.ts'
import { generated } from './data.ts'

/** What numpy and scipy are of. */
const PEERS = ['numpy==2.4.6', 'scipy==1.17.1']
const REPEATS = 5
/** A dense system of ML-1M's size, whole blocks; a tall matrix as at 200 000 items; histories as at 20 000. */
const ORDER = 3744
const ROWS = 200_000
const WIDTH = 160
const HISTORIES = { users: 20_000, length: 50, items: 20_000, window: 32 }

interface Loop {
  readonly name: string
  /** What is counted for both sides alike: the operations of the textbook. */
  readonly flops: number
  readonly ours: number
  readonly theirs: number
  /** Ours does it with fewer operations than are counted, so that no limit of operations a second holds for it. */
  readonly fewer: boolean
}

/** What OpenBLAS reaches where a product suits it best, for the table of limits. */
export const PEER_LIMIT = 'sgemm of OpenBLAS, 2000 × 2000 × 2000, GFLOP/s'
const PEER_FLOPS = 2 * 2000 ** 3

export interface Loops {
  readonly versions: string
  /** Operations a second. */
  readonly sgemm: number
  readonly loops: readonly Loop[]
}

type Seconds = Record<'factor' | 'solve' | 'gram' | 'turn' | 'walk', number>

export async function measureLoops(): Promise<Loops> {
  const first = await ours()
  const { versions, product, ...theirs } = peer()
  const second = await ours()
  const { users, length, window } = HISTORIES
  // Entries of X: an event has min(place, window) events before it. Xᵀ·X·z is two products with each, 16 columns wide.
  const entries = users * Array.from({ length }, (_, place) => Math.min(place, window)).reduce((a, b) => a + b)
  const flops: Seconds = {
    factor: ORDER ** 3 / 3,
    solve: 2 * ORDER ** 3,
    gram: ROWS * WIDTH ** 2, // of a symmetric product half is enough, and both sides know it
    turn: 2 * ROWS * WIDTH ** 2,
    walk: 4 * entries * LANES,
  }
  const names: Record<keyof Seconds, string> = {
    factor: `Cholesky factorisation, ${ORDER} rows: spotrf`,
    solve: `both triangular solves, ${ORDER} right-hand sides: spotrs`,
    gram: `VᵀV, ${ROWS} × ${WIDTH}: numpy's matmul, which calls ssyrk`,
    turn: `V·E, ${ROWS} × ${WIDTH} × ${WIDTH}: sgemm`,
    walk: `XᵀX·z along ${users * length} events, ${HISTORIES.items} items, 16 columns: scipy.sparse`,
  }
  const keys = Object.keys(flops) as (keyof Seconds)[]
  const loops = keys.map(key => ({
    name: names[key],
    flops: flops[key],
    ours: Math.min(first[key], second[key]),
    theirs: theirs[key],
    fewer: key === 'walk', // a recursion along the history in place of its products
  }))
  return { versions, loops, sgemm: PEER_FLOPS / product }
}

function peer(): Seconds & { versions: string; product: number } {
  const bin = pythonEnvironment('numpy', PEERS)
  const script = fileURLToPath(new URL('peer.py', import.meta.url))
  const sizes = { order: ORDER, columns: ORDER, rows: ROWS, width: WIDTH, ...HISTORIES }
  const { stdout, status } = spawnSync(join(bin, 'python'), [script], {
    input: JSON.stringify(sizes),
    env: { ...process.env, OPENBLAS_NUM_THREADS: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
    encoding: 'utf8',
  })
  assert(status === 0, 'numpy ends well')
  return JSON.parse(stdout)
}

const ours = async (): Promise<Seconds> => ({ ...(await denseLoops()), ...(await tallLoops()), walk: await walkLoop() })

/** CPU seconds, the least of some runs; `before` is not timed. */
async function least(work: () => Promise<unknown>, before: () => void = () => {}): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < REPEATS; i++) {
    before()
    const start = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(start)
    times.push((user + system) / 1e6)
  }
  return Math.min(...times)
}

async function withTeam<T>(bytes: number, use: (team: Team) => Promise<T>): Promise<T> {
  const team = await startTeam({ threads: 1, bytes })
  try {
    return await use(team)
  } finally {
    await team.close()
  }
}

/** A diagonal that outweighs the rest of its row makes any symmetric matrix positive definite. */
async function denseLoops(): Promise<Pick<Seconds, 'factor' | 'solve'>> {
  return withTeam(systemBytes(ORDER, 1) + 2 ** 20, async team => {
    const system = reserveSystem(team, ORDER)
    const { block, blockCount } = system.shape
    const random = seededRandom(1)
    const noise = Float32Array.from({ length: 4099 }, random.normal)
    const fill = (view: Float32Array) => {
      for (let at = 0; at < view.length; at += noise.length) view.set(noise.subarray(0, view.length - at), at)
    }
    const refill = () => {
      fill(system.lower)
      for (let I = 0; I < blockCount; I++)
        for (let i = 0; i < block; i++) {
          const slot = ((I * (I + 1)) / 2 + I) * block * block
          const place = (Math.floor(i / TILE_COLUMNS) * block + i) * TILE_COLUMNS + (i % TILE_COLUMNS)
          system.lower[slot + place] = 2 * ORDER
        }
    }
    const { signal } = quietControl
    const factored = await least(async () => assert(!(await factor(team, system, signal, () => {}))), refill)
    // The solution goes where the factor was, so every solve needs a factor of its own.
    const times: number[] = []
    for (let i = 0; i < REPEATS; i++) {
      refill()
      fill(system.right)
      await factor(team, system, signal, () => {})
      const start = process.cpuUsage()
      await solve(team, system, { signal })
      const { user, system: kernel } = process.cpuUsage(start)
      times.push((user + kernel) / 1e6)
    }
    return { factor: factored, solve: Math.min(...times) }
  })
}

const sizeOf = (itemCount: number, eventCount: number, longest: number, userCount: number): LowRankSize => ({
  userCount,
  itemCount,
  eventCount,
  longest,
  kernelCount: 1,
  blockCount: WIDTH / LANES,
  threads: 1,
})
const KERNELS = [{ decay: Math.exp(-1 / 8), length: HISTORIES.window }]

function fillNormal(view: Float32Array, random: Random): void {
  for (let at = 0; at < view.length; at++) view[at] = random.normal()
}

async function tallLoops(): Promise<Pick<Seconds, 'gram' | 'turn'>> {
  const nothing = { offsets: new Uint32Array(1), items: new Int32Array(0) }
  const size = sizeOf(ROWS, 0, 0, 0)
  return withTeam(lowRankBytes(size), async team => {
    const { tallParams, directions, factor } = await placeLowRank(team, nothing, KERNELS, size, quietControl.signal)
    const random = seededRandom(2)
    fillNormal(directions.view, random)
    fillNormal(factor, random)
    const run = (kernel: 'innerProducts' | 'turnRows', tasks: number) =>
      team.run(kernel, tallParams, tasks, quietControl)
    return {
      gram: await least(() => run('innerProducts', TALL_PARTS)),
      turn: await least(() => run('turnRows', Math.ceil(ROWS / TALL_TASK_ROWS))),
    }
  })
}

/** One step of the gradients less none: a walk there and back, and the step's sums. */
async function walkLoop(): Promise<number> {
  const { users, length, items } = HISTORIES
  const interactions = generated({ userCount: users, itemCount: items, eventCount: length })
  const size = { ...sizeOf(items, users * length, length, users), blockCount: 1 }
  return withTeam(lowRankBytes(size), async team => {
    const memory = await placeLowRank(team, interactions, KERNELS, size, quietControl.signal)
    fillNormal(memory.directions.view, seededRandom(3))
    memory.scales.fill(1)
    memory.ridge.fill(1)
    memory.inverses.fill(1e-3)
    memory.words[LOW_DIRECTIONS] = memory.directions.ptr
    memory.words[LOW_IMAGES] = memory.images.ptr
    const steps = async (count: number) => {
      memory.words[LOW_STEPS] = count
      return least(() => team.run('solveDirections', memory.params, 1, quietControl))
    }
    return ((await steps(11)) - (await steps(1))) / 10
  })
}
