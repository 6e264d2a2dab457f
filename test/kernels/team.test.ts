import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ARENA_START_BYTES } from '../../src/kernels/arena.ts'
import { factor, type LinearSystem, reserveSystem, solve, systemBytes } from '../../src/kernels/linearSystem.ts'
import { startTeam, type Team } from '../../src/kernels/team.ts'
import { seededRandom } from '../../src/lib/random.ts'

const never = new AbortController().signal
const systems: Team[] = []
after(() => Promise.all(systems.map(team => team.close())))

async function teamWith(order: number, threads: number): Promise<{ team: Team; system: LinearSystem }> {
  const team = await startTeam({ threads, bytes: ARENA_START_BYTES + systemBytes(order, threads) })
  systems.push(team)
  return { team, system: reserveSystem(team, order) }
}

/** A = M·Mᵀ / order + I with normal M, and as many normal right-hand sides, in f64, row-major. */
function problem(order: number, seed: number): { A: Float64Array; R: Float64Array } {
  const random = seededRandom(seed)
  const M = Float64Array.from({ length: order * order }, random.normal)
  const A = new Float64Array(order * order)
  for (let i = 0; i < order; i++)
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? 1 : 0
      for (let k = 0; k < order; k++) sum += (M[i * order + k] * M[j * order + k]) / order
      A[i * order + j] = A[j * order + i] = Math.fround(sum)
    }
  return { A, R: Float64Array.from({ length: order * order }, () => Math.fround(random.normal())) }
}

/** Writes A and R where pairRow would: the lower triangle and the right-hand sides in panels, ones on the padding's diagonal. */
function fill({ shape, lower, right }: LinearSystem, A: Float64Array, R: Float64Array): void {
  const { order, block, blockCount, panelCount } = shape
  const padded = block * blockCount
  const panelPlace = (i: number, j: number, rows: number) => (Math.floor(j / 16) * rows + i) * 16 + (j % 16)
  for (let i = 0; i < padded; i++) {
    const I = Math.floor(i / block)
    for (let j = 0; j <= i; j++) {
      const J = Math.floor(j / block)
      const slot = ((I * (I + 1)) / 2 + J) * block * block
      const value = i < order ? A[i * order + j] : Number(i === j)
      lower[slot + panelPlace(i % block, j % block, block)] = value
    }
    for (let j = 0; i < order && j < Math.min(order, panelCount * 16); j++)
      right[panelPlace(i, j, padded)] = R[i * order + j]
  }
}

async function solved(order: number, threads: number, A: Float64Array, R: Float64Array): Promise<Float32Array> {
  const { team, system } = await teamWith(order, threads)
  fill(system, A, R)
  assert.equal(await factor(team, system, never, () => {}), undefined)
  return (await solve(team, system, { signal: never })).slice()
}

for (const order of [1, 15, 16, 17, 143, 144, 145, 400])
  test(`${order} equations: A·X = R to f32 accuracy, the same bytes for 1 and 3 threads`, async () => {
    const { A, R } = problem(order, order)
    const X = await solved(order, 1, A, R)
    assert.deepEqual(await solved(order, 3, A, R), X)
    let greatest = 0
    for (let i = 0; i < order; i++)
      for (let j = 0; j < order; j++) {
        let sum = -R[i * order + j]
        for (let k = 0; k < order; k++) sum += A[i * order + k] * X[k * order + j]
        greatest = Math.max(greatest, Math.abs(sum))
      }
    assert.ok(greatest < 3e-5, `greatest residual ${greatest}`)
  })

test('a matrix that is not positive definite: the row and its pivot', async () => {
  const order = 250
  const { A, R } = problem(order, 5)
  A[201 * order + 201] = -3
  const { team, system } = await teamWith(order, 2)
  fill(system, A, R)
  const failed = await factor(team, system, never, () => {})
  assert.equal(failed?.row, 201)
  assert.ok(failed.pivot < -3)
})

test('NaN is not positive', async () => {
  const order = 20
  const { A, R } = problem(order, 6)
  A[3 * order + 2] = A[2 * order + 3] = Number.NaN
  const { team, system } = await teamWith(order, 2)
  fill(system, A, R)
  assert.deepEqual(await factor(team, system, never, () => {}), { row: 3, pivot: Number.NaN })
})

test('columns and tasks are told as they finish', async () => {
  const order = 400
  const { A, R } = problem(order, 7)
  const { team, system } = await teamWith(order, 2)
  fill(system, A, R)
  const columns: number[] = []
  await factor(team, system, never, done => columns.push(done))
  assert.deepEqual(columns, [1, 2, 3])
  const strips: number[] = []
  await solve(team, system, { signal: never, finished: done => strips.push(done) })
  assert.equal(strips.at(-1), 3)
})

let aborted: { team: Team; system: LinearSystem }
before(async () => {
  aborted = await teamWith(200, 2)
})

test('an aborted run rejects with the reason, and the team can be used again', async () => {
  const { team, system } = aborted
  const reason = new Error('no longer wanted')
  await assert.rejects(team.run('unpackRow', system.params, 200, { signal: AbortSignal.abort(reason) }), reason)

  // More tasks than end in any time: only the abort ends them.
  const controller = new AbortController()
  const run = team.run('updateBlock', system.params, 2 ** 31 - 1, {
    signal: controller.signal,
    finished: done => done > 0 && controller.abort(reason),
  })
  await assert.rejects(run, reason)
  let finished = 0
  await team.run('unpackRow', system.params, 200, { signal: never, finished: done => (finished = done) })
  assert.equal(finished, 200)
})

test('a kernel that leaves its memory fails the run', async () => {
  const { team } = await teamWith(16, 1)
  await assert.rejects(team.run('unpackRow', team.memory.buffer.byteLength - 4, 1, { signal: never }), /out of bounds/)
})

test('reserving more than was planned is a mistake', async () => {
  const { team } = await teamWith(16, 1)
  assert.throws(
    () => team.arena.reserveF64(2 ** 27),
    /^AssertionError: the memory plan of \d+ bytes was too small: \d+ are needed$/,
  )
})
