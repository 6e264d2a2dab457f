/** From scores to probabilities. */
import {
  FACTOR_COUNTS,
  FACTOR_EXACT_TOTALS,
  FACTOR_GROUP,
  FACTOR_ITEMS,
  FACTOR_POSITION_OF,
  FACTOR_PROBABILITIES,
  FACTOR_QUERY_COUNT,
  FACTOR_SCORES,
  FACTOR_SHARPNESS,
  FACTOR_WANTED,
} from '../src/kernels/factorParameters'
import { totalsOf } from './estimate'
import { MODE, PRIOR, stateOf } from './queryState'
import { exp4 } from './rank'
import { float, word } from './words'

/** exp(x) in f32, for any x; beyond 87 either way it is as at 87, or 0. */
@inline
function exp(x: f32): f64 {
  const power = <f64>f32x4.extract_lane(exp4(f32x4.splat(-min<f32>(abs(x), 87))), 0)
  return x > 0 ? 1 / power : x < -87 ? 0 : power
}

/** The f32 that is not above x ≥ 0. */
@inline
function down(x: f64): f32 {
  const y = <f32>x
  return <f64>y > x ? reinterpret<f32>(reinterpret<u32>(y) - 1) : y
}

/**
 * PROBABILITIES of all queries with a history, from their SCORES and TOTALS: exp(sharpness · score) over the greater of two sums: what was
 * added up and, for the rest, its estimate or what was chosen of it; and all that was chosen. So those of a query are never above 1 together.
 * Weights are relative to the greatest score that is known. One task.
 */
export function shares(params: usize, _task: i32): void {
  const wanted = <usize>word(params, FACTOR_WANTED)
  const sharpness = float(params, FACTOR_SHARPNESS)
  const s = f32x4.splat(sharpness)
  const positions = <usize>word(params, FACTOR_POSITION_OF)
  const exact = word(params, FACTOR_EXACT_TOTALS) != 0
  for (let query = 0; query < <i32>word(params, FACTOR_QUERY_COUNT); query++) {
    const found = <usize>load<u32>(<usize>word(params, FACTOR_COUNTS) + (<usize>query << 2))
    if (found == 0 || load<u32>(stateOf(params, query), MODE) == PRIOR) continue
    const row = (<usize>query * wanted) << 2
    const scores = <usize>word(params, FACTOR_SCORES) + row
    const items = <usize>word(params, FACTOR_ITEMS) + row
    const probabilities = <usize>word(params, FACTOR_PROBABILITIES) + row
    const totals = totalsOf(params, query)
    const greatest = <f32>load<f64>(totals)
    const reference = max(greatest, load<f32>(scores))
    const r = f32x4.splat(reference)
    let chosen: f64 = 0
    let beyond: f64 = 0
    for (let i: usize = 0; i < found; i += 4) {
      const w = exp4(f32x4.mul(s, f32x4.sub(v128.load(scores + (i << 2)), r)))
      const end = min<usize>(4, found - i)
      for (let lane: usize = 0; lane < end; lane++) {
        const weight = lane == 0 ? f32x4.extract_lane(w, 0) : lane == 1 ? f32x4.extract_lane(w, 1) : lane == 2 ? f32x4.extract_lane(w, 2) : f32x4.extract_lane(w, 3)
        store<f32>(probabilities + ((i + lane) << 2), weight)
        chosen += <f64>weight
        const position = load<u32>(positions + (<usize>load<u32>(items + ((i + lane) << 2)) << 2))
        beyond += position < <u32>FACTOR_GROUP ? 0 : <f64>weight
      }
    }
    const added = load<f64>(totals, 8) * exp(sharpness * (greatest - reference))
    const rest = exp(<f32>(load<f64>(totals, 16) - <f64>sharpness * <f64>reference))
    const sum = max<f64>(exact ? added : added + max<f64>(rest, beyond), chosen)
    for (let i: usize = 0; i < found; i++) {
      const at = probabilities + (i << 2)
      store<f32>(at, down(<f64>load<f32>(at) / sum))
    }
  }
}
